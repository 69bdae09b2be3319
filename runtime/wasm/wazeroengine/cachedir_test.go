package wazeroengine_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// TestACacheThatOthersCouldHaveWrittenIsRefused: its content is machine code.
func TestACacheThatOthersCouldHaveWrittenIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(dir string) error
		want    string
	}{
		"open folder": {func(dir string) error { return os.Chmod(dir, 0o777) }, "others can write"},
		"open folder inside": {func(dir string) error {
			inner := filepath.Join(dir, "wazero")
			if err := os.Mkdir(inner, 0o700); err != nil {
				return err
			}
			return os.Chmod(inner, 0o733)
		}, "others can write"},
		"open file inside": {func(dir string) error {
			file := filepath.Join(dir, "code")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				return err
			}
			return os.Chmod(file, 0o666)
		}, "others can write"},
		"link inside": {func(dir string) error { return os.Symlink("/", filepath.Join(dir, "wazero")) }, "link"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := c.prepare(dir); err != nil {
				t.Fatal(err)
			}
			_, err := wazeroengine.New(wazeroengine.Config{CacheDir: dir})
			if problem.CodeOf(err) != problem.StoreFailed || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want %q", err, c.want)
			}
		})
	}
}

// TestACacheOfAnotherUserIsRefused needs root to give a folder away. Others own
// nothing that they can give, and find a foreign folder in the system's.
func TestACacheOfAnotherUserIsRefused(t *testing.T) {
	dir := "/"
	if os.Geteuid() == 0 {
		dir = t.TempDir()
		if err := os.Chown(dir, 12345, 12345); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := wazeroengine.New(wazeroengine.Config{CacheDir: dir}); problem.CodeOf(err) != problem.StoreFailed {
		t.Errorf("err = %v, want %s", err, problem.StoreFailed)
	}
}

func TestAPrivateCacheIsUsedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	for range 2 {
		e, err := wazeroengine.New(wazeroengine.Config{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}
