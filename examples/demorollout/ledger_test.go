package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/examples/demorollout/model"
)

// paymentThat finds one that does, or does not, break the broken release.
func paymentThat(t *testing.T, breaks bool) model.Payment {
	t.Helper()
	broken, _ := configOf("1.2.0")
	for i := range 10_000 {
		if p := (model.Payment{Reference: fmt.Sprint(i), Amount: 47_000}); broken.Breaks(p) == breaks {
			return p
		}
	}
	t.Fatal("there is none")
	return model.Payment{}
}

// right is the answer that a release gives.
func right(t *testing.T, version string, p model.Payment) answer {
	t.Helper()
	c, ok := configOf(version)
	if !ok {
		t.Fatal("no such release")
	}
	c.Rounds = 0
	b, err := json.Marshal(c.Decide(p))
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: 200, version: version, variant: "stable", generation: 1, body: b, received: time.Now(), executed: time.Millisecond}
}

func TestEveryAnswerIsChecked(t *testing.T) {
	fine, breaking := paymentThat(t, false), paymentThat(t, true)
	with := func(a answer, change func(*answer)) answer { change(&a); return a }
	for name, c := range map[string]struct {
		payment model.Payment
		answer  answer
		err     error
		wrong   string
	}{
		"right":                         {fine, right(t, "1.0.0", fine), nil, ""},
		"right of a candidate":          {fine, with(right(t, "1.4.0", fine), func(a *answer) { a.variant = "candidate" }), nil, ""},
		"broken where it may be":        {breaking, answer{status: 502, version: "1.2.0", variant: "candidate"}, nil, ""},
		"broken elsewhere":              {fine, answer{status: 502, version: "1.2.0", variant: "candidate"}, nil, "failed with status 502"},
		"a good one that fails":         {breaking, answer{status: 502, version: "1.0.0", variant: "stable"}, nil, "failed with status 502"},
		"whole where it is broken":      {breaking, with(right(t, "1.0.0", breaking), func(a *answer) { a.version = "1.2.0" }), nil, "where it is broken"},
		"another release's answer":      {fine, with(right(t, "1.0.0", fine), func(a *answer) { a.version = "1.4.0" }), nil, "its model says"},
		"no JSON":                       {fine, with(right(t, "1.0.0", fine), func(a *answer) { a.body = []byte("<html>") }), nil, "its model says"},
		"a release that nobody knows":   {fine, answer{status: 200, version: "7.0.0", variant: "stable"}, nil, "7.0.0"},
		"of nobody":                     {fine, with(right(t, "1.0.0", fine), func(a *answer) { a.variant = "" }), nil, "answered with status"},
		"of a fallback":                 {fine, with(right(t, "1.0.0", fine), func(a *answer) { a.variant = "previous" }), nil, "previous"},
		"a connection that was refused": {fine, answer{}, errors.New("refused"), "no answer: refused"},
	} {
		l := newLedger()
		l.record(-1, c.payment, c.answer, c.err)
		if got := strings.Join(l.wrongs, "; "); (c.wrong == "") != (l.wrong == 0) || !strings.Contains(got, c.wrong) {
			t.Errorf("%s: %q, want %q", name, got, c.wrong)
		}
	}
}

func TestACustomerWhoGoesBackIsFound(t *testing.T) {
	p := paymentThat(t, false)
	for name, c := range map[string]struct {
		got   string // release by generation, of customer 7
		until uint64 // somebody else has the candidate until then
		wrong int
	}{
		"never got it":               {"1.0.0 1.0.0 1.0.0", 3, 0},
		"got it and kept it":         {"1.0.0 1.1.0 1.1.0", 3, 0},
		"got it until it was taken":  {"1.1.0 1.1.0 1.0.0", 2, 0},
		"went back while it climbed": {"1.1.0 1.0.0 1.1.0", 3, 1},
		"lost it while others had":   {"1.1.0 1.0.0 1.0.0", 3, 2},
	} {
		l := newLedger()
		give := func(customer int, version string, generation uint64) {
			a := right(t, version, p)
			a.generation = generation
			l.record(customer, p, a, nil)
		}
		for i, version := range strings.Fields(c.got) {
			give(7, version, uint64(i+1))
		}
		give(8, "1.1.0", c.until)
		if l.stayed("1.1.0"); l.wrong != c.wrong {
			t.Errorf("%s: %d wrong: %q", name, l.wrong, l.wrongs)
		}
	}
	l := newLedger()
	for _, version := range []string{"1.0.0", "1.1.0"} {
		l.record(7, p, right(t, version, p), nil)
	}
	if l.wrong != 1 || !strings.Contains(l.wrongs[0], "at generation 1") {
		t.Errorf("two releases at one generation: %q", l.wrongs)
	}
}

func TestTheLastStartIsBeforeTheAnswer(t *testing.T) {
	p := paymentThat(t, false)
	l := newLedger()
	a := right(t, "1.1.0", p)
	l.record(-1, p, a, nil)
	earlier := a
	earlier.received = a.received.Add(-time.Second)
	l.record(-1, p, earlier, nil)
	if got := l.lastStart("1.1.0"); !got.Equal(a.received.Add(-time.Millisecond)) {
		t.Errorf("%s, want a millisecond before %s", got, a.received)
	}
	if l.answered("1.1.0") != 2 || l.answered("1.0.0") != 0 {
		t.Error("counted wrongly")
	}
	if l.forget(); l.answered("1.1.0") != 0 {
		t.Error("a new case knows answers of the one before")
	}
}

func TestServerTimingIsRead(t *testing.T) {
	for text, want := range map[string]time.Duration{"queue;dur=0.001, exec;dur=0.042": 42 * time.Microsecond, "exec;dur=12": 12 * time.Millisecond, "": 0, "exec;dur=x": 0} {
		if got := execution(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}
