package rebind_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rebind"
)

type fee = func(int64) int64

func flat(n int64) fee { return func(int64) int64 { return n } }

func point(name string, n int64) *abi.Point[fee] { return abi.NewPoint(name, flat(n)) }

func exposes(strategy, version string, points ...abi.Exposed) rebind.Release {
	return rebind.Release{Strategy: strategy, Version: version, Points: points}
}

func binds(strategy, version string, bindings ...abi.Binding) rebind.Release {
	return rebind.Release{Strategy: strategy, Version: version, Bindings: bindings}
}

func open(t *testing.T, host ...abi.Exposed) *rebind.Registry {
	t.Helper()
	r, err := rebind.Open(host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// publish admits and publishes what must be good.
func publish(t *testing.T, r *rebind.Registry, release rebind.Release, rigour rebind.Rigour) *rebind.Admission {
	t.Helper()
	a, err := r.Admit(t.Context(), release, rigour)
	if err != nil {
		t.Fatal(err)
	}
	a.Publish()
	a.End()
	return a
}

// embedding contains a point and is none.
type embedding struct{ *abi.Point[fee] }

// scene is a host with pricing@1.0.0, which exposes fee and limit, and
// promo@1.0.0, which has bound the fee.
func scene(t *testing.T) (*rebind.Registry, *abi.Point[fee]) {
	t.Helper()
	r := open(t, abi.NewPoint("host.clock", time.Now), abi.NewPoint("host.headers", http.Header{}))
	p := point("pricing.fee", 5)
	publish(t, r, exposes("pricing", "1.0.0", p, abi.NewPoint("pricing.limit", int64(9))), rebind.Deploy)
	publish(t, r, binds("promo", "1.0.0", abi.Bind("pricing.fee", flat(0))), rebind.Deploy)
	return r, p
}

func TestARefusalHasItsOwnCodeAndChangesNothing(t *testing.T) {
	var nothing fee
	var noPoint *abi.Point[fee]
	type duration int64
	tests := []struct {
		name    string
		release rebind.Release
		code    problem.Code
		words   []string
	}{
		{"a point that is nil", exposes("a", "1.0.0", nil), problem.RebindMalformed, []string{"point 0 of a@1.0.0"}},
		{"a nil pointer to a point", exposes("a", "1.0.0", noPoint), problem.RebindMalformed, nil},
		{"a point that was not made", exposes("a", "1.0.0", new(abi.Point[fee])), problem.RebindMalformed, nil},
		{"something that contains a point", exposes("a", "1.0.0", embedding{point("a.b", 1)}), problem.RebindMalformed, nil},
		{"a binding that was not made", binds("a", "1.0.0", abi.Binding{}), problem.RebindMalformed, []string{"binding 0 of a@1.0.0"}},
		{"another strategy's prefix", exposes("a", "1.0.0", point("pricing.tax", 1)), problem.RebindName, []string{`"pricing.tax"`, "a. and"}},
		{"no prefix", exposes("a", "1.0.0", point("fee", 1)), problem.RebindName, nil},
		{"a prefix only", exposes("a", "1.0.0", point("a.", 1)), problem.RebindName, nil},
		{"two words", exposes("a", "1.0.0", point("a.b.c", 1)), problem.RebindName, nil},
		{"capitals", exposes("a", "1.0.0", point("a.Fee", 1)), problem.RebindName, nil},
		{"a long word", exposes("a", "1.0.0", point("a."+strings.Repeat("b", 65), 1)), problem.RebindName, nil},
		{"a strategy that plays host", exposes("host", "1.0.0", point("host.clock", 1)), problem.RebindName, []string{"called host"}},
		{"a name exposed twice", exposes("a", "1.0.0", point("a.b", 1), point("a.b", 2)), problem.RebindDuplicate, []string{"exposes a.b twice"}},
		{"a name bound twice", binds("a", "1.0.0", abi.Bind("pricing.limit", int64(1)), abi.Bind("pricing.limit", int64(2))), problem.RebindDuplicate, []string{"binds pricing.limit twice"}},
		{"a nil function exposed", exposes("a", "1.0.0", abi.NewPoint("a.b", nothing)), problem.RebindNil, []string{"exposes a.b", "func(int64) int64"}},
		{"a nil function supplied", binds("a", "1.0.0", abi.Bind("pricing.fee", nothing)), problem.RebindNil, []string{"binds pricing.fee"}},
		{"a nil interface supplied", binds("a", "1.0.0", abi.Bind[error]("pricing.fee", nil)), problem.RebindNil, nil},
		{"a name that nobody exposes", binds("a", "1.0.0", abi.Bind("pricing.tax", int64(1))), problem.RebindUndeclared, []string{"a@1.0.0 binds pricing.tax"}},
		{"another function type", binds("a", "1.0.0", abi.Bind("pricing.limit", func() {})), problem.RebindTypeMismatch, []string{"expected int64", "found func()"}},
		{"a defined type of the same kind", binds("a", "1.0.0", abi.Bind("pricing.limit", duration(1))), problem.RebindTypeMismatch, []string{"found github.com/swapline/swapline/runtime/rebind_test.duration"}},
		{"a type that differs from the host's", binds("a", "1.0.0", abi.Bind("host.headers", map[string][]string{})), problem.RebindTypeMismatch,
			[]string{"expected net/http.Header", "found map[string][]string"}},
		{"what another strategy has bound", binds("a", "1.0.0", abi.Bind("pricing.fee", flat(1))), problem.RebindConflict, []string{"bound by promo@1.0.0", "roll promo back"}},
		{"a build without a point that is bound", exposes("pricing", "2.0.0", abi.NewPoint("pricing.limit", int64(9))), problem.RebindInUse,
			[]string{"pricing@2.0.0", "pricing.fee", "promo@1.0.0", "func(int64) int64"}},
		{"a build with a bound point of another type", exposes("pricing", "2.0.0", abi.NewPoint("pricing.fee", 1)), problem.RebindInUse, []string{"found int"}},
		{"a build without any point", exposes("pricing", "2.0.0"), problem.RebindInUse, nil},
	}
	messages := map[string]problem.Code{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, p := scene(t)
			generation := p.View().Generation()
			a, err := r.Admit(t.Context(), test.release, rebind.Deploy)
			var wrong *problem.Error
			if a != nil || !errors.As(err, &wrong) || wrong.Code != test.code || wrong.Remedy == "" {
				t.Fatalf("got %v, want %s with a remedy", err, test.code)
			}
			for _, w := range test.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
			if p.View().Generation() != generation || p.Load()(1) != 0 {
				t.Error("something has changed")
			}
			if other, ok := messages[wrong.Message]; ok && other != test.code {
				t.Errorf("the same message as for %s: %s", other, wrong.Message)
			}
			messages[wrong.Message] = test.code
			publish(t, r, binds("z", "1.0.0", abi.Bind("pricing.limit", int64(1))), rebind.Deploy) // nobody is locked out
		})
	}
}

func TestARollbackParksWhatOthersHaveBoundAndADeployBringsItBack(t *testing.T) {
	r, _ := scene(t)
	old := publish(t, r, exposes("pricing", "0.9.0"), rebind.Rollback)
	_, bindings := r.Of("promo")
	if len(bindings) != 1 || bindings[0].Generation != 0 || !strings.Contains(bindings[0].Problem, "rebind_undeclared: promo@1.0.0 binds pricing.fee") {
		t.Fatalf("promo has %+v", bindings)
	}
	if points, _ := r.Of("pricing"); points != nil || r.Knows("pricing") {
		t.Errorf("pricing has %+v", points)
	}
	if _, err := r.Admit(t.Context(), binds("promo", "2.0.0", abi.Bind("pricing.fee", flat(1))), rebind.Rollback); problem.CodeOf(err) != problem.RebindUndeclared {
		t.Errorf("a rollback to what cannot be bound: %v", err)
	}
	p := point("pricing.fee", 7)
	publish(t, r, exposes("pricing", "3.0.0", p), rebind.Deploy)
	points, _ := r.Of("pricing")
	_, bindings = r.Of("promo")
	if p.Load()(1) != 0 || bindings[0].Problem != "" || bindings[0].Generation != p.View().Generation() || points[0].BoundBy != "promo@1.0.0" {
		t.Errorf("a fee of %d, promo has %+v, pricing %+v", p.Load()(1), bindings, points)
	}
	old.Close()
}

// TestAParkedBindingHindersNobody: what did not work before cannot be broken.
func TestAParkedBindingHindersNobody(t *testing.T) {
	r, _ := scene(t)
	publish(t, r, exposes("pricing", "0.9.0"), rebind.Rollback)
	p := abi.NewPoint("pricing.fee", "a text")
	publish(t, r, exposes("pricing", "3.0.0", p), rebind.Deploy)
	publish(t, r, binds("zeta", "1.0.0", abi.Bind("pricing.fee", "another")), rebind.Deploy)
	if p.Load() != "another" {
		t.Errorf("the fee is %s", p.Load())
	}
	if _, bindings := r.Of("promo"); !strings.Contains(bindings[0].Problem, string(problem.RebindTypeMismatch)) {
		t.Errorf("promo has %+v", bindings)
	}
}

func TestReleasesMayComeBackInAnyOrder(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		r := open(t)
		p, q := point("pricing.fee", 5), point("promo.bonus", 6)
		releases := []rebind.Release{
			exposes("pricing", "1.0.0", p),
			{Strategy: "promo", Version: "1.0.0", Points: []abi.Exposed{q}, Bindings: []abi.Binding{abi.Bind("pricing.fee", flat(0))}},
			binds("a", "1.0.0", abi.Bind("promo.bonus", flat(1))),
		}
		for _, i := range order {
			publish(t, r, releases[i], rebind.Restart)
		}
		if p.Load()(1) != 0 || q.Load()(1) != 1 {
			t.Errorf("in order %v: %d and %d", order, p.Load()(1), q.Load()(1))
		}
	}
}

func TestStatusTellsWhoAndSinceWhen(t *testing.T) {
	r, _ := scene(t) // generations: 1 host, 2 pricing, 3 promo
	points := func(strategy string) []rebind.Point { p, _ := r.Of(strategy); return p }
	want := []rebind.Point{{Name: "pricing.fee", Type: "func(int64) int64", Generation: 3, BoundBy: "promo@1.0.0"}, {Name: "pricing.limit", Type: "int64"}}
	equal(t, points("pricing"), want)
	equal(t, points(""), []rebind.Point{{Name: "host.clock", Type: "func() time.Time"}, {Name: "host.headers", Type: "net/http.Header"}})

	publish(t, r, exposes("pricing", "1.1.0", point("pricing.fee", 6), abi.NewPoint("pricing.limit", int64(9))), rebind.Deploy)
	equal(t, points("pricing"), want) // 4: another build, the same values
	publish(t, r, binds("promo", "2.0.0", abi.Bind("pricing.fee", flat(1)), abi.Bind("pricing.limit", int64(1))), rebind.Deploy)
	equal(t, points("pricing"), []rebind.Point{
		{Name: "pricing.fee", Type: "func(int64) int64", Generation: 5, BoundBy: "promo@2.0.0"}, {Name: "pricing.limit", Type: "int64", Generation: 5, BoundBy: "promo@2.0.0"}})
	_, bindings := r.Of("promo")
	equal(t, bindings, []rebind.Binding{{Name: "pricing.fee", Type: "func(int64) int64", Generation: 5}, {Name: "pricing.limit", Type: "int64", Generation: 5}})
	publish(t, r, binds("promo", "3.0.0"), rebind.Deploy)
	equal(t, points("pricing"), []rebind.Point{{Name: "pricing.fee", Type: "func(int64) int64", Generation: 6}, {Name: "pricing.limit", Type: "int64", Generation: 6}})
	if r.Knows("promo") || !r.Knows("pricing") {
		t.Error("who is known is wrong")
	}
}

func equal[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestOldAndNewBuildHaveTheValueUntilTheOldOneIsClosed also admits a build that
// is not published: its own variables keep their original values.
func TestOldAndNewBuildHaveTheValueUntilTheOldOneIsClosed(t *testing.T) {
	r := open(t)
	old, next := point("pricing.fee", 5), point("pricing.fee", 6)
	first := publish(t, r, exposes("pricing", "1.0.0", old), rebind.Deploy)
	publish(t, r, binds("promo", "1.0.0", abi.Bind("pricing.fee", flat(0))), rebind.Deploy)
	a, err := r.Admit(t.Context(), exposes("pricing", "2.0.0", next), rebind.Deploy)
	if err != nil {
		t.Fatal(err)
	}
	is := func(when string, o, n int64) {
		t.Helper()
		if old.Load()(1) != o || next.Load()(1) != n {
			t.Errorf("%s: %d and %d, want %d and %d", when, old.Load()(1), next.Load()(1), o, n)
		}
	}
	is("admitted", 0, 6)
	a.Publish()
	is("published", 0, 0)
	a.End()
	publish(t, r, binds("promo", "2.0.0", abi.Bind("pricing.fee", flat(3))), rebind.Deploy)
	is("bound again", 3, 3)
	first.Close()
	first.Close()
	is("closed", 5, 3)
	publish(t, r, binds("promo", "3.0.0"), rebind.Deploy)
	is("given up", 5, 6)
}

// TestOneVariableOfTwoReleasesIsLetGoWithTheLast: releases of one build differ
// in their config only.
func TestOneVariableOfTwoReleasesIsLetGoWithTheLast(t *testing.T) {
	r := open(t)
	p := point("pricing.fee", 5)
	first := publish(t, r, exposes("pricing", "1.0.0", p), rebind.Deploy)
	publish(t, r, binds("promo", "1.0.0", abi.Bind("pricing.fee", flat(0))), rebind.Deploy)
	second := publish(t, r, exposes("pricing", "1.0.1", p), rebind.Deploy)
	first.Close()
	if p.Load()(1) != 0 {
		t.Error("the live release lost its value")
	}
	second.Close()
	if p.Load()(1) != 5 {
		t.Error("the value outlived its point's release")
	}
}

func TestAPointBelongsToOneHostAtATime(t *testing.T) {
	p := point("host.fee", 5)
	first, other := open(t, p), point("host.other", 1)
	if _, err := rebind.Open([]abi.Exposed{other, p}); problem.CodeOf(err) != problem.RebindConflict {
		t.Fatalf("taken twice: %v", err)
	}
	open(t, other).Close() // was let go
	publish(t, first, binds("a", "1.0.0", abi.Bind("host.fee", flat(0))), rebind.Deploy)
	first.Close()
	if p.Load()(1) != 5 {
		t.Error("bound after its host was closed")
	}
	second := open(t, p)
	publish(t, second, binds("a", "1.0.0", abi.Bind("host.fee", flat(1))), rebind.Deploy)
	if p.Load()(1) != 1 {
		t.Error("the second host has no say")
	}
	if _, err := first.Admit(t.Context(), exposes("b", "1.0.0", point("b.c", 1)), rebind.Deploy); problem.CodeOf(err) != problem.RebindConflict {
		t.Errorf("a closed registry admits: %v", err)
	}
}

func TestWhoGivesUpWaitingChangesNothing(t *testing.T) {
	r, p := scene(t)
	a, err := r.Admit(t.Context(), binds("promo", "2.0.0"), rebind.Deploy)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Admit(ctx, binds("z", "1.0.0"), rebind.Deploy); problem.CodeOf(err) != problem.Canceled {
		t.Errorf("did not wait: %v", err)
	}
	a.End()
	a.End()
	a.Publish() // too late: it has ended
	a.Close()
	if p.Load()(1) != 0 {
		t.Error("a change that was not published shows")
	}
	publish(t, r, binds("promo", "2.0.0"), rebind.Deploy)
	if p.Load()(1) != 5 {
		t.Error("promo@2.0.0 binds")
	}
	var none *rebind.Admission
	none.Publish()
	none.End()
	none.Close()
}

func TestAReleaseMayBindItsOwnPoint(t *testing.T) {
	r := open(t)
	p := point("pricing.fee", 5)
	own := exposes("pricing", "1.0.0", p)
	own.Bindings = []abi.Binding{abi.Bind("pricing.fee", flat(4))}
	publish(t, r, own, rebind.Deploy)
	if p.Load()(1) != 4 {
		t.Errorf("a fee of %d", p.Load()(1))
	}
	publish(t, r, exposes("pricing", "1.0.1", p), rebind.Deploy)
	if p.Load()(1) != 5 {
		t.Errorf("a fee of %d after it was given up", p.Load()(1))
	}
}

// TestPointsAreLetGoAtOneInstant has a reader that the closed release left
// behind.
func TestPointsAreLetGoAtOneInstant(t *testing.T) {
	const rounds = 3000
	r := open(t)
	p, q := abi.NewPoint("a.p", 0), abi.NewPoint("a.q", 0)
	var done atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !done.Load() {
				v := p.View()
				if x, y := p.In(v), q.In(v); x != y {
					t.Errorf("%d and %d at one instant", x, y)
					return
				}
			}
		})
	}
	publish(t, r, binds("b", "1.0.0", abi.Bind("a.p", 1), abi.Bind("a.q", 1)), rebind.Restart)
	for range rounds {
		a := publish(t, r, exposes("a", "1.0.0", p, q), rebind.Deploy)
		publish(t, r, exposes("a", "1.0.1"), rebind.Rollback)
		b := publish(t, r, exposes("a", "1.0.0", p, q), rebind.Deploy)
		a.Close()
		b.Close() // while it is bound
	}
	done.Store(true)
	wg.Wait()
}
