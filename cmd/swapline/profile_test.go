package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

// profileServer answers with this program's profile and one plugin more.
func profileServer(t *testing.T) string {
	t.Helper()
	p, err := nativeplugin.ProfileOf("")
	if err != nil {
		t.Fatal(err)
	}
	p.Build.GoVersion = "go9.99.9"
	p.Loaded = []nativeplugin.LoadedProfile{{Owner: "risk 1.0.0", Path: "example.com/risk", Build: p.Build}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/host/profile" || r.Header.Get("Authorization") != "Bearer the-token-of-this-test" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		_ = json.NewEncoder(w).Encode(p)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestInspectComparesWithWhatItIsToldTo uses this program as a plugin, which it is
// not, in all ways of naming a host.
func TestInspectComparesWithWhatItIsToldTo(t *testing.T) {
	file, data, url := nativeplugin.Self(), t.TempDir(), profileServer(t)
	for name, c := range map[string]struct {
		args   []string
		remote bool
	}{
		"this program":    {nil, false},
		"a file":          {[]string{"--against", file}, false},
		"a URL":           {[]string{"--against", url}, true},
		"the host":        {[]string{"--against", "host", "--address", url}, true},
		"the host's port": {[]string{"--against", "host", "--address", strings.TrimPrefix(url, "http://")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"inspect", file, "--token", "the-token-of-this-test"}, c.args...)
			r := command(t, data, args...)
			refused(t, r, exitInvalid, "native_malformed")
			for word, want := range map[string]bool{"build mode": true, "loading fails": true, "it cannot be loaded": true,
				"go9.99.9": c.remote, "the host and what it has open (1)": c.remote} {
				if strings.Contains(r.stdout, word) != want {
					t.Errorf("%q in the table is not %t:\n%s", word, want, r.stdout)
				}
			}
			if strings.Contains(r.stderr, "WHAT") {
				t.Errorf("the table is there twice: %s", r.stderr)
			}
		})
	}
	refused(t, command(t, data, "inspect", file, "--against", "host"), exitError, "no server is running")
	refused(t, command(t, data, "inspect", file, "--against", filepath.Join(data, "nowhere")), exitInvalid, "native_toolchain_mismatch")
}

func TestInspectTellsMachinesTheWholeTable(t *testing.T) {
	r := command(t, t.TempDir(), "inspect", nativeplugin.Self(), "--json", "--against", profileServer(t), "--token", "the-token-of-this-test")
	var out struct {
		Plugin nativeplugin.Report `json:"plugin"`
	}
	if err := json.Unmarshal([]byte(r.stdout), &out); err != nil {
		t.Fatalf("%v: %s", err, r.stdout)
	}
	if !out.Plugin.Fails() || len(out.Plugin.Loaded) != 1 {
		t.Errorf("%+v", out.Plugin)
	}
	for _, d := range out.Plugin.Differences {
		if d.What == "" || d.Severity == "" || d.Severity != nativeplugin.Harmless && d.Cure == "" {
			t.Errorf("line %+v", d)
		}
	}
}

// TestARefusedUploadIsShownWithItsTable: whatever the command.
func TestARefusedUploadIsShownWithItsTable(t *testing.T) {
	body := server.Problem{Type: "https://example.com/#x", Title: "x", Status: 422, Code: string(problem.NativeToolchain), Detail: "-trimpath differs", DifferencesLeftOut: 7}
	body.Differences = append(body.Differences, problem.Difference{What: "-trimpath", Host: "not set", Plugin: "true\x1b[31m", Severity: "fails", Cure: "swapline build"})
	for range 8 {
		body.Differences = append(body.Differences, problem.Difference{What: "package x", Host: "a", Plugin: "b", Severity: "dangerous", Cure: "swapline build"})
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_ = json.NewEncoder(w).Encode(body)
	}))
	defer s.Close()
	r := command(t, t.TempDir(), "list", "--address", s.URL)
	refused(t, r, exitInvalid, "-trimpath differs")
	for _, word := range []string{"WHAT", "-trimpath", "loading fails", "dangerous, refused", "[1] swapline build\n", "and 10 more differences"} {
		if !strings.Contains(r.stderr, word) {
			t.Errorf("no %q in\n%s", word, r.stderr)
		}
	}
	if strings.Contains(r.stderr, "\x1b") {
		t.Errorf("the server steers the terminal: %q", r.stderr)
	}
	r = command(t, t.TempDir(), "list", "--json", "--address", s.URL)
	if got := reportedBy(t, r); len(got.Differences) != 9 || got.DifferencesLeftOut != 7 || got.Differences[0] != body.Differences[0] {
		t.Errorf("%+v", got)
	}
}
