package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/runtime/wasm/guard"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// hostileName clears the screen, colours, turns the direction of writing and
// begins a line that looks like ours.
const hostileName = "steal\x1b[2J\u009b31m\u202e\nmanifest (signatures checked)"

func TestInspectShowsForeignNamesHarmlessly(t *testing.T) {
	module := w.Guest{Import: [2]string{"env", hostileName}}.Module()
	path := write(t, filepath.Join(t.TempDir(), "m.wasm"), string(module))
	out := must(t, t.TempDir(), "inspect", path)
	if !strings.Contains(out, `env.steal\x1b[2J`) {
		t.Errorf("the name is not shown: %q", out)
	}
	for _, bad := range []string{"\x1b", "\u009b", "\u202e", "\nmanifest"} {
		if strings.Contains(out, bad) {
			t.Errorf("the output contains %q", bad)
		}
	}
}

func TestErrorsAreShownHarmlessly(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{stderr: &stderr}
	a.report(errors.New("strategy says \x1b]0;title\a \xff grüße\nsecond line"))
	if want := "swapline: strategy says \\x1b]0;title\\a \\xff grüße\nsecond line\n"; stderr.String() != want {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
}

// TestFilesOfAnySizeAreReadInBoundedMemory uses files of 64 GiB without content.
func TestFilesOfAnySizeAreReadInBoundedMemory(t *testing.T) {
	dir := t.TempDir()
	for name, most := range map[string]int{"huge.wasm": guard.DefaultLimits().Bytes, "huge.dsse": trust.MaxEnvelope} {
		path := write(t, filepath.Join(dir, name), wasmBytes)
		if err := os.Truncate(path, 64<<30); err != nil {
			t.Fatal(err)
		}
		if _, err := readAtMost(path, most); err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused(t, command(t, dir, "inspect", filepath.Join(dir, "huge.dsse")), exitError, "too large")
	exact := write(t, filepath.Join(dir, "exact"), "12345")
	if b, err := readAtMost(exact, 5); string(b) != "12345" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

func TestHelpDoesNotShowTheToken(t *testing.T) {
	t.Setenv("SWAPLINE_TOKEN", "a-token-of-the-environment")
	r := command(t, t.TempDir(), "list", "--help")
	if strings.Contains(r.stdout+r.stderr, "a-token-of-the-environment") {
		t.Error("the help shows the token")
	}
	if !strings.Contains(r.stdout, "SWAPLINE_TOKEN") {
		t.Errorf("the help does not name the variable: %s", r.stdout)
	}
}

// TestServingForgetsTheTokenOfTheEnvironment: plugins run in the server's process.
func TestServingForgetsTheTokenOfTheEnvironment(t *testing.T) {
	t.Setenv("SWAPLINE_TOKEN", "a-token-of-the-environment")
	a := &app{token: os.Getenv("SWAPLINE_TOKEN")}
	token, err := a.serverToken(dataFolder(t.TempDir()), serveOptions{listen: "127.0.0.1:0"})
	if err != nil || token != "a-token-of-the-environment" {
		t.Fatalf("%q, %v", token, err)
	}
	if v, there := os.LookupEnv("SWAPLINE_TOKEN"); there {
		t.Errorf("the environment still has %q", v)
	}
}

// TestTheTokenIsNotSentToWhoeverTookTheAddress: a server that was killed leaves
// its address behind, and anybody may listen there now.
func TestTheTokenIsNotSentToWhoeverTookTheAddress(t *testing.T) {
	asked := false
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer thief.Close()
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	data := dataFolder(t.TempDir())
	if _, err := data.token(); err != nil {
		t.Fatal(err)
	}
	if err := data.announce(running{Address: strings.TrimPrefix(thief.URL, "http://"), PID: ended.Process.Pid}); err != nil {
		t.Fatal(err)
	}
	refused(t, command(t, string(data), "list"), exitError, "has ended")
	if asked {
		t.Error("the other program was asked, with the token")
	}
}

// TestTablesShowForeignTextHarmlessly: journals may hold anything that an older
// server accepted.
func TestTablesShowForeignTextHarmlessly(t *testing.T) {
	var stdout bytes.Buffer
	a := &app{stdout: &stdout}
	s := runtime.Status{Strategy: "risk", Changes: []runtime.JournalEntry{{Action: "switch", Reason: "why\x1b[2J\u202e not"}}}
	if err := a.print(s, func(w io.Writer) { printStatus(w, s) }); err != nil {
		t.Fatal(err)
	}
	if out := stdout.String(); strings.ContainsAny(out, "\x1b\u202e") || !strings.Contains(out, `why\x1b[2J\u202e not`) {
		t.Errorf("the table is %q", out)
	}
}
