package boltstore

import (
	"context"
	"encoding/json"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// rewrite puts other records, with good checksums, into a place.
func rewrite(t *testing.T, s *Store, change func(p place), names ...string) {
	t.Helper()
	must(t, s.db.Update(func(tx *bolt.Tx) error {
		p, err := s.at(tx, names...)
		must(t, err)
		change(p)
		return nil
	}))
}

// edit changes members of one record.
func edit(t *testing.T, p place, key []byte, members map[string]any) {
	t.Helper()
	var all map[string]any
	_, err := p.get(key, &all)
	must(t, err)
	for name, v := range members {
		all[name] = v
	}
	must(t, p.put(key, all))
}

// two is a store in which the rollout of release 1 is final and that of release 2
// is under way.
func two(t *testing.T) *Store {
	t.Helper()
	s := mustOpen(t, t.TempDir(), osFiles{})
	must(t, deploy(s, 1))
	must(t, deploy(s, 2))
	return s
}

func record(s *Store) error {
	r := activation(store.Artifact{}, 2).Rollout.Rollout
	r.Revision = 2
	return s.RecordRollout(context.Background(), store.RolloutChange{Rollout: r, Decisions: []store.Decision{{Number: 3}}})
}

// A route and the rollouts that it cannot stand beside: whoever reads only one of
// the two gets it, whoever changes them is refused.
func TestARouteAndRolloutsThatContradictAreDamage(t *testing.T) {
	for name, c := range map[string]struct {
		says   string
		damage func(*testing.T, *Store)
	}{
		"the rollout of the route is missing": {"it is missing, but", func(t *testing.T, s *Store) {
			rewrite(t, s, func(p place) { must(t, p.b.Delete(numbered(2))) }, bucketRollouts, "pay")
		}},
		"all rollouts are missing": {"it is missing, but", func(t *testing.T, s *Store) {
			rewrite(t, s, func(p place) { must(t, p.b.DeleteBucket([]byte("pay"))) }, bucketRollouts)
		}},
		"the rollout of the route is over": {"it is over, but", func(t *testing.T, s *Store) {
			rewrite(t, s, func(p place) { edit(t, p, numbered(2), map[string]any{"ended": "2026-01-02T03:04:05Z"}) }, bucketRollouts, "pay")
		}},
		"the route names none": {"it is under way, but", func(t *testing.T, s *Store) {
			rewrite(t, s, func(p place) { edit(t, p, []byte("pay"), map[string]any{"rollout": 0}) }, bucketRoutes)
		}},
		"the route names another": {"it is under way, but", func(t *testing.T, s *Store) {
			rewrite(t, s, func(p place) { edit(t, p, []byte("pay"), map[string]any{"rollout": 1}) }, bucketRoutes)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := two(t)
			c.damage(t, s)
			for _, err := range []error{record(s), deploy(s, 3)} {
				refused(t, err, problem.StoreCorrupt, "record rollouts/pay/")
				refused(t, err, problem.StoreCorrupt, c.says)
			}
			_, err := s.Route(t.Context(), "pay")
			must(t, err)
		})
	}
}

func TestARolloutThatTheRouteNamesIsNeverUnknown(t *testing.T) {
	s := two(t)
	rewrite(t, s, func(p place) { must(t, p.b.Delete(numbered(2))) }, bucketRollouts, "pay")
	_, err := s.Rollout(t.Context(), "pay", 2)
	refused(t, err, problem.StoreCorrupt, "but the route names it")
	_, err = s.Decisions(t.Context(), "pay", 2, 0, 9)
	refused(t, err, problem.StoreCorrupt, "but the route names it")
	_, err = s.Rollout(t.Context(), "pay", 3)
	refused(t, err, problem.UnknownRollout, "no rollout 3")
}

// An older rollout cannot be open beside a newer one.
func TestAnOlderRolloutThatIsOpenIsDamage(t *testing.T) {
	s := two(t)
	rewrite(t, s, func(p place) {
		edit(t, p, numbered(1), map[string]any{"ended": nil, "final": false})
	}, bucketRollouts, "pay")
	r, err := s.Rollout(t.Context(), "pay", 1)
	must(t, err)
	r.Revision++
	refused(t, s.RecordRollout(t.Context(), store.RolloutChange{Rollout: r}), problem.StoreCorrupt, "record rollouts/pay/")
}

func TestARolloutThatNobodyCanHaveWrittenIsDamage(t *testing.T) {
	for name, members := range map[string]map[string]any{
		"of another strategy": {"strategy": "risk"},
		"of another number":   {"id": 3},
		"without revision":    {"revision": 0},
		"of no kind":          {"kind": "other"},
		"without candidate":   {"candidate": ""},
		"final but open":      {"final": true},
		"of one release":      {"kind": "rollout", "stable": payload(2)},
		"of half a release":   {"stable": "sha256:12"},
	} {
		t.Run(name, func(t *testing.T) {
			s := two(t)
			rewrite(t, s, func(p place) { edit(t, p, numbered(2), members) }, bucketRollouts, "pay")
			_, err := s.Rollout(t.Context(), "pay", 2)
			refused(t, err, problem.StoreCorrupt, "record rollouts/pay/")
			_, err = s.Rollouts(t.Context(), "pay", 1)
			refused(t, err, problem.StoreCorrupt, "record rollouts/pay/")
			_, err = s.Rollout(t.Context(), "pay", 1)
			must(t, err)
		})
	}
}

func TestDecisionsThatNobodyCanHaveWrittenAreDamage(t *testing.T) {
	for name, c := range map[string]struct {
		says   string
		damage func(*testing.T, place)
	}{
		"one is missing":       {"it is missing", func(t *testing.T, p place) { must(t, p.b.Delete(numbered(1, 2))) }},
		"the first is missing": {"it is missing", func(t *testing.T, p place) { must(t, p.b.Delete(numbered(1, 1))) }},
		"the last is missing":  {"it is missing", func(t *testing.T, p place) { must(t, p.b.Delete(numbered(1, 3))) }},
		"one is another":       {"of another strategy or number", func(t *testing.T, p place) { edit(t, p, numbered(1, 2), map[string]any{"number": 3}) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := two(t)
			rewrite(t, s, func(p place) { c.damage(t, p) }, bucketDecisions, "pay")
			_, err := s.Decisions(t.Context(), "pay", 1, 0, 9)
			refused(t, err, problem.StoreCorrupt, "record decisions/pay/")
			refused(t, err, problem.StoreCorrupt, c.says)
			list, err := s.Decisions(t.Context(), "pay", 2, 0, 9)
			must(t, err)
			if len(list) != 2 {
				t.Errorf("decisions of another rollout: %+v", list)
			}
		})
	}
}

func TestARolloutPolicyThatNobodyCanHaveWrittenIsDamage(t *testing.T) {
	for name, members := range map[string]map[string]any{
		"of another strategy": {"strategy": "risk"},
		"without revision":    {"revision": 0},
		"that is a list":      {"text": []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, t.TempDir(), osFiles{})
			must(t, s.SetRolloutPolicy(t.Context(), store.RolloutPolicy{Strategy: "pay", Revision: 1, Text: []byte("{}")}))
			rewrite(t, s, func(p place) { edit(t, p, []byte("pay"), members) }, bucketPolicies)
			_, err := s.RolloutPolicy(t.Context(), "pay")
			refused(t, err, problem.StoreCorrupt, "record policies/pay")
			_, err = s.RolloutPolicies(t.Context())
			refused(t, err, problem.StoreCorrupt, "record policies/pay")
			err = s.SetRolloutPolicy(t.Context(), store.RolloutPolicy{Strategy: "pay", Revision: 2})
			refused(t, err, problem.StoreCorrupt, "record policies/pay")
		})
	}
}

// FuzzRollout makes sure that whatever a record holds is either a rollout or a
// policy that passes its check, or damage.
func FuzzRollout(f *testing.F) {
	f.Add([]byte(`{"strategy":"pay","id":2,"kind":"switch","candidate":"` + string(payload(1)) + `","revision":1,"phase":"running","state":{},"started":"2026-01-02T03:04:05Z","changed":"2026-01-02T03:04:05Z","decided":7}`))
	f.Add([]byte(`{"strategy":"pay","revision":1,"text":{"alpha":0.01},"changed":"2026-01-02T03:04:05Z"}`))
	f.Add([]byte(`{"strategy":"pay","id":2,"kind":"rollout","final":true}`))
	f.Add([]byte(`{"strategy":"pay","revision":1,"text":"{"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) {
			return
		}
		read := func(key []byte, decode func(raw []byte) (interface{ Check() error }, error)) {
			raw, err := encodeRecord(key, json.RawMessage(body))
			if err != nil {
				return
			}
			v, err := decode(raw)
			switch {
			case err != nil && problem.CodeOf(err) != problem.StoreCorrupt:
				t.Fatal(err)
			case err == nil && v.Check() != nil:
				t.Fatalf("a bad record was read: %+v", v)
			}
		}
		p := place{store: &Store{}, name: "place"}
		read(numbered(2), func(raw []byte) (interface{ Check() error }, error) {
			r, err := p.decodeStory("pay", numbered(2), raw)
			if err != nil {
				return nil, err
			}
			return r.Rollout, nil
		})
		read([]byte("pay"), func(raw []byte) (interface{ Check() error }, error) { return p.decodePolicy([]byte("pay"), raw) })
	})
}
