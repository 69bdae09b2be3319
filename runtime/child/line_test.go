package child

import (
	"bytes"
	"testing"
)

// FuzzOnlyLinesWithTheNonceCount, whatever else comes.
func FuzzOnlyLinesWithTheNonceCount(f *testing.F) {
	for _, s := range []string{"", "\n", `{"nonce":"n","answer":1}`, `{"nonce":"n","note":{"a":1}}` + "\n" + `{"nonce":"n","answer":{}}` + "\n",
		`{"nonce":"x","answer":1}` + "\n", "stray" + `{"nonce":"n","answer":1}`, `{"nonce":"n","answer":1}` + "\n" + `{"nonce":"n","answer":2}`, `{"nonce":"n"}`, "null"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		r := read(sent, "n")
		if len(r.Stray) > 200 || r.Stray != "" && r.Answer != nil {
			t.Errorf("stray %q, answer %s", r.Stray, r.Answer)
		}
		if (r.Answer != nil || r.Notes != nil) && !bytes.Contains(sent, []byte("n")) {
			t.Errorf("an answer %s without the nonce", r.Answer)
		}
		if r = read(sent, "another nonce"); r.Answer != nil || len(r.Notes) != 0 {
			t.Errorf("answer %s, notes %s with a nonce that nobody sent", r.Answer, r.Notes)
		}
	})
}

func TestOneAnswerIsTaken(t *testing.T) {
	for sent, want := range map[string]string{
		`{"nonce":"n","note":1}` + "\n" + `{"nonce":"n","answer":7}` + "\n":   "7",
		`{"nonce":"n","answer":7}` + "\n" + `{"nonce":"n","answer":8}` + "\n": "",
		`{"nonce":"n","answer":7}` + "\nmore":                                 "",
		`half a line{"nonce":"n","answer":7}` + "\n":                          "",
		`{"nonce":"guess","answer":7}` + "\n" + `{"nonce":"n","answer":8}\n`:  "",
	} {
		if got := read([]byte(sent), "n"); string(got.Answer) != want {
			t.Errorf("%q: answer %s, want %q", sent, got.Answer, want)
		}
	}
}
