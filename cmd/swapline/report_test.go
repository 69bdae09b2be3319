package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/nativeplugin"
)

func reportedBy(t *testing.T, r commandResult) reported {
	t.Helper()
	var out reported
	if err := json.Unmarshal([]byte(r.stderr), &out); err != nil || r.stdout != "" {
		t.Errorf("stderr %q, stdout %q: %v", r.stderr, r.stdout, err)
	}
	return out
}

// TestABusinessErrorKeepsItsCodeInJSON: a script must be able to tell a strategy
// that says no from a server that is broken.
func TestABusinessErrorKeepsItsCodeInJSON(t *testing.T) {
	w := newWorld(t)
	w.must("push", w.release(t.TempDir(), "one", "1.0.0", 1))
	r := reportedBy(t, w.command("exec", "risk", `{"reject":1}`, "--json"))
	if r.Code != "bad_amount" || r.Message != "amount must be positive" || !r.BusinessError {
		t.Errorf("%+v", r)
	}
	r = reportedBy(t, w.command("exec", "nobody", "--json"))
	if r.Code != "unknown_strategy" || r.BusinessError || r.Cure == "" {
		t.Errorf("%+v", r)
	}
}

func TestWrongArgumentsSayHowItIsUsed(t *testing.T) {
	data := t.TempDir()
	artifact, source := artifactFile(t)
	for name, c := range map[string]struct {
		args []string
		why  string
	}{
		"misspelt command": {[]string{"serv"}, "did you mean serve"},
		"unknown command":  {[]string{"xyzzy"}, "swapline --help"},
		"unknown help":     {[]string{"help", "xyzzy"}, "unknown command"},
		"missing argument": {[]string{"push"}, "usage: swapline push FILE"},
		"too many":         {[]string{"list", "a", "b"}, "examples: swapline list --help"},
		"folder missing":   {[]string{"serve", "--dir", filepath.Join(data, "none"), "--listen", "127.0.0.1:0"}, "not a folder"},
		"too short a life": {[]string{"sign", artifact, "--source", source, "--valid-for", "10ms"}, "--valid-for"},
	} {
		t.Run(name, func(t *testing.T) {
			r := command(t, data, c.args...)
			refused(t, r, exitUsage, c.why)
			if strings.Contains(r.stdout+r.stderr, "serves on") {
				t.Errorf("a server was announced: %s", r.stderr)
			}
		})
	}
	if r := reportedBy(t, command(t, data, "serv", "--json")); r.Code != codeUsage {
		t.Errorf("%+v", r)
	}
}

func TestHelpIsTheSameByFlagAndByCommand(t *testing.T) {
	data := t.TempDir()
	for _, c := range []string{"push", "serve"} {
		if by, flag := must(t, data, "help", c), must(t, data, c, "--help"); by != flag {
			t.Errorf("help %s differs:\n%s\n%s", c, by, flag)
		}
	}
	root := must(t, data, "help")
	if root != must(t, data) || !strings.Contains(root, "Exit codes: 0 done") {
		t.Errorf("%s", root)
	}
}

func TestDurationsAreBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 180: "180ns", 1973: "2µs", 831288: "831.3µs", 718117496: "718.1ms", 12345678901: "12.35s",
	} {
		if got := brief(d); got != want {
			t.Errorf("brief(%d) = %s, want %s", d, got, want)
		}
	}
}

func TestInspectLeavesOutMostOfThePackages(t *testing.T) {
	all := []nativeplugin.Difference{{What: "-trimpath"}}
	for range 48 {
		all = append(all, nativeplugin.Difference{What: "package x"})
	}
	all = append(all, nativeplugin.Difference{What: "shared library"})
	few, more := fewPackages(all)
	if len(few) != 7 || more != 43 || few[0].What != "-trimpath" || few[6].What != "shared library" {
		t.Errorf("%d shown, %d left out: %+v", len(few), more, few)
	}
}
