package difference_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/swapline/swapline/runtime/difference"
)

func at(pointer string, stable, candidate any) difference.Difference {
	return difference.Difference{Pointer: pointer, Stable: difference.Side{Value: stable}, Candidate: difference.Side{Value: candidate}}
}

func TestATableCountsByPlace(t *testing.T) {
	var table difference.Table
	table.Add(nil)
	table.Add([]difference.Difference{at("/b", int64(1), int64(2)), at("/c", "x", "y")})
	table.Add([]difference.Difference{at("/b", int64(3), int64(4)), at("/a", nil, true)})
	want := []difference.Row{{"/b", 2, "1", "2"}, {"/a", 1, "null", "true"}, {"/c", 1, `"x"`, `"y"`}}
	if got := table.Rows(10); !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
	if got := table.Rows(1); !slices.Equal(got, want[:1]) {
		t.Errorf("one row: %v", got)
	}
	if got, want := table.Totals(), (difference.Totals{Compared: 3, Different: 2}); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
}

func TestATableIsBounded(t *testing.T) {
	var table difference.Table
	for i := range difference.Rows + 10 {
		table.Add([]difference.Difference{at(fmt.Sprintf("/%d", i), nil, true)})
	}
	table.Add([]difference.Difference{at("/0", nil, true)})
	if rows := table.Rows(1 << 20); len(rows) != difference.Rows || rows[0].Pointer != "/0" || rows[0].Count != 2 {
		t.Errorf("%d rows, the first %v", len(rows), rows[0])
	}
	if got := table.Totals(); got.Beyond != 10 || got.Different != difference.Rows+11 {
		t.Errorf("totals %+v", got)
	}
	var long difference.Table
	long.Add([]difference.Difference{at("/"+strings.Repeat("k", 1<<20), nil, true)})
	if got := long.Totals(); got.Beyond != 1 || len(long.Rows(1)) != 0 {
		t.Errorf("a long pointer: %+v", got)
	}
	if rows := table.Rows(-1); len(rows) != 0 {
		t.Errorf("%d rows for less than none", len(rows))
	}
}

func TestManyAddToOneTable(t *testing.T) {
	var table difference.Table
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				table.Add([]difference.Difference{at("/a", nil, true)})
				table.Rows(1)
			}
		})
	}
	wg.Wait()
	if got := table.Rows(1)[0].Count; got != 400 {
		t.Errorf("%d of 400 were counted", got)
	}
}
