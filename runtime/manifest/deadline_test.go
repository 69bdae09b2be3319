package manifest

import "testing"

func TestADeadlineIsHardOrCooperative(t *testing.T) {
	for _, word := range []string{DeadlineHard, DeadlineCooperative} {
		m := decode(t, changed(t, map[string]any{"/limits/deadline": word}))
		if m.Limits.Deadline != word || decode(t, encode(t, m)).Limits.Deadline != word {
			t.Errorf("%s is read as %q", word, m.Limits.Deadline)
		}
	}
	if _, err := Decode(changed(t, map[string]any{"/limits/deadline": "soft"})); err == nil {
		t.Error("another word is taken")
	}
}
