package manifest

import "testing"

func TestIsolationIsOneOfThreeWords(t *testing.T) {
	for _, word := range []string{IsolationRequest, IsolationInstance, IsolationProcess} {
		m := decode(t, changed(t, map[string]any{"/isolation": word}))
		if m.Isolation != word || decode(t, encode(t, m)).Isolation != word {
			t.Errorf("%s is read as %q", word, m.Isolation)
		}
	}
	if _, err := Decode(changed(t, map[string]any{"/isolation": "thread"})); err == nil {
		t.Error("another word is taken")
	}
}
