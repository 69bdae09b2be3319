package runtime_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
)

// careful examines every release that it loads.
type careful struct{ *memdriver.Driver }

func (c careful) Load(ctx context.Context, s driver.Spec) (driver.Instance, error) {
	in, err := c.Driver.Load(ctx, s)
	return examined{in}, err
}

type examined struct{ driver.Instance }

func (examined) Findings() []driver.Finding {
	return []driver.Finding{{Name: "quarantine", Detail: "nothing left behind", Duration: time.Second}}
}

// TestFindingsOfADriverAreChecks of the change, before the load that they are
// part of.
func TestFindingsOfADriverAreChecks(t *testing.T) {
	w := newWorld(t)
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: careful{w.mem}}
	w.open()
	out := w.deploy(release(1))
	i := slices.IndexFunc(out.Checks, func(c runtime.Check) bool { return c.Name == "load" })
	if want := (runtime.Check{Name: "quarantine", Detail: "nothing left behind", Duration: time.Second}); i < 1 || out.Checks[i-1] != want {
		t.Errorf("the checks are %+v", out.Checks)
	}
}

// reporting is an instance with a process of its own that does not run.
type reporting struct{ driver.Instance }

func (reporting) Stats() driver.Stats { return driver.Stats{Restarts: 3, Trouble: "it ended 8 times"} }

type troubled struct{ *memdriver.Driver }

func (d troubled) Load(ctx context.Context, s driver.Spec) (driver.Instance, error) {
	in, err := d.Driver.Load(ctx, s)
	return reporting{in}, err
}

func TestAStatusTellsOfTheProcessOfARelease(t *testing.T) {
	w := newWorld(t)
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: troubled{w.mem}}
	w.open()
	w.deploy(release(1))
	if st := w.status(); st.Restarts != 3 || st.Failing != "it ended 8 times" || st.Problem != "" {
		t.Errorf("status %+v", st)
	}
}
