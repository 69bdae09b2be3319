package nativeplugin

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/child"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// TestAFileThatWasTouchedAfterItsCheckIsNotOpened plays everything that leaves
// size and time of modification as they were.
func TestAFileThatWasTouchedAfterItsCheckIsNotOpened(t *testing.T) {
	before := time.Now().Add(-time.Hour).Truncate(time.Second)
	for name, touch := range map[string]func(t *testing.T, path string){
		"other bytes, old time": func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte("wicked bytes"), 0o600))
			must(t, os.Chtimes(path, before, before))
		},
		"other bytes and back": func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte("wicked bytes"), 0o600))
			must(t, os.WriteFile(path, []byte("honest bytes"), 0o600))
			must(t, os.Chtimes(path, before, before))
		},
		"a link to the same file": func(t *testing.T, path string) {
			must(t, os.Rename(path, path+".real"))
			must(t, os.Symlink(path+".real", path))
		},
		"another file": func(t *testing.T, path string) {
			must(t, os.Rename(path, path+".real"))
			must(t, os.WriteFile(path, []byte("honest bytes"), 0o600))
			must(t, os.Chtimes(path, before, before))
		},
		"gone": func(t *testing.T, path string) { must(t, os.Remove(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "artifact")
			must(t, os.WriteFile(path, []byte("honest bytes"), 0o600))
			must(t, os.Chtimes(path, before, before))
			h, err := hold(path, manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256([]byte("honest bytes")))})
			must(t, err)
			defer h.close()
			must(t, h.unchanged())
			time.Sleep(20 * time.Millisecond) // the kernel's clock for files ticks every few milliseconds
			touch(t, path)
			if err := h.unchanged(); problem.CodeOf(err) != problem.DigestMismatch {
				t.Errorf("err = %v, want %s", err, problem.DigestMismatch)
			}
		})
	}
}

// TestAVerdictIsCut: its text is a plugin's and goes into logs and answers.
func TestAVerdictIsCut(t *testing.T) {
	line, err := json.Marshal(verdict{Stage: stageConstruct, Error: strings.Repeat("a", 1<<19)})
	must(t, err)
	v, err := judge(child.Result{Answer: line})
	must(t, err)
	if n := len(v.problem().Error()); n > 8<<10 {
		t.Errorf("the problem has %d bytes", n)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAVerdictIsNotABelief: the child must give one, and live on after its
// constructor returned.
func TestAVerdictIsNotABelief(t *testing.T) {
	line, err := json.Marshal(verdict{Stage: stageConstructed})
	must(t, err)
	for name, c := range map[string]struct {
		result child.Result
		ok     bool
	}{
		"good":                {child.Result{Answer: line}, true},
		"none":                {child.Result{}, false},
		"died after its word": {child.Result{Answer: line, End: errors.New("signal: segmentation fault")}, false},
	} {
		v, err := judge(c.result)
		if (err == nil && v.problem() == nil) != c.ok {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}
