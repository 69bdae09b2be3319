package runtime_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

const (
	constructs = "NewStrategy func(github.com/swapline/swapline/abi.Host) (github.com/swapline/swapline/abi.Strategy, error)"
	executes   = "Execute func(context.Context, map[string]interface {}) (map[string]interface {}, error)"
	validates  = "Validate func(context.Context) error"
)

// almost has a method of the contract's name with another type.
type almost struct{ abi.Strategy }

func (almost) Validate() error { return nil }

func newAlmost(h abi.Host) (abi.Strategy, error) {
	s, err := tck.New(h)
	return almost{s}, err
}

// shaped is a release with or without Validate, or with one of another type.
func shaped(version int, shape string) build {
	switch shape {
	case "Execute":
		return behaving(version, tck.Echo)
	case "Validate":
		return validated(version)
	}
	b := behaving(version, tck.Echo)
	b.replaceArtifact(fmt.Appendf(nil, "almost\nversion %d\n", version))
	return b
}

func (w *world) try(b build, change ...func(*runtime.Upload)) error {
	w.t.Helper()
	up := w.upload(b)
	for _, c := range change {
		c(&up)
	}
	_, err := w.rt.Deploy(context.Background(), up)
	return err
}

func asNewBaseline(up *runtime.Upload) { up.NewBaseline = true }
func asHeld(up *runtime.Upload)        { up.Hold = true }
func asDryRun(up *runtime.Upload)      { up.DryRun = true }

// shapes is a host that knows strategies of all shapes.
func shapes(t *testing.T) *world {
	w := newWorld(t)
	w.mem = memdriver.New(map[string]abi.Constructor{"tck": tck.New, "almost": newAlmost})
	w.cfg = w.config()
	return w
}

func TestALaterReleaseHasTheSignaturesOfTheFirst(t *testing.T) {
	for _, c := range []struct {
		first, later string
		lines        []string // of the difference
	}{
		{"Execute", "Execute", nil},
		{"Validate", "Validate", nil},
		{"Validate", "Execute", []string{"- " + validates}},
		{"Execute", "Validate", []string{"+ " + validates}},
		{"Validate", "almost", []string{"- " + validates, "+ Validate func() error"}},
		{"Execute", "almost", []string{"+ Validate func() error"}},
		{"almost", "Execute", []string{"- Validate func() error"}},
	} {
		t.Run(c.first+" then "+c.later, func(t *testing.T) {
			w := shapes(t)
			w.open()
			w.deploy(shaped(1, c.first))
			later := shaped(2, c.later) // once: it says when it was issued
			for _, way := range []func(*runtime.Upload){asDryRun, asHeld, func(*runtime.Upload) {}} {
				err := w.try(later, way)
				if c.lines == nil {
					must(t, err)
					continue
				}
				p := wantCode(t, err, problem.BaselineMismatch)
				lines := differences(p)
				if p.Check != "baseline" || lines != strings.Join(c.lines, "\n") || !strings.Contains(p.Remedy, "--new-baseline") {
					t.Errorf("check %q, remedy %q, lines\n%s\nwant\n%s", p.Check, p.Remedy, lines, strings.Join(c.lines, "\n"))
				}
				if got := w.serves(); got != 1 {
					t.Errorf("release %d answers", got)
				}
			}
		})
	}
}

// differences are the lines of a refusal that begin with a sign.
func differences(p *problem.Error) string {
	var lines []string
	for line := range strings.Lines(p.Message) {
		if line[0] == '-' || line[0] == '+' {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return strings.Join(lines, "\n")
}

func TestANewBaselineIsMeantAndRecorded(t *testing.T) {
	w := shapes(t)
	w.open()
	w.deploy(shaped(1, "Execute"))
	before := w.status().Baseline
	if got := before.Signatures[memdriver.Kind]; !slices.Equal(got, []string{executes, constructs}) || !slices.Equal(before.Methods, []string{"Execute"}) {
		t.Fatalf("baseline %+v", before)
	}
	must(t, w.try(shaped(2, "Validate"), asNewBaseline))
	st := w.status()
	if got := st.Baseline.Signatures[memdriver.Kind]; !slices.Equal(got, []string{executes, constructs, validates}) || !slices.Equal(st.Baseline.Methods, []string{"Execute", "Validate"}) {
		t.Fatalf("baseline %+v", st.Baseline)
	}
	if !st.Changes[0].NewBaseline || st.Changes[1].NewBaseline {
		t.Fatalf("journal %+v", st.Changes)
	}
	wantCode(t, w.try(shaped(3, "Execute")), problem.BaselineMismatch)
	w.restart()
	wantCode(t, w.try(shaped(3, "Execute")), problem.BaselineMismatch)
	w.deploy(shaped(4, "Validate"))
}

func TestAHeldReleaseDecidesNoBaseline(t *testing.T) {
	w := shapes(t)
	w.open()
	w.deploy(shaped(1, "Execute"))
	must(t, w.try(shaped(2, "Validate"), asHeld, asNewBaseline))
	_, err := w.rt.Switch(context.Background(), back("2.0.0"))
	wantCode(t, err, problem.BaselineMismatch)
	meant := back("2.0.0")
	meant.NewBaseline = true
	_, err = w.rt.Switch(context.Background(), meant)
	must(t, err)
	if st := w.status(); !st.Changes[0].NewBaseline || len(st.Baseline.Methods) != 2 {
		t.Fatalf("status %+v", st)
	}
}

// TestGoingBackLeavesTheBaseline: a rollback is an emergency and decides nothing.
// The next release goes on where the newest left off, as it does with sequences.
func TestGoingBackLeavesTheBaseline(t *testing.T) {
	w := shapes(t)
	w.open()
	w.deploy(shaped(1, "Execute"))
	must(t, w.try(shaped(2, "Validate"), asNewBaseline))
	_, err := w.rt.Rollback(context.Background(), back(""))
	must(t, err)
	if got := w.status().Baseline.Methods; len(got) != 2 {
		t.Fatalf("baseline %v after going back", got)
	}
	wantCode(t, w.try(shaped(3, "Execute")), problem.BaselineMismatch)
	w.deploy(shaped(4, "Validate"))
	meant := back("1.0.0")
	meant.NewBaseline = true
	_, err = w.rt.Rollback(context.Background(), meant)
	must(t, err)
	if got := w.status().Baseline.Methods; len(got) != 1 {
		t.Fatalf("baseline %v after going back for good", got)
	}
	w.deploy(shaped(5, "Execute"))
}

func TestARollbackThatIsTheFirstToServeRecords(t *testing.T) {
	w := shapes(t)
	w.open()
	w.hold(shaped(1, "Validate"))
	_, err := w.rt.Rollback(context.Background(), back("1.0.0"))
	must(t, err)
	wantCode(t, w.try(shaped(2, "Execute")), problem.BaselineMismatch)
}

// guests is a second kind: strategies of the first with signatures of their own.
type guests struct {
	driver.Driver
	signatures func(version string) []string
}

type guest struct {
	driver.Instance
	signatures []string
}

func (g guests) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	in, err := g.Driver.Load(ctx, spec)
	if err != nil {
		return nil, err
	}
	return guest{in, g.signatures(spec.Manifest.Version)}, nil
}

func (g guest) Signatures() []string { return g.signatures }

const guestKind manifest.Kind = "guest"

func ofGuests(b build) build {
	b.Kind = guestKind
	return b
}

func kinds(t *testing.T, signatures func(version string) []string) *world {
	w := shapes(t)
	w.cfg.Drivers[guestKind] = guests{w.mem, signatures}
	w.open()
	return w
}

func TestEachKindHasItsSignaturesAndAllHaveTheSameMethods(t *testing.T) {
	w := kinds(t, func(version string) []string {
		if version == "5.0.0" {
			return []string{"execute (i64) i64"}
		}
		return []string{"execute (i32, i32) i64"}
	})
	w.deploy(shaped(1, "Execute"))
	err := w.try(ofGuests(shaped(2, "Validate")))
	if p := wantCode(t, err, problem.BaselineMismatch); differences(p) != "+ Validate" {
		t.Fatalf("%s", p.Message)
	}
	w.deploy(ofGuests(shaped(3, "Execute")))
	w.deploy(shaped(4, "Execute"))
	err = w.try(ofGuests(shaped(5, "Execute")))
	if p := wantCode(t, err, problem.BaselineMismatch); differences(p) != "- execute (i32, i32) i64\n+ execute (i64) i64" {
		t.Fatalf("%s", p.Message)
	}
	if got := w.status().Baseline.Signatures; len(got) != 2 || len(got[guestKind]) != 1 || len(got[memdriver.Kind]) != 2 {
		t.Fatalf("baseline %v", got)
	}
	must(t, w.try(ofGuests(shaped(5, "Execute")), asNewBaseline))
	if got := w.status().Baseline.Signatures; len(got) != 1 || got[guestKind][0] != "execute (i64) i64" {
		t.Fatalf("a new baseline keeps what was before: %v", got)
	}
	w.deploy(shaped(6, "Execute"))
	if got := w.status().Baseline.Signatures; len(got) != 2 {
		t.Fatalf("baseline %v", got)
	}
}

func TestAKindThatCannotTellItsSignaturesIsHeldToItsMethods(t *testing.T) {
	w := kinds(t, func(string) []string { return nil })
	w.deploy(ofGuests(shaped(1, "Execute")))
	if b := w.status().Baseline; b.Signatures != nil || len(b.Methods) != 1 {
		t.Fatalf("baseline %+v", b)
	}
	w.deploy(ofGuests(shaped(2, "Execute")))
	wantCode(t, w.try(ofGuests(shaped(3, "Validate"))), problem.BaselineMismatch)
}

// older is a store as an older program wrote it.
type older struct{ store.Store }

func (o older) Activate(ctx context.Context, a store.Activation) error {
	a.Route.Signatures = nil
	return o.Store.Activate(ctx, a)
}

func TestARouteOfAnOlderProgramRecordsAtItsNextRelease(t *testing.T) {
	w := shapes(t)
	w.cfg.Store = older{w.store}
	w.open()
	w.deploy(shaped(1, "Validate"))
	w.restart()
	if b := w.status().Baseline; b.Signatures != nil || len(b.Methods) != 2 {
		t.Fatalf("baseline %+v", b)
	}
	wantCode(t, w.try(shaped(2, "Execute")), problem.BaselineMismatch)
	w.deploy(shaped(3, "Validate"))
	if got := w.status().Baseline.Signatures[memdriver.Kind]; !slices.Contains(got, validates) {
		t.Fatalf("baseline %v", got)
	}
}

// shaky is a driver whose instances panic when they are asked for signatures.
type shaky struct{ driver.Driver }

type shakyInstance struct{ driver.Instance }

func (s shaky) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	in, err := s.Driver.Load(ctx, spec)
	return shakyInstance{in}, err
}

func (shakyInstance) Signatures() []string { panic("driver bug in Signatures") }

func TestAPanicInSignaturesIsAFailureNotTheEnd(t *testing.T) {
	w := shapes(t)
	w.cfg.Drivers[guestKind] = shaky{w.mem}
	w.open()
	wantCode(t, w.try(ofGuests(shaped(1, "Execute"))), problem.Internal)
	wantCode(t, w.try(ofGuests(shaped(1, "Execute")), asNewBaseline), problem.Internal)
}
