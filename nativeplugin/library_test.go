package nativeplugin

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLibrariesAreFoundWhereTheLoaderLooks(t *testing.T) {
	folder, other := t.TempDir(), t.TempDir()
	for _, name := range []string{filepath.Join(folder, "libmine.so"), filepath.Join(other, "libpreset.so")} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("LD_LIBRARY_PATH", other)
	for _, c := range []struct {
		name, path string
		want       bool
	}{
		{"libmine.so", folder, true},
		{"libmine.so", "/nowhere:" + folder, true},
		{"libmine.so", "", false},
		{"libmine.so", ":/nowhere:", false},
		{"libpreset.so", "", true},
		{"libgcc_s.so.1", "", true}, // known by the loader's cache
		{"gcc_s.so.1", "", false},
		{folder + "/libmine.so", "", true},
		{folder + "/libpreset.so", folder, false},
	} {
		if got := findable(c.name, c.path); got != c.want {
			t.Errorf("%s with path %q: %t", c.name, c.path, got)
		}
	}
}
