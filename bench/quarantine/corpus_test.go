package main

import (
	"go/format"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTheCorpusIsWhatItSays: many plugins, each by one name, in Go that parses.
func TestTheCorpusIsWhatItSays(t *testing.T) {
	const least = 40
	list := corpus()
	if len(list) < least {
		t.Errorf("%d plugins, want %d or more", len(list), least)
	}
	names := map[string]bool{}
	for _, v := range list {
		if names[v.name] || v.code == "" {
			t.Errorf("%s: another one has the name, or no code is expected", v.name)
		}
		names[v.name] = true
		deeds := v.start + v.construct + v.validate + v.execute + v.decls
		if (v.file == nil) != (deeds != "") {
			t.Errorf("%s is neither one file nor one source", v.name)
		}
		for name, text := range v.files() {
			if _, err := format.Source([]byte(text)); err != nil {
				t.Errorf("%s: %s: %v\n%s", v.name, name, err, text)
			}
		}
	}
}

func TestOnlyTheChosenAreTried(t *testing.T) {
	if got := chosen(corpus(), "umask,chdir"); len(got) != 2 || len(chosen(corpus(), "")) != len(corpus()) || len(chosen(corpus(), "nobody")) != 0 {
		t.Errorf("%d are chosen", len(got))
	}
}

// TestTheTallyIsGoodOnlyIfAllWereCaught, and says so in its last line.
func TestTheTallyIsGoodOnlyIfAllWereCaught(t *testing.T) {
	for _, c := range []struct {
		tally tally
		good  bool
		line  string
	}{
		{tally{plugins: 40, caught: 40}, true, "quarantine: plugins=40 caught=40 host_crashes=0 later_good_load=ok\n"},
		{tally{plugins: 40, caught: 39}, false, "quarantine: plugins=40 caught=39 host_crashes=0 later_good_load=ok\n"},
		{tally{plugins: 40, caught: 40, crashes: 1}, false, "quarantine: plugins=40 caught=40 host_crashes=1 later_good_load=ok\n"},
		{tally{plugins: 40, caught: 40, goodBad: []string{"no"}}, false, "quarantine: plugins=40 caught=40 host_crashes=0 later_good_load=failed\n"},
		{tally{}, false, "quarantine: plugins=0 caught=0 host_crashes=0 later_good_load=ok\n"},
	} {
		var out strings.Builder
		c.tally.out = &out
		c.tally.sum()
		if c.tally.good() != c.good || !strings.HasSuffix(out.String(), c.line) {
			t.Errorf("good %t, %q", c.tally.good(), out.String())
		}
	}
}

// TestTheWitnessNoticesWhatChanged in this process.
func TestTheWitnessNoticesWhatChanged(t *testing.T) {
	wrong := make(chan error, 1)
	w := watch(func() error {
		select {
		case err := <-wrong:
			return err
		default:
			return nil
		}
	})
	defer w.end()
	w.accept()
	if got := w.noticed(); len(got) != 0 {
		t.Fatalf("without a reason: %q", got)
	}
	w.before["goroutines"] = "1000"
	if got := w.noticed(); len(got) != 0 {
		t.Fatalf("fewer goroutines are no harm: %q", got)
	}
	t.Setenv("SWAPLINE_TEST_WITNESS", "seen")
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stop := make(chan struct{})
	defer close(stop)
	go func() { <-stop }()
	wrong <- os.ErrInvalid
	for len(wrong) > 0 {
		time.Sleep(time.Millisecond)
	}
	got := w.noticed()
	for _, word := range []string{"environment", "descriptors", "goroutines", "invalid argument"} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, word) }) {
			t.Errorf("%s changed and nobody noticed: %q", word, got)
		}
	}
}
