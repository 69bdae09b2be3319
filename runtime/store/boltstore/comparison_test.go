package boltstore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

func comparison(n int) store.Comparison {
	return store.Comparison{Number: uint64(n), ID: fmt.Sprint("id", n), Record: []byte(`{"state":"done"}`), Begun: time.Unix(1, 0)}
}

// spoilComparison damages records of comparisons 1 to 3.
func spoilComparison(t *testing.T, damage map[int]string) *Store {
	t.Helper()
	s := mustOpen(t, t.TempDir(), osFiles{})
	for n := 1; n <= 3; n++ {
		must(t, s.RecordComparison(t.Context(), comparison(n), []byte("report")))
	}
	must(t, s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucketComparisons))
		for n, how := range damage {
			raw := slices.Clone(b.Get(numbered(uint64(n))))
			if how == "moved" {
				raw = slices.Clone(b.Get(numbered(uint64(n%3 + 1))))
			} else {
				raw[len(raw)-2] ^= 1
			}
			must(t, b.Put(numbered(uint64(n)), raw))
		}
		return nil
	}))
	return s
}

func numbersOf(list []store.Comparison) (numbers []uint64) {
	for _, c := range list {
		numbers = append(numbers, c.Number)
	}
	return numbers
}

// A comparison that cannot be read is named, and hides no other.
func TestADamagedComparisonHidesNoOther(t *testing.T) {
	for _, c := range []struct {
		damage map[int]string
		left   []uint64
		said   []string
	}{
		{map[int]string{2: "bit"}, []uint64{3, 1}, []string{"record comparisons/0000000000000002: checksum"}},
		{map[int]string{3: "moved"}, []uint64{2, 1}, []string{"record comparisons/0000000000000003"}},
		{map[int]string{1: "bit", 3: "bit"}, []uint64{2}, []string{"2 records cannot be read", "comparisons/0000000000000001", "comparisons/0000000000000003"}},
	} {
		s := spoilComparison(t, c.damage)
		list, err := s.Comparisons(t.Context())
		if problem.CodeOf(err) != problem.StoreCorrupt || !slices.Equal(numbersOf(list), c.left) {
			t.Errorf("%v: %v, %v", c.damage, numbersOf(list), err)
		}
		for _, part := range c.said {
			if !strings.Contains(fmt.Sprint(err), part) {
				t.Errorf("%v: %v does not say %q", c.damage, err, part)
			}
		}
		for n := range c.damage {
			must(t, s.RecordComparison(t.Context(), comparison(n), nil))
		}
		if list, err = s.Comparisons(t.Context()); err != nil || len(list) != 3 {
			t.Errorf("written again: %v, %v", numbersOf(list), err)
		}
	}
}

// A comparison that the disk has no room for changes nothing, and nothing is
// forgotten for it.
func TestAComparisonThatCannotBeWrittenIsNotThere(t *testing.T) {
	dir := t.TempDir()
	s, err := open(dir, osFiles{}, &bolt.Options{Timeout: time.Second, MaxSize: 256 << 10})
	must(t, err)
	must(t, s.RecordComparison(t.Context(), comparison(1), []byte("report")))
	if err := s.RecordComparison(t.Context(), comparison(2), make([]byte, 1<<20)); problem.CodeOf(err) != problem.StoreFailed {
		t.Fatalf("got %v", err)
	}
	must(t, s.Close())
	s = mustOpen(t, dir, osFiles{})
	list, err := s.Comparisons(t.Context())
	must(t, err)
	report, err := s.ComparisonReport(t.Context(), 1)
	must(t, err)
	if !slices.Equal(numbersOf(list), []uint64{1}) || string(report) != "report" {
		t.Errorf("%v, %q", numbersOf(list), report)
	}
}
