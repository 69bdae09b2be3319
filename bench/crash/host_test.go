package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/manifest"
)

// What is broken between a kill and the restart is found by the check.
func TestDamageOfAHostIsFound(t *testing.T) {
	h := busy(t)
	for _, c := range []struct {
		name         string
		damage       func(*subject)
		lost         bool
		inconsistent bool
	}{
		{"nothing", func(*subject) {}, false, false},
		{"a change was acknowledged and is not there", func(s *subject) { s.journal = append(s.journal, entry{"deploy", s.journal[0].to}) }, true, true},
		{"a hold was acknowledged and is not there", func(s *subject) { s.accepted[digest("no such release")] = true }, true, false},
		{"the journal tells another story", func(s *subject) { s.journal[0].action = "switch" }, false, true},
		{"a change happened that nobody made", func(s *subject) { s.journal = s.journal[:len(s.journal)-1] }, false, true},
		{"a release is there that nobody made", func(s *subject) { delete(s.accepted, s.journal[0].to) }, false, true},
		{"the body is of another release", func(s *subject) { s.versions[s.stableLocked()] = "9.9.9" }, false, true},
		{"it answered as a generation that is lost", func(s *subject) { s.served[99] = s.stableLocked() }, false, true},
		{"a generation was another release", func(s *subject) { s.served[1] = digest("another") }, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			was := h.subjects[0]
			h.subjects[0] = was.copied()
			defer func() { h.subjects[0], h.kills = was, 1 }()
			c.damage(h.subjects[0])
			found := newTally()
			must(t, h.check(nil, found))
			if (len(found.lost) > 0) != c.lost || (len(found.inconsistent) > 0) != c.inconsistent {
				t.Fatalf("found %v", found)
			}
		})
	}
	t.Run("an artifact was removed", func(t *testing.T) {
		files, err := os.ReadDir(h.data("store", "artifacts"))
		must(t, err)
		must(t, os.Remove(h.data("store", "artifacts", files[0].Name())))
		findsSomething(t, h)
	})
	t.Run("a route was removed", func(t *testing.T) {
		edit(t, h.data("store"), func(tx *bolt.Tx) error { return tx.Bucket([]byte("routes")).Delete([]byte("fx")) })
		findsSomething(t, h)
	})
	t.Run("it does not start", func(t *testing.T) {
		overwrite(t, filepath.Join(h.data(), "keys", "development.pem"), "no key")
		findsSomething(t, h)
	})
}

func findsSomething(t *testing.T, h *host) {
	t.Helper()
	found := newTally()
	must(t, h.check(nil, found))
	if len(found.inconsistent) == 0 {
		t.Fatal("nothing was found")
	}
}

// busy is a host that was killed after both strategies had changed.
func busy(t *testing.T) *host {
	t.Helper()
	h, err := newHost()
	must(t, err)
	t.Cleanup(h.remove)
	s := scenario{name: "host", command: h.command, attend: h.attend, start: hostStart, check: h.check}
	found := newTally()
	m := newMoments(3)
	for range 200 {
		must(t, s.killLoop(1, m, found, io.Discard))
		if len(found.lost)+len(found.inconsistent) > 0 {
			t.Fatalf("found %v", found)
		}
		h.kills = 1 // keeps the data folder
		if len(h.subjects[0].journal) > 2 && len(h.subjects[1].journal) > 2 {
			return h
		}
	}
	t.Fatal("no progress")
	return h
}

// copied is a subject that can be spoilt.
func (s *subject) copied() *subject {
	return &subject{name: s.name, made: s.made, journal: slices.Clone(s.journal), versions: maps.Clone(s.versions),
		sequence: maps.Clone(s.sequence), accepted: maps.Clone(s.accepted), served: map[uint64]manifest.Digest{}}
}

// Whoever sees an answer of two releases says so.
func TestAMixedAnswerIsFound(t *testing.T) {
	s := newSubjects()[0]
	one, two := digest("one"), digest("two")
	s.versions[one], s.versions[two] = "1.1.0", "1.2.0"
	good := answer{generation: 1, digest: one, release: "fx@1.1.0", version: "1.1.0"}
	if wrong := s.whole(good); wrong != "" {
		t.Fatal(wrong)
	}
	for name, change := range map[string]func(*answer){
		"body":       func(a *answer) { a.version = "1.2.0" },
		"header":     func(a *answer) { a.release = "fx@1.2.0" },
		"strategy":   func(a *answer) { a.release = "pay@1.1.0" },
		"digest":     func(a *answer) { a.digest = two },
		"generation": func(a *answer) { *a = answer{1, two, "fx@1.2.0", "1.2.0"} },
		"empty":      func(a *answer) { *a = answer{} },
	} {
		a := good
		change(&a)
		if s.whole(a) == "" {
			t.Errorf("another %s was not found", name)
		}
	}
}
