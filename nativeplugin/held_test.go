package nativeplugin

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
	"time"

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
			ticked(t, path)
			touch(t, path)
			if err := h.unchanged(); problem.CodeOf(err) != problem.DigestMismatch {
				t.Errorf("err = %v, want %s", err, problem.DigestMismatch)
			}
		})
	}
}

// ticked waits until the kernel's clock for files, which ticks every few milliseconds,
// is past a file's last change.
func ticked(t *testing.T, path string) {
	t.Helper()
	before, err := os.Stat(path)
	must(t, err)
	other := filepath.Join(t.TempDir(), "now")
	for range 10_000 {
		must(t, os.WriteFile(other, nil, 0o600))
		now, err := os.Stat(other)
		must(t, err)
		if changed(now).After(changed(before)) || changed(before).IsZero() { // or this system does not tell
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the clock for files stands still")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
