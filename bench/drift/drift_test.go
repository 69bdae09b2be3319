package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
)

// TestThePreflightTellsWhatPluginOpenWouldSay runs a few cases of the matrix, all
// on one host. The shared variable that grew is the one that plugin.Open accepts,
// and that overwrites the host's memory.
func TestThePreflightTellsWhatPluginOpenWouldSay(t *testing.T) {
	const few = "identical|no recipe|contract with a type more|its variable grew|helper with another interface|same bytes in another file|module replaced by its copy"
	var cases []mismatch
	for _, c := range matrix() {
		if c.host == trimmed && regexp.MustCompile("^("+few+")$").MatchString(c.name) {
			cases = append(cases, c)
		}
	}
	if want := strings.Count(few, "|") + 1; len(cases) != want {
		t.Fatalf("%d cases, want %d", len(cases), want)
	}
	s, err := newShop(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []outcome
	for _, c := range cases {
		o, err := s.try(t.Context(), c)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		outcomes = append(outcomes, o)
		if c.name == "its variable grew" && (!o.accepts || o.verdict != dangerous) {
			t.Errorf("%s: plugin.Open accepts it: %t, the pre-flight says %q", c.name, o.accepts, o.verdict)
		}
	}
	var table bytes.Buffer
	if sum := tell(&table, outcomes); sum.builds != len(cases) || sum.right != len(cases) {
		t.Errorf("%+v\n%s", sum, table.String())
	}
}

func TestAWrongPredictionIsCountedAsWrong(t *testing.T) {
	for _, c := range []struct {
		said    verdict
		accepts bool
		want    verdict
		wrong   bool
	}{
		{fits, true, anything, false}, {dangerous, true, anything, false}, {fails, false, anything, false},
		{fits, false, anything, true}, {dangerous, false, anything, true}, {fails, true, anything, true},
		{fits, true, dangerous, true}, {dangerous, true, dangerous, false},
	} {
		o := outcome{mismatch: mismatch{want: c.want}, verdict: c.said, accepts: c.accepts}
		o.judge()
		if (o.wrong != "") != c.wrong {
			t.Errorf("%+v: %q", c, o.wrong)
		}
		if sum := tell(io.Discard, []outcome{o}); sum.builds != 1 || (sum.right == 1) == c.wrong {
			t.Errorf("%+v: %+v", c, sum)
		}
	}
	skipped := outcome{skipped: io.EOF}
	if sum := tell(io.Discard, []outcome{skipped}); sum.builds != 0 {
		t.Errorf("what was not built is counted: %+v", sum)
	}
}

func TestTheMatrixIsLargeAndItsNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	optional := 0
	for _, c := range append(matrix(), partners()...) {
		id := string(c.host) + " " + c.name
		if seen[id] {
			t.Errorf("two cases %q", id)
		}
		seen[id] = true
		if c.optional {
			optional++
		}
	}
	if certain := len(matrix()) - optional; certain < 50 {
		t.Errorf("%d cases that every machine can build", certain)
	}
	for _, c := range matrix() {
		for _, name := range c.loaded {
			if !seen[string(c.host)+" "+name] {
				t.Errorf("%s: nothing is called %q", c.name, name)
			}
		}
	}
}
