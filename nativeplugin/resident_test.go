package nativeplugin_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/swapline/swapline/nativeplugin"
)

// TestWhatIsOpenIsListedAlsoWhenItIsRetired: with what it cost.
func TestWhatIsOpenIsListedAlsoWhenItIsRetired(t *testing.T) {
	p := release(t, "1.0.0", scorer("v1"))
	in := load(t, p, "1.0.0", nil)
	if err := in.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := spec(t, p.path, "1.0.0", nil).Manifest
	list := sharedDriver(t).Residents()
	i := slices.IndexFunc(list, func(r nativeplugin.Resident) bool { return r.Artifact == want.Artifact.SHA256 })
	if i < 0 {
		t.Fatalf("it is not in %+v", list)
	}
	r := list[i]
	if r.Strategy != want.Name || r.Version != want.Version || r.FileBytes != want.Artifact.Size || r.ImportPath != p.result.ImportPath {
		t.Errorf("%+v", r)
	}
	if r.MemoryBytes < 0 || r.MemoryBytes > 1<<30 { // 0 if the process gave as much back meanwhile
		t.Errorf("opening it took %d bytes", r.MemoryBytes)
	}
	if r.Opened.IsZero() || time.Since(r.Opened) > time.Hour {
		t.Errorf("opened at %s", r.Opened)
	}
	s := sharedDriver(t).Status()
	var files, growth int64
	for _, r := range list {
		files, growth = files+r.FileBytes, growth+r.MemoryBytes
	}
	if _, err := os.Stat("/proc/self/statm"); err == nil && growth == 0 {
		t.Error("no plugin of all took any memory")
	}
	if s.Plugins != len(list) || s.MemoryBytes != files || s.GrowthBytes != growth {
		t.Errorf("the status %+v is not the sum of %d residents", s, len(list))
	}
}
