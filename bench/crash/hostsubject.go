package main

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store"
)

// hold is the change that accepts a release without serving it. It is not in
// the journal.
const hold = "hold"

// subject is a strategy as its only changer knows it.
type subject struct {
	name string

	mu sync.Mutex
	// All below is guarded by mu.
	made     uint64                     // releases made so far, uploaded or not
	versions map[manifest.Digest]string // of all of them
	sequence map[manifest.Digest]uint64 // of all of them
	journal  []entry                    // acknowledged, or found after a restart; generation 1 first
	accepted map[manifest.Digest]bool   // by the journal and by acknowledged holds
	// pending is the change that was sent and not acknowledged.
	pending *entry
	served  map[uint64]manifest.Digest // what answers since the last check said about generations
}

// entry is a change and the release that it is about.
type entry struct {
	action string
	to     manifest.Digest
}

func newSubjects() []*subject {
	var all []*subject
	for _, name := range []string{"fx", "pay"} {
		all = append(all, &subject{name: name, versions: map[manifest.Digest]string{}, sequence: map[manifest.Digest]uint64{},
			accepted: map[manifest.Digest]bool{}, served: map[uint64]manifest.Digest{}})
	}
	return all
}

// know registers a release that is about to be uploaded.
func (s *subject) know(r signedRelease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[r.digest], s.sequence[r.digest] = r.version, r.sequence
}

// next is the number of a new release.
func (s *subject) next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	return s.made
}

// generation is the one that a change must name.
func (s *subject) generation() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(len(s.journal))
}

// begin notes what is sent, and apply that it happened.
func (s *subject) begin(e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = &e
}

func (s *subject) apply() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applyLocked()
}

func (s *subject) applyLocked() {
	if s.pending.action != hold {
		s.journal = append(s.journal, *s.pending)
	}
	s.accepted[s.pending.to] = true
	s.pending = nil
}

// stableLocked is the release that must be served, "" before the first.
func (s *subject) stableLocked() manifest.Digest {
	if len(s.journal) == 0 {
		return ""
	}
	return s.journal[len(s.journal)-1].to
}

// choose says what to do next; its "to" is "" for a change to a new release.
func (s *subject) choose(random *rand.Rand) entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch random.IntN(8) {
	case 0, 1:
		return entry{action: hold}
	case 2, 3:
		if len(s.journal) > 1 {
			return entry{store.ActionRollback, s.journal[len(s.journal)-2].to}
		}
	case 4:
		if to := s.aheadLocked(); to != "" {
			return entry{store.ActionSwitch, to}
		}
	case 5:
		for to := range s.accepted {
			if to != s.stableLocked() && len(s.journal) > 0 {
				return entry{store.ActionRollback, to}
			}
		}
	}
	return entry{action: store.ActionDeploy}
}

// aheadLocked is a held release that a switch may go to.
func (s *subject) aheadLocked() manifest.Digest {
	high := uint64(0)
	for _, e := range s.journal {
		high = max(high, s.sequence[e.to])
	}
	for d := range s.accepted {
		if s.sequence[d] > high {
			return d
		}
	}
	return ""
}

// whole says what is wrong with an answer, "" if nothing is: body, headers and
// release must belong together, and a generation is always the same release.
func (s *subject) whole(a answer) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	version := s.versions[a.digest]
	if a.version != version || a.release != s.name+"@"+version {
		return fmt.Sprintf("%s: an answer of version %q came as %q, digest %s of version %q", s.name, a.version, a.release, a.digest.Short(), version)
	}
	if before, ok := s.served[a.generation]; ok && before != a.digest {
		return fmt.Sprintf("%s: generation %d answered as %s and as %s", s.name, a.generation, before.Short(), a.digest.Short())
	}
	s.served[a.generation] = a.digest
	return ""
}
