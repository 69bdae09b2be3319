package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/swapline/swapline/examples/demorollout/model"
)

// ledger checks and counts all answers. It is safe for concurrent use.
type ledger struct {
	mu      sync.Mutex
	answers int
	faults  map[string]int // of broken releases, where they are broken
	wrongs  []string       // the first ones, in words
	wrong   int
	served  map[string]int       // answers by version
	last    map[string]time.Time // by version: the latest moment at which a call can have begun
	seen    []map[uint64]string  // by loyal customer: version by generation
}

// shownWrongs is how many mistakes are told in words.
const shownWrongs = 10

func newLedger() *ledger {
	l := &ledger{faults: map[string]int{}}
	l.forget()
	return l
}

// forget begins a new case.
func (l *ledger) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.served, l.last, l.seen = map[string]int{}, map[string]time.Time{}, make([]map[uint64]string, loyal)
}

// record checks one answer. customer is -1 for one who never comes again.
func (l *ledger) record(customer int, p model.Payment, a answer, err error) {
	problem := check(p, a, err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers++
	if problem != "" {
		l.wrongLocked(problem)
		return
	}
	if a.status != 200 {
		l.faults[a.version]++
	}
	l.served[a.version]++
	if began := a.received.Add(-a.executed); began.After(l.last[a.version]) {
		l.last[a.version] = began
	}
	if customer >= 0 {
		l.stickLocked(customer, a)
	}
}

// check says what is wrong with an answer, "" for nothing.
func check(p model.Payment, a answer, err error) string {
	if err != nil {
		return "no answer: " + err.Error()
	}
	c, known := configOf(a.version)
	switch {
	case !known || a.variant != "stable" && a.variant != "candidate":
		return fmt.Sprintf("%s of release %q answered with status %d: %.200s", a.variant, a.version, a.status, a.body)
	case c.Breaks(p):
		if a.status == 200 {
			return fmt.Sprintf("%s answered where it is broken: %.200s", a.version, a.body)
		}
		return ""
	case a.status != 200:
		return fmt.Sprintf("%s failed with status %d: %.200s", a.version, a.status, a.body)
	}
	c.Rounds = 0
	if got, err := a.decided(); err != nil || got != c.Decide(p) {
		return fmt.Sprintf("%s answered %.200s, its model says %+v", a.version, a.body, c.Decide(p))
	}
	return ""
}

// stickLocked remembers which release a customer got; at one generation it is
// always the same.
func (l *ledger) stickLocked(customer int, a answer) {
	m := l.seen[customer]
	if m == nil {
		m = map[uint64]string{}
		l.seen[customer] = m
	}
	if before, ok := m[a.generation]; ok && before != a.version {
		l.wrongLocked(fmt.Sprintf("customer %d got %s and %s at generation %d", customer, before, a.version, a.generation))
	}
	m[a.generation] = a.version
}

func (l *ledger) wrongLocked(problem string) {
	l.wrong++
	if len(l.wrongs) < shownWrongs {
		l.wrongs = append(l.wrongs, problem)
	}
}

// fail records something wrong that is no answer.
func (l *ledger) fail(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrongLocked(fmt.Sprintf(format, args...))
}

// stayed checks that no customer went back from a candidate while its share grew,
// and counts the customers who got it. After the last generation in which anybody
// got the candidate it has been taken back, and all may go.
func (l *ledger) stayed(candidate string) (customers int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var end uint64
	for _, m := range l.seen {
		for generation, version := range m {
			if version == candidate {
				end = max(end, generation)
			}
		}
	}
	for i, m := range l.seen {
		first := uint64(0)
		for generation, version := range m {
			if version == candidate && (first == 0 || generation < first) {
				first = generation
			}
		}
		if first == 0 {
			continue
		}
		customers++
		for generation, version := range m {
			if version != candidate && generation > first && generation <= end {
				l.wrongLocked(fmt.Sprintf("customer %d got %s at generation %d and %s again at %d", i, candidate, first, version, generation))
			}
		}
	}
	return customers
}

// lastStart is the latest moment at which a call of a release can have begun: when
// its answer had arrived, less the time in the strategy.
func (l *ledger) lastStart(version string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last[version]
}

// answered is how many answers a release gave in this case.
func (l *ledger) answered(version string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.served[version]
}
