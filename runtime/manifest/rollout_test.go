package manifest

import (
	"reflect"
	"testing"
)

func TestARolloutPolicyIsKeptAsItStands(t *testing.T) {
	for name, policy := range map[string]map[string]any{
		"a policy": {
			"sticky": map[string]any{"pointer": "/customer"},
			"stages": []any{map[string]any{"weight": 0.01, "for_s": int64(60), "gate": true}},
			"breaker": map[string]any{"fallback": []any{map[string]any{
				"kind": "static", "output": map[string]any{"note": nil, "raw": []byte{0, 255}}}}},
		},
		"what only a later host knows": {"weather": map[string]any{"": []any{}}},
		"an empty one":                 {},
	} {
		t.Run(name, func(t *testing.T) {
			m := decode(t, changed(t, map[string]any{"/rollout": policy}))
			if !reflect.DeepEqual(m.Rollout, policy) {
				t.Fatalf("read %v, want %v", m.Rollout, policy)
			}
			if again := decode(t, encode(t, m)); !reflect.DeepEqual(again, m) {
				t.Fatalf("written and read again: %v", again.Rollout)
			}
		})
	}
}

func TestAManifestWithoutRolloutStatesNone(t *testing.T) {
	m := decode(t, without(t, "rollout"))
	if m.Rollout != nil {
		t.Fatalf("read %v", m.Rollout)
	}
	if _, has := m.toMap()["rollout"]; has {
		t.Error("the canonical text has one")
	}
}

func TestARolloutPolicyThatIsNoObjectIsRefused(t *testing.T) {
	for _, v := range []any{nil, "default", int64(1), true, []any{map[string]any{}}} {
		refused(t, changed(t, map[string]any{"/rollout": v}), "/rollout")
	}
	m := decode(t, example(t))
	m.Rollout = map[string]any{"stages": struct{}{}}
	if _, err := m.Encode(); err == nil {
		t.Error("a value outside of the wire domain was written")
	}
}
