package measure_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/bench/measure"
)

// hole keeps what a subject allocates.
type hole struct{ b []byte }

func TestCostsAreThoseOfOneCall(t *testing.T) {
	var h hole
	plan := measure.Plan{Rounds: 3, Round: time.Millisecond}
	costs, err := plan.Run([]measure.Subject{
		{Name: "nothing", Call: func() error { return nil }},
		{Name: "a kilobyte", Call: func() error { h.b = make([]byte, 1024); return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	none, some := costs["nothing"], costs["a kilobyte"]
	if none.Bytes > 10 || some.Allocs < 1 || some.Allocs > 1.5 || some.Bytes < 1024 || some.Bytes > 1536 {
		t.Errorf("nothing costs %+v, a kilobyte %+v", none, some)
	}
	if some.CPU <= none.CPU || none.Wall <= 0 {
		t.Errorf("nothing costs %+v, a kilobyte %+v", none, some)
	}
}

func TestRoundsAlternate(t *testing.T) {
	var order []string
	subject := func(name string) measure.Subject {
		return measure.Subject{Name: name, Call: func() error {
			if n := len(order); n == 0 || order[n-1] != name {
				order = append(order, name)
			}
			return nil
		}}
	}
	if _, err := (measure.Plan{Rounds: 2, Round: time.Microsecond}).Run([]measure.Subject{subject("a"), subject("b")}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, ""); got != "ababab" { // warming up, then two rounds
		t.Errorf("rounds in the order %s", got)
	}
}

func TestAnErrorEndsTheRun(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	_, err := measure.Plan{Rounds: 1, Round: time.Millisecond}.Run([]measure.Subject{{Name: "x", Call: func() error {
		if calls++; calls == 3 {
			return broken
		}
		return nil
	}}})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "x: ") || calls != 3 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

func TestEverySubjectGetsAProfile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "profiles")
	plan := measure.Plan{Rounds: 1, Round: time.Millisecond, Profiles: folder}
	if _, err := plan.Run([]measure.Subject{{Name: "a/b", Call: func() error { return nil }}}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(folder, "a-b.pprof")); err != nil || info.Size() == 0 {
		t.Error(info, err)
	}
}

func TestAReportComparesAndJudges(t *testing.T) {
	var out bytes.Buffer
	r := &measure.Report{Prefix: "bench", Out: &out}
	r.Cost("one", measure.Cost{Wall: 20, CPU: 10, Allocs: 1, Bytes: 8}, "")
	r.Cost("two", measure.Cost{Wall: 30, CPU: 25, Allocs: 2, Bytes: 24}, "one")
	r.Most("time", 3, 3, "us")
	r.Most("more time", 3.5, 3, "us")
	r.Least("times", 20, 20, "times")
	r.Least("less", 19, 20, "times")
	for _, want := range []string{
		"bench: name=one value=10 unit=cpu-ns\n",
		"bench: name=two value=25 unit=cpu-ns ratio=2.5 against=one\n",
		"bench: name=two.wall value=30 unit=ns ratio=1.5 against=one.wall\n",
		"bench: name=two.bytes value=24 unit=B ratio=3 against=one.bytes\n",
		"bench: target=time want=<=3 got=3 unit=us ok\n",
		"bench: target=more time want=<=3 got=3.5 unit=us missed\n",
		"bench: target=times want=>=20 got=20 unit=times ok\n",
		"bench: target=less want=>=20 got=19 unit=times missed\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no line %q in\n%s", want, &out)
		}
	}
	path := filepath.Join(t.TempDir(), "bench.json")
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	checkStored(t, path)
}

func checkStored(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var stored struct {
		Figures []measure.Figure
		Targets []measure.Target
	}
	if err := json.Unmarshal(raw, &stored); err != nil || len(stored.Figures) != 8 || len(stored.Targets) != 4 || stored.Targets[1].OK {
		t.Errorf("%v, stored %+v", err, stored)
	}
}
