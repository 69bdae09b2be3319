package nativeplugin

import (
	"testing"

	"github.com/swapline/swapline/runtime/problem"
)

func TestVersionsOfTheCLibraryAreOrderedByTheirNumbers(t *testing.T) {
	for _, c := range []struct{ x, y, want string }{
		{"GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.34"},
		{"GLIBC_2.4", "GLIBC_2.34", "GLIBC_2.34"},
		{"GLIBC_2.34", "GLIBC_2.4", "GLIBC_2.34"},
		{"GLIBC_2.34", "GLIBC_2.34.1", "GLIBC_2.34.1"},
		{"GLIBC_2.34", "GLIBC_PRIVATE", "GLIBC_2.34"},
		{"GLIBC_2.34", "GCC_99.0", "GLIBC_2.34"},
		{"", "GLIBC_2.34", "GLIBC_2.34"},
		{"", "GLIBC_ABI_DT_RELR", ""},
	} {
		if got := newest(c.x, c.y); got != c.want {
			t.Errorf("newest(%s, %s) = %s", c.x, c.y, got)
		}
	}
}

func TestThisProcessHasTheCLibraryThatItAsksFor(t *testing.T) {
	im, err := readImage(Self())
	if err != nil {
		t.Fatal(err)
	}
	here := cLibraryHere()
	if im.cLibrary == "" || here == "" || newest(here, im.cLibrary) != here {
		t.Errorf("asks for %q, the machine has %q", im.cLibrary, here)
	}
	if got := versionOf("clibrary_test.go"); got != "" {
		t.Errorf("a text is the C library %s", got)
	}
}

func TestAPluginThatNeedsANewerCLibraryFails(t *testing.T) {
	for _, c := range []struct {
		have, need string
		fails      bool
	}{{"GLIBC_2.36", "GLIBC_2.38", true}, {"GLIBC_2.36", "GLIBC_2.36", false}, {"GLIBC_2.36", "GLIBC_2.4", false}, {"", "GLIBC_2.38", false}, {"GLIBC_2.36", "", false}} {
		r, p := fitting()
		r.profile.CLibrary, p.cLibrary = c.have, c.need
		report := r.preflight(p)
		if report.Fails() != c.fails || c.fails && (report.Differences[0].What != "C library" || problem.CodeOf(report.Err()) != problem.NativeDependency) {
			t.Errorf("%+v: %+v", c, report.Differences)
		}
	}
}
