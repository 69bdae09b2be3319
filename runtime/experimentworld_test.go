package runtime_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver/memdriver"
)

// trying is a plan of a test that is decided soon: whether release 2 has more than
// 20 points more errors.
func trying(more map[string]any) map[string]any {
	doc := map[string]any{"metric": "error_rate", "hypothesis": "not_worse", "margin": 0.2, "calls": int64(50), "for_s": int64(3600),
		"sticky": map[string]any{"pointer": "/customer"}, "question": "may it be cheaper?"}
	for k, v := range more {
		if doc[k] = v; v == nil {
			delete(doc, k)
		}
	}
	return doc
}

// endless is trying without an end of its own.
func endless(more map[string]any) map[string]any {
	doc := trying(map[string]any{"stop": "time", "for_s": int64(1_000_000)})
	for k, v := range more {
		doc[k] = v
	}
	return doc
}

func (w *world) experiment(plan map[string]any) runtime.Experiment {
	w.t.Helper()
	x, err := w.rt.Experiments.Start(context.Background(), runtime.ExperimentStart{Strategy: name, Release: "2.0.0", Plan: plan, Actor: "ann", Reason: "cheaper"})
	must(w.t, err)
	return x
}

func (w *world) tried() runtime.Experiment {
	w.t.Helper()
	x, err := w.rt.Experiments.Get(context.Background(), name, 0)
	must(w.t, err)
	return x
}

func (w *world) triedOut() runtime.Experiment {
	w.t.Helper()
	eventually(w.t, "the end of the experiment", func() bool { return w.tried().State == "ended" })
	return w.tried()
}

func (w *world) report() *compare.Report {
	w.t.Helper()
	r, err := w.rt.Experiments.Report(context.Background(), name, 0)
	must(w.t, err)
	return r
}

func (w *world) stopped(promote bool) (runtime.Experiment, error) {
	return w.rt.Experiments.Stop(context.Background(), runtime.ExperimentStop{Strategy: name, Promote: promote, Actor: "bob", Reason: "enough"})
}

// counts waits until both arms of an experiment have so many calls.
func (w *world) counts(n int64) {
	w.t.Helper()
	eventually(w.t, "calls of both arms", func() bool {
		arms := w.tried().Arms
		return len(arms) == 2 && arms[0].Calls >= n && arms[1].Calls >= n
	})
}

// equivalent makes calls until all of them together say that the arms are: by chance a
// check forbids that for a while.
func (w *world) equivalent() (x runtime.Experiment) {
	w.t.Helper()
	for come, limit := 0, 100_000; come < limit; {
		w.come(come, come+500)
		come += 500
		w.sees(int64(come))
		if x = w.tried(); x.Verdict.Word == compare.Equivalent {
			return x
		}
	}
	w.t.Fatalf("not equivalent: %s", shown(x))
	return x
}

// happened lists the experiment's events.
func (w *world) happened() (list []string) {
	all, _, _ := w.rt.Rollouts.Happenings(name, 0)
	for _, h := range all {
		if strings.HasPrefix(h.Type, "experiment.") {
			list = append(list, h.Type)
		}
	}
	return list
}

func checkOf(list []compare.Check, name string) compare.Check {
	i := slices.IndexFunc(list, func(c compare.Check) bool { return c.Name == name })
	if i < 0 {
		return compare.Check{Text: fmt.Sprintf("no check %q among %v", name, list)}
	}
	return list[i]
}

// shifted is a clock that a test puts forward.
type shifted struct{ ahead atomic.Int64 }

func (c *shifted) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *shifted) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// shiftedWorld is rollingWorld with a clock of its own.
func shiftedWorld(t *testing.T) (*world, *shifted) {
	c := &shifted{}
	w := newWorld(t)
	w.mem = newRollingDriver()
	w.cfg = w.config()
	w.cfg.Now = c.now
	w.open()
	w.deploy(flakyRelease(1, 0))
	w.hold(flakyRelease(2, 0))
	return w, c
}

// shown is an experiment without what is long.
func shown(x runtime.Experiment) string {
	x.Plan, x.Reference, x.Candidate = nil, runtime.Release{}, runtime.Release{}
	return fmt.Sprintf("%+v", x)
}

// restarted is restart for actors.
func (w *world) restarted(s *stage) {
	w.t.Helper()
	w.close()
	w.openStore()
	w.mem = memdriver.New(map[string]abi.Constructor{"actor": s.construct})
	services := w.cfg.Capabilities
	w.cfg = w.config()
	w.cfg.Capabilities = services
	w.open()
}
