package main

import (
	"strconv"
	"sync"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
)

// customers is how many sticky keys there are.
const customers = 120

// strand is a strategy as its clients know it. What they were told is the least
// that must be there; what was sent and never answered may have happened or not.
type strand struct {
	name string

	mu sync.Mutex
	// All below is guarded by mu.
	made       uint64 // releases made so far, uploaded or not
	releases   map[manifest.Digest]signedRelease
	accepted   map[manifest.Digest]bool
	generation uint64                     // the highest that anybody was told
	changes    map[uint64]entry           // direct ones by generation
	begun      map[uint64]manifest.Digest // candidates of rollouts whose start was acknowledged
	seen       map[uint64]sight           // rollouts as they were seen last
	wishes     map[uint64][]string        // texts that decisions of a rollout must have
	wished     int
	finals     map[manifest.Digest]uint64 // by what the store has said once
	served     map[service]bool           // since the last check
	marks      map[place]span
}

// sight is how far a rollout was seen to be.
type sight struct {
	revision uint64
	ended    rollout.Phase // "" while it is under way
}

// service is one answer, as far as it says who serves whom.
type service struct {
	generation uint64
	customer   string
	digest     manifest.Digest
	variant    string
}

// place is a customer of a rollout, and span what is known of the weight from which
// on the candidate serves it.
type (
	place struct {
		rollout  uint64
		customer string
	}
	span struct{ stable, candidate int } // highest weight at stable, lowest at the candidate
)

func newStrands() []*strand {
	var all []*strand
	for _, name := range []string{"fx", "pay"} {
		all = append(all, &strand{
			name: name, releases: map[manifest.Digest]signedRelease{}, accepted: map[manifest.Digest]bool{},
			changes: map[uint64]entry{}, begun: map[uint64]manifest.Digest{}, seen: map[uint64]sight{},
			wishes: map[uint64][]string{}, finals: map[manifest.Digest]uint64{},
			served: map[service]bool{}, marks: map[place]span{},
		})
	}
	return all
}

// next is the number of a new release, and know registers it before it is sent.
func (s *strand) next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	return s.made
}

func (s *strand) know(r signedRelease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releases[r.digest] = r
}

// accept notes that a release was accepted.
func (s *strand) accept(d manifest.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted[d] = true
}

// reached notes a generation that the host has told.
func (s *strand) reached(generation uint64) (highest uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation = max(s.generation, generation)
	return s.generation
}

// changed notes an acknowledged change of all traffic.
func (s *strand) changed(generation uint64, e entry) {
	s.reached(generation)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes[generation] = e
}

// look notes what a host says about a rollout.
func (s *strand) look(r runtime.Rollout) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun[r.ID] = r.Candidate.Digest
	before := s.seen[r.ID]
	now := sight{revision: max(before.revision, r.Revision), ended: before.ended}
	if r.Phase.Ended() && now.ended == "" {
		now.ended = r.Phase
	}
	s.seen[r.ID] = now
}

// wish is a text that no other command has.
func (s *strand) wish() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wished++
	return "wish " + strconv.Itoa(s.wished) + " of the test"
}

// granted notes an acknowledged command.
func (s *strand) granted(id uint64, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wishes[id] = append(s.wishes[id], text)
}

// conduct is how a release behaves.
func (s *strand) conduct(d manifest.Digest) conduct { return conductOf(s.releases[d].sequence) }

// take notes an answer and says what is wrong with it in itself, "" if nothing is.
func (s *strand) take(a answer, r reply, customer, variant string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	rel, known := s.releases[a.digest]
	switch {
	case !known || a.release != s.name+"@"+rel.version:
		return s.name + ": an answer of a release that was not made, or of two: " + a.release + " " + r.String()
	case r.status == 200 && (a.version != rel.version || s.conduct(a.digest) != good):
		return s.name + ": an answer of two releases: " + a.release + " " + r.String()
	case r.status != 200 && s.conduct(a.digest) == good:
		return s.name + ": a good release failed: " + a.release + " " + r.String()
	}
	s.generation = max(s.generation, a.generation)
	s.served[service{a.generation, customer, a.digest, variant}] = true
	return ""
}
