package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/server"
)

// film plays a rollout to clients: each look at it shows the next picture, the
// last one stays. A picture without ID is a server that is just being renewed.
type film struct {
	pictures []runtime.Rollout
	at       atomic.Int64
	posted   []string // path and If-Match of commands
}

func (f *film) now() runtime.Rollout { return f.pictures[min(int(f.at.Load()), len(f.pictures)-1)] }

// ServeHTTP implements http.Handler.
func (f *film) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v1/strategies/risk/rollouts/")
	switch p := f.now(); {
	case strings.HasSuffix(path, "/decisions"):
		shown := f.pictures[min(max(0, int(f.at.Load())-1), len(f.pictures)-1)] // with the picture that was answered last
		answer(w, http.StatusOK, map[string]any{"decisions": decisionsUntil(shown)})
	case r.Method == http.MethodPost:
		f.posted = append(f.posted, path+" "+r.Header.Get("If-Match"))
		if r.Header.Get("If-Match") != etagOf(int64(p.Revision)) {
			answer(w, http.StatusPreconditionFailed, server.Problem{Code: string(problem.StaleRollout), Detail: "it has changed"})
			return
		}
		answer(w, http.StatusOK, p)
	case path != newest && path != "12":
		answer(w, http.StatusNotFound, server.Problem{Code: string(problem.UnknownRollout), Detail: "no such rollout"})
	default:
		f.at.Add(1)
		if p.ID == 0 {
			answer(w, http.StatusServiceUnavailable, server.Problem{Code: string(problem.HostRenewing), Detail: "in a moment"})
			return
		}
		answer(w, http.StatusOK, p)
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// decisionsUntil is one decision for each stage that was reached.
func decisionsUntil(r runtime.Rollout) (list []runtime.Decision) {
	for i := range r.Stage + 1 {
		list = append(list, runtime.Decision{Number: uint64(i + 1), At: noon.Add(time.Duration(i) * time.Minute), Verdict: rollout.Promote,
			Stage: i, Weight: r.Stages[i].Weight, Text: fmt.Sprintf("stage %d begins", i+1)})
	}
	return list
}

// picture is a rollout in one phase.
func picture(phase rollout.Phase, stage int) runtime.Rollout {
	return changedTo(func(r *runtime.Rollout) {
		r.Strategy, r.Phase, r.Stage, r.Weight = "risk", phase, stage, r.Stages[stage].Weight
		if phase.Ended() {
			r.Ended, r.Reason = noon, "because"
		}
	})
}

// play runs a command against a film.
func play(t *testing.T, pictures []runtime.Rollout, args ...string) (commandResult, *film) {
	t.Helper()
	f := &film{pictures: pictures}
	s := httptest.NewServer(f)
	defer s.Close()
	return command(t, t.TempDir(), append(args, "--address", s.URL, "--token", "secret")...), f
}

func TestWaitSaysByItsExitCodeWhatCameOfIt(t *testing.T) {
	climbing := picture(rollout.Running, 1)
	for name, c := range map[string]struct {
		pictures []runtime.Rollout
		args     []string
		code     int
		says     string
	}{
		"promoted":                   {[]runtime.Rollout{climbing, picture(rollout.Watching, 3), picture(rollout.Promoted, 3)}, nil, exitOK, ""},
		"rolled back":                {[]runtime.Rollout{climbing, picture(rollout.RolledBack, 1)}, nil, exitRolledBack, "rolled back: because"},
		"blocked":                    {[]runtime.Rollout{picture(rollout.Replaying, 0), picture(rollout.Blocked, 0)}, nil, exitBlocked, "blocked: because"},
		"aborted":                    {[]runtime.Rollout{climbing, picture(rollout.Aborted, 1)}, nil, exitAborted, "aborted: because"},
		"paused":                     {[]runtime.Rollout{climbing, picture(rollout.Paused, 1)}, nil, exitPaused, "swapline rollout promote risk"},
		"timeout":                    {[]runtime.Rollout{climbing}, []string{"--timeout", "30ms"}, exitTimeout, "not over after 30ms"},
		"timeout while it is gone":   {[]runtime.Rollout{climbing, {}}, []string{"--timeout", "700ms"}, exitTimeout, "not over after 700ms"},
		"for a pause":                {[]runtime.Rollout{climbing, picture(rollout.Paused, 1)}, []string{"--for", "paused"}, exitOK, ""},
		"for a pause that never was": {[]runtime.Rollout{climbing, picture(rollout.RolledBack, 1)}, []string{"--for", "paused"}, exitRolledBack, "rolled back"},
		"for the end over a pause":   {[]runtime.Rollout{picture(rollout.Paused, 1), picture(rollout.Promoted, 3)}, []string{"--for", "ended"}, exitOK, ""},
		"over a renewal":             {[]runtime.Rollout{climbing, {}, picture(rollout.Promoted, 3)}, nil, exitOK, ""},
		"of another rollout":         {[]runtime.Rollout{climbing}, []string{"11"}, exitError, "no such rollout"},
		"no number":                  {[]runtime.Rollout{climbing}, []string{"2.0.0"}, exitUsage, "swapline rollout history risk"},
		"for nonsense":               {[]runtime.Rollout{climbing}, []string{"--for", "ever"}, exitUsage, "promoted, paused or ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := play(t, c.pictures, append([]string{"rollout", "wait", "risk", "--timeout", "20s"}, c.args...)...)
			refused(t, r, c.code, c.says)
			if c.code == exitOK && !strings.Contains(r.stdout, "rollout 12 of risk: ") {
				t.Errorf("printed %q", r.stdout)
			}
		})
	}
}

func TestWhatCameOfItIsAWordInJSON(t *testing.T) {
	r, _ := play(t, []runtime.Rollout{picture(rollout.RolledBack, 1)}, "rollout", "wait", "risk", "--json")
	var told reported
	if err := json.Unmarshal([]byte(r.stderr), &told); err != nil || told.Code != "rolled_back" || r.code != exitRolledBack {
		t.Errorf("%v: %+v", err, r)
	}
	var of runtime.Rollout
	if err := json.Unmarshal([]byte(r.stdout), &of); err != nil || of.ID != 12 {
		t.Errorf("%v: %s", err, r.stdout)
	}
}

func TestWhoeverStopsLookingLearnsThatItGoesOn(t *testing.T) {
	s := httptest.NewServer(&film{pictures: []runtime.Rollout{picture(rollout.Running, 1)}})
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	a := &app{stdout: stopper(cancel), stderr: io.Discard, data: t.TempDir(), address: s.URL, token: "x"}
	for name, err := range map[string]error{"watch": a.rolloutWatch(ctx, "risk", newest), "wait": a.rolloutWait(ctx, "risk", newest, waitOptions{goal: "ended"})} {
		if exitCode(err) != exitError || !strings.Contains(fmt.Sprint(err), "goes on") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// stopper ends what writes to it.
type stopper func()

func (s stopper) Write(b []byte) (int, error) { s(); return len(b), nil }

func TestWatchWritesALineForEachDecision(t *testing.T) {
	r, _ := play(t, []runtime.Rollout{picture(rollout.Running, 0), picture(rollout.Running, 0), {}, picture(rollout.Running, 2), picture(rollout.RolledBack, 2)},
		"rollout", "watch", "risk")
	refused(t, r, exitRolledBack, "rolled back: because")
	moving := regexp.MustCompile(`(?m)^.*the server does not answer`) // has the time of the test
	golden(t, "lines", moving.ReplaceAllString(r.stdout, "NOW  the server does not answer"))
}

func TestWatchWritesAnObjectALineForMachines(t *testing.T) {
	r, _ := play(t, []runtime.Rollout{picture(rollout.Running, 0), picture(rollout.Promoted, 3)}, "rollout", "watch", "risk", "--json")
	var decisions, ends int
	for line := range strings.Lines(r.stdout) {
		var o struct {
			Decision *runtime.Decision
			Rollout  *runtime.Rollout
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if o.Decision != nil {
			decisions++
		}
		if o.Rollout != nil && o.Rollout.Phase == rollout.Promoted {
			ends++
		}
	}
	if r.code != exitOK || decisions != 4 || ends != 1 {
		t.Errorf("code %d, %d decisions, %d ends: %s%s", r.code, decisions, ends, r.stdout, r.stderr)
	}
}

func TestACommandFollowsARolloutThatMoves(t *testing.T) {
	at := func(stage int, revision uint64) runtime.Rollout {
		r := picture(rollout.Running, stage)
		r.Revision = revision
		return r
	}
	for name, c := range map[string]struct {
		verb     string
		pictures []runtime.Rollout
		posted   string
		code     int
	}{
		"nothing moves":            {"promote", []runtime.Rollout{at(1, 40)}, `12/promote "40"`, exitOK},
		"judged meanwhile":         {"promote", []runtime.Rollout{at(1, 40), at(1, 41), at(1, 41)}, `12/promote "40", 12/promote "41"`, exitOK},
		"the stage went by":        {"promote", []runtime.Rollout{at(1, 40), at(2, 41), at(2, 41)}, `12/promote "40"`, exitConflict},
		"an abort is always meant": {"abort", []runtime.Rollout{at(1, 40), at(2, 41), at(2, 41)}, `12/abort "40", 12/abort "41"`, exitOK},
	} {
		t.Run(name, func(t *testing.T) {
			r, f := play(t, c.pictures, "rollout", c.verb, "risk", "--reason", "x")
			if posted := strings.Join(f.posted, ", "); r.code != c.code || posted != c.posted {
				t.Errorf("code %d, posted %s: %s", r.code, posted, r.stderr)
			}
		})
	}
	r, f := play(t, []runtime.Rollout{at(1, 40)}, "rollout", "resume", "risk", "--if-revision", "39")
	if r.code != exitConflict || len(f.posted) != 1 || f.posted[0] != `12/resume "39"` {
		t.Errorf("with a revision of the user's: %d, %v", r.code, f.posted)
	}
}

// terminal understands as much as a screen uses.
func terminal(text string) []string {
	lines, row := []string{""}, 0
	up := regexp.MustCompile(`^\x1b\[(\d+)A`)
	for len(text) > 0 {
		var n int
		switch m := up.FindString(text); {
		case m != "":
			_, _ = fmt.Sscanf(m, "\x1b[%dA", &n)
			row -= n
			text = text[len(m):]
			continue
		case strings.HasPrefix(text, "\x1b[J"):
			lines = append(lines[:row], "")
			text = text[3:]
			continue
		case text[0] == '\n':
			row++
			if row == len(lines) {
				lines = append(lines, "")
			}
		case text[0] != '\r':
			lines[row] += text[:1]
		}
		text = text[1:]
	}
	return lines
}

func TestAScreenShowsOnlyTheNewestPage(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprintln(&b, "$ swapline rollout watch")
	s := screen{w: &b}
	l := look{width: 10, height: 4}
	for _, page := range [][]string{{"one"}, {"a", "b", "c"}, {"a", "b", "c", "d", "e"}, {"too long for it", "two"}} {
		s.draw(page, l)
	}
	if got := strings.Join(terminal(b.String()), "|"); got != "$ swapline rollout watch|too long~|two|" {
		t.Errorf("the screen shows %q", got)
	}
	b.Reset()
	s = screen{w: &b}
	s.draw([]string{"a", "b", "c", "d", "e"}, l)
	if got := strings.Join(terminal(b.String()), "|"); got != "a|b|~|" {
		t.Errorf("a page that is too long shows %q", got)
	}
}

func TestALookWithoutTerminalHasNoColour(t *testing.T) {
	for lang, unicode := range map[string]bool{"": true, "C": false, "de_DE.UTF-8": true, "en_US.utf8": true, "POSIX": false} {
		t.Setenv("LC_ALL", lang)
		t.Setenv("LC_CTYPE", "")
		t.Setenv("LANG", "")
		if l := lookOf(&bytes.Buffer{}); l != (look{unicode: unicode}) {
			t.Errorf("%q: %+v", lang, l)
		}
	}
}
