package nativeplugin_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
)

// TestTheProfileTellsWhatIsOpen: a copy of it, in another process, compares as the
// host does.
func TestTheProfileTellsWhatIsOpen(t *testing.T) {
	v1 := release(t, "1.0.0", scorer("v1"))
	load(t, v1, "1.0.0", nil)
	here, err := sharedDriver(t).Profile()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(here.Loaded, func(l nativeplugin.LoadedProfile) bool {
		return l.Owner == "risk 1.0.0" && l.Path == v1.result.ImportPath && l.Fingerprints[l.Path] != ""
	}) {
		t.Errorf("open are %+v", here.Loaded)
	}
	text, err := json.Marshal(here)
	if err != nil {
		t.Fatal(err)
	}
	there, err := nativeplugin.DecodeProfile(text)
	if err != nil {
		t.Fatal(err)
	}
	for file, open := range map[string]string{v1.path: "risk 1.0.0", foreign(t, "trimpath", plain(goodConstructor), "-buildmode=plugin", "-trimpath"): ""} {
		x, errX := here.Inspect(file)
		y, errY := there.Inspect(file)
		if errX != nil || errY != nil || !reflect.DeepEqual(x, y) {
			t.Errorf("%s: here %+v %v, there %+v %v", file, x, errX, y, errY)
		}
		if x.Open != open || x.Fails() == (open != "") {
			t.Errorf("%s: %+v", file, x)
		}
	}
}
