package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

func TestARebindingIsSeenAtOnceAndUndoneByRollback(t *testing.T) {
	m := startedMarket(t)
	m.put("pricing", 1)
	m.charges(5)
	out := m.put("promo", 1)
	m.charges(1)
	if last := out.Checks[len(out.Checks)-2]; last.Name != "rebind" || last.Detail != "binds pricing.fee, binds pricing.limit" {
		t.Errorf("before activate the last check is %+v", last)
	}
	m.put("promo", 2)
	m.charges(2)
	if _, err := m.rt.Rollback(context.Background(), runtime.Change{Strategy: "promo"}); err != nil {
		t.Fatal(err)
	}
	m.charges(1)
	m.put("promo", 3)
	m.charges(5)
	if m.pricing.fee.View().Generation() == 0 {
		t.Error("nothing was counted")
	}
}

func TestStatusListsPointsAndBindings(t *testing.T) {
	m := startedMarket(t)
	m.put("pricing", 1)
	m.put("promo", 1)
	pricing, promo := m.statusOf("pricing"), m.statusOf("promo")
	if got := fmt.Sprintf("%+v", pricing.Points); got != "[{Name:pricing.fee Type:func(int64) int64 Generation:3 BoundBy:promo@1.0.0} {Name:pricing.limit Type:int64 Generation:3 BoundBy:promo@1.0.0}]" {
		t.Errorf("pricing has %s", got)
	}
	if got := fmt.Sprintf("%+v", promo.Bindings); got != "[{Name:pricing.fee Type:func(int64) int64 Generation:3 Problem:} {Name:pricing.limit Type:int64 Generation:3 Problem:}]" {
		t.Errorf("promo has %s", got)
	}
	if pricing.Bindings != nil || promo.Points != nil {
		t.Error("who exposes and who binds is mixed up")
	}
}

func TestARefusedRebindingChangesNothing(t *testing.T) {
	tests := []struct {
		strategy string
		version  int
		code     problem.Code
	}{
		{"promo", 4, problem.RebindTypeMismatch},
		{"promo", 5, problem.RebindUndeclared},
		{"promo", 6, problem.RebindMalformed},
		{"rival", 1, problem.RebindConflict},
		{"pricing", 3, problem.RebindInUse},
		{"pricing", 4, problem.RebindInUse},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s %d", test.strategy, test.version), func(t *testing.T) {
			m := startedMarket(t)
			m.put("pricing", 1)
			m.put("promo", 1)
			generation, open := m.pricing.fee.View().Generation(), m.mem.Open()
			_, err := m.rt.Deploy(context.Background(), m.upload(m.build(test.strategy, test.version)))
			if p := wantCode(t, err, test.code); p.Check != "rebind" {
				t.Errorf("refused by check %s", p.Check)
			}
			m.charges(1)
			if m.pricing.fee.View().Generation() != generation || m.mem.Open() != open {
				t.Error("something is left of the refused release")
			}
			m.put("promo", 2)
			m.charges(2)
		})
	}
}

func TestDryRunAndHoldOnlyCheck(t *testing.T) {
	m := startedMarket(t)
	m.put("pricing", 1)
	m.put("promo", 1)
	for _, set := range []func(*runtime.Upload){func(u *runtime.Upload) { u.DryRun = true }, func(u *runtime.Upload) { u.Hold = true }} {
		generation := m.pricing.fee.View().Generation()
		up := m.upload(m.build("promo", 2))
		set(&up)
		_, err := m.rt.Deploy(context.Background(), up)
		must(t, err)
		m.charges(1)
		if m.pricing.fee.View().Generation() != generation {
			t.Error("a generation was published")
		}
		bad := m.upload(m.build("promo", 5))
		set(&bad)
		_, err = m.rt.Deploy(context.Background(), bad)
		wantCode(t, err, problem.RebindUndeclared)
	}
	if _, err := m.rt.Switch(context.Background(), runtime.Change{Strategy: "promo", Release: "2.0.0"}); err != nil {
		t.Fatal(err)
	}
	m.charges(2)
}

func TestValuesMoveToTheNextBuild(t *testing.T) {
	m := startedMarket(t)
	m.put("pricing", 1)
	m.put("promo", 1)
	m.put("pricing", 2)
	m.charges(1)
	eventually(t, "the close of the old build", func() bool { return m.mem.Open() == 2 })
	eventually(t, "the old build's end", func() bool { return m.pricing.limit.Load() == 5 })
	m.put("promo", 3)
	m.charges(6)
}

func TestARollbackOfTheExposerParksAndReports(t *testing.T) {
	m := startedMarket(t)
	m.put("pricing", 3)
	m.deploy(func() build { b := m.build("pricing", 1); b.Sequence = 9; return b }())
	m.put("promo", 1)
	if _, err := m.rt.Rollback(context.Background(), runtime.Change{Strategy: "pricing"}); err != nil {
		t.Fatal(err)
	}
	st := m.statusOf("promo")
	if st.Problem != "" || !strings.Contains(st.Bindings[0].Problem, string(problem.RebindUndeclared)) {
		t.Errorf("promo is %+v", st)
	}
	m.restart() // with the binding parked
	if _, err := m.rt.Rollback(context.Background(), runtime.Change{Strategy: "pricing"}); err != nil {
		t.Fatal(err)
	}
	m.charges(1)
	if st := m.statusOf("promo"); st.Bindings[0].Problem != "" {
		t.Errorf("promo is %+v", st.Bindings)
	}
}

// TestGoldenCasesOfABuildThatIsBound: pricing 8 and 9 are one build, with the
// same variables; 8 has a golden case that tells what they have.
func TestGoldenCasesOfABuildThatIsBound(t *testing.T) {
	m := startedMarket(t)
	telling := func(n int) build {
		b := m.sameBuild(n)
		b.Golden[0] = manifest.GoldenCase{Name: "telling", Input: sum(1, 1), Output: map[string]any{"fee": int64(5), "limit": int64(5)}}
		return b
	}
	m.deploy(telling(7))
	m.deploy(telling(8))
	m.deploy(m.sameBuild(9))
	m.put("promo", 1)
	_, err := m.rt.Deploy(context.Background(), m.upload(telling(10)))
	if p := wantCode(t, err, problem.GoldenCaseFailed); !strings.Contains(p.Remedy, "promo@1.0.0 has bound pricing.fee") {
		t.Errorf("the cure is %q", p.Remedy)
	}
	another := m.build("pricing", 2) // its variables are its own
	another.Sequence, another.Golden = 10, telling(10).Golden
	_, err = m.rt.Deploy(context.Background(), m.upload(another))
	if p := wantCode(t, err, problem.GoldenCaseFailed); strings.Contains(p.Remedy, "bound") {
		t.Errorf("the cure is %q", p.Remedy)
	}
	out, err := m.rt.Rollback(context.Background(), runtime.Change{Strategy: "pricing"})
	if err != nil {
		t.Fatal(err)
	}
	if check := out.Checks[len(out.Checks)-3]; check.Name != "golden_cases" || check.Detail != "not judged: promo@1.0.0 has bound pricing.fee" {
		t.Errorf("the check is %+v", check)
	}
	m.charges(1)
	m.put("promo", 3)
	wrong := telling(11)
	wrong.Golden[0].Output["fee"] = int64(4)
	_, err = m.rt.Deploy(context.Background(), m.upload(wrong))
	if p := wantCode(t, err, problem.GoldenCaseFailed); strings.Contains(p.Remedy, "bound") {
		t.Errorf("the cure is %q", p.Remedy)
	}
}

// sameBuild is release n of pricing with the variables of release 1.
func (m *market) sameBuild(n int) build {
	b := m.build("pricing", n)
	b.artifact = fmt.Appendf(nil, "pricing 1\nrelease %d\n", n)
	b.Artifact = artifactOf(b.artifact)
	return b
}

// TestAWithdrawalIsNotHeldUpByPoints: promo 1 cannot bind any more, but it does
// not fail as promo 9 does.
func TestAWithdrawalIsNotHeldUpByPoints(t *testing.T) {
	m := newMarket(t)
	m.constructors["promo 9"] = func(abi.Host) (abi.Strategy, error) { return faulty{}, nil }
	m.reset()
	m.cfg.Withdraw = strict(2, 0.5)
	m.open()
	m.put("pricing", 1)
	m.put("promo", 1)
	m.put("promo", 9)
	m.put("pricing", 3)
	eventually(t, "the withdrawal", func() bool {
		_, _ = m.rt.Execute(context.Background(), "promo", sum(1, 1))
		return m.statusOf("promo").Stable.Version == "1.0.0"
	})
	if st := m.statusOf("promo"); !strings.Contains(st.Bindings[0].Problem, string(problem.RebindUndeclared)) {
		t.Errorf("promo is %+v", st)
	}
}

// faulty answers golden cases only, and binds nothing.
type faulty struct{}

func (faulty) Bindings() []abi.Binding { return nil }

func (faulty) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if len(in) > 0 {
		panic("as always")
	}
	return map[string]any{}, nil
}

// TestARestartBindsAgain has one binder whose name is before and one whose name
// is after the exposer's: routes are loaded in the order of names.
func TestARestartBindsAgain(t *testing.T) {
	for _, binder := range []string{"early", "promo"} {
		m := startedMarket(t)
		m.put("pricing", 1)
		m.put(binder, 1)
		fee, _ := m.prices()
		m.restartMarket()
		m.charges(fee.(int64))
		m.close()
	}
}

func (m *market) restartMarket() {
	m.close()
	m.openStore()
	m.reset()
	m.open()
}

func TestABindingWhosePointDoesNotLoadIsReported(t *testing.T) {
	m := startedMarket(t)
	m.put("pricing", 1)
	m.put("promo", 1)
	one := m.constructors["pricing 1"]
	delete(m.constructors, "pricing 1")
	m.restartMarket()
	st := m.statusOf("promo")
	if !strings.Contains(st.Bindings[0].Problem, "pricing.fee, which nobody exposes") || st.Stable == nil {
		t.Errorf("promo is %+v", st)
	}
	m.constructors["pricing 1"] = one
	m.put("pricing", 2)
	m.charges(1)
}

func TestTheHostsOwnPointsCanBeBound(t *testing.T) {
	m := newMarket(t)
	level := abi.NewPoint("host.level", int64(1))
	m.constructors["promo 7"] = supplying(abi.Bind("host.level", int64(7)))
	m.reset()
	m.cfg.Points = []abi.Exposed{level}
	m.open()
	m.put("promo", 7)
	if level.Load() != 7 {
		t.Errorf("the level is %d", level.Load())
	}
	if _, err := runtime.Open(context.Background(), m.cfg); err == nil {
		t.Error("two hosts have one variable")
	} else {
		wantCode(t, err, problem.RebindConflict)
	}
	m.restart()
	if level.Load() != 7 {
		t.Errorf("the level is %d after a restart", level.Load())
	}
	m.close()
	if level.Load() != 1 {
		t.Errorf("the level is %d after the end", level.Load())
	}
}
