package boltstore

import (
	"encoding/json"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/problem"
)

// overwriteRoute puts JSON of ours, with a good checksum, in place of the route.
func overwriteRoute(t *testing.T, s *Store, change func(map[string]any)) {
	t.Helper()
	must(t, s.db.Update(func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketRoutes)
		must(t, err)
		var members map[string]any
		_, err = p.get([]byte("pay"), &members)
		must(t, err)
		change(members)
		text, err := json.Marshal(members)
		must(t, err)
		return p.put([]byte("pay"), json.RawMessage(text))
	}))
}

func TestARouteThatNobodyCanHaveWrittenIsDamage(t *testing.T) {
	for name, change := range map[string]func(map[string]any){
		"methods out of order":      func(m map[string]any) { m["methods"] = []string{"b", "a"} },
		"a kind without signatures": func(m map[string]any) { m["signatures"] = map[string]any{"memory": []string{}} },
		"an empty signature":        func(m map[string]any) { m["signatures"] = map[string]any{"memory": []string{""}} },
		"signatures of no kind":     func(m map[string]any) { m["signatures"] = map[string]any{"No Kind": []string{"a"}} },
		"nobody was withdrawn":      func(m map[string]any) { m["previous_withdrawn"] = true; delete(m, "previous") },
		"a rollout of the future":   func(m map[string]any) { m["rollout"] = 2 },
		"nobody rolls out":          func(m map[string]any) { m["rollout"] = 0; m["candidate"] = payload(2) },
		"one release twice":         func(m map[string]any) { m["candidate"] = m["stable"] },
		"shares for nobody":         func(m map[string]any) { m["weight"] = 1 },
		"shares of more than all":   func(m map[string]any) { m["candidate"], m["weight"] = payload(2), 10_001 },
	} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, t.TempDir(), osFiles{})
			must(t, deploy(s, 1))
			overwriteRoute(t, s, change)
			_, err := s.Route(t.Context(), "pay")
			refused(t, err, problem.StoreCorrupt, "record routes/pay")
			_, err = s.Routes(t.Context())
			refused(t, err, problem.StoreCorrupt, "record routes/pay")
			refused(t, deploy(s, 2), problem.StoreCorrupt, "record routes/pay")
		})
	}
}

func TestARouteOfAnOlderProgramIsRead(t *testing.T) {
	s := mustOpen(t, t.TempDir(), osFiles{})
	must(t, deploy(s, 1))
	overwriteRoute(t, s, func(m map[string]any) { delete(m, "signatures"); delete(m, "previous_withdrawn") })
	r, err := s.Route(t.Context(), "pay")
	must(t, err)
	if r.Generation != 1 || r.Signatures != nil {
		t.Fatalf("route %+v", r)
	}
	list, err := s.Routes(t.Context())
	must(t, err)
	if len(list) != 1 || list[0].Generation != 1 {
		t.Fatalf("routes %+v", list)
	}
}

// FuzzRoute makes sure that whatever a record holds is either a route that
// passes its check or damage.
func FuzzRoute(f *testing.F) {
	f.Add([]byte(`{"strategy":"pay","generation":1,"methods":["Execute"],"signatures":{"memory":["a","b"]},"since":"2026-01-02T03:04:05Z"}`))
	f.Add([]byte(`{"methods":["Execute"],"previous_withdrawn":true}`))
	f.Add([]byte(`{"signatures":{"memory":["b","a"]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) {
			return
		}
		key := []byte("pay")
		raw, err := encodeRecord(key, json.RawMessage(body))
		if err != nil {
			return
		}
		r, err := place{store: &Store{}, name: bucketRoutes}.decodeRoute(key, raw)
		if err != nil {
			if problem.CodeOf(err) != problem.StoreCorrupt {
				t.Fatalf("%v", err)
			}
			return
		}
		if r.Check() != nil {
			t.Fatalf("a bad route was read: %+v", r)
		}
	})
}
