package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/wasm"
)

func TestArmsAreReadFromTheirText(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "dist/risk.wasm", wasmBytes)
	write(t, "dist/risk.so", "\x7fELF")
	write(t, "src/main.go", "package main")
	write(t, "fast=dist", "odd")
	write(t, "wazero:risk", "odd")
	const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for text, want := range map[string]armSpec{
		"dist/risk.wasm":                 {path: "dist/risk.wasm"},
		"src":                            {path: "src", place: placeFolder},
		"native:src":                     {what: "native", path: "src", place: placeFolder},
		"direct:dist/risk.so":            {what: "direct", path: "dist/risk.so"},
		"fast=wazero:dist/risk.wasm":     {name: "fast", what: "wazero", path: "dist/risk.wasm"},
		"wazero/instance:dist/risk.wasm": {what: "wazero", isolation: "instance", path: "dist/risk.wasm"},
		"own=native/process:src":         {name: "own", what: "native", isolation: "process", path: "src", place: placeFolder},
		"./fast=dist":                    {path: "./fast=dist"},
		"./wazero:risk":                  {path: "./wazero:risk"},
		"risk@1.0.0":                     {path: "risk@1.0.0", place: placeRelease},
		"risk@9f86d081":                  {path: "risk@9f86d081", place: placeRelease},
		"risk@sha256:" + digest:          {path: "risk@sha256:" + digest, place: placeRelease},
		"risk@stable":                    {path: "risk@stable", place: placeRelease},
		"new=wasmtime/request:risk@2.0.0-rc.1+b7": {name: "new", what: "wasmtime", isolation: "request", path: "risk@2.0.0-rc.1+b7", place: placeRelease},
	} {
		want.text = text
		if got, err := parseArm(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestArmsThatCannotBeMeantAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "risk.wasm", wasmBytes)
	for text, why := range map[string]string{
		"":                          "is missing",
		"wazero:":                   "is missing",
		"fast=":                     "is missing",
		"nowhere.wasm":              "no file or folder",
		"risk@":                     "no file or folder",
		"risk@1.0":                  "no file or folder",
		"risk@9F86D081":             "no file or folder",
		"Risk!@1.0.0":               "no file or folder",
		"v8:risk.wasm":              "no way to run it that is called v8",
		"v8:risk@1.0.0":             "no way to run it that is called v8",
		"v8:nowhere.wasm":           "no file or folder",
		"wazero/fast:risk.wasm":     "isolation must be request, instance or process",
		"direct/instance:risk.wasm": "no isolation",
	} {
		if _, err := parseArm(text); exitCode(err) != exitUsage || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
	for _, c := range []struct {
		args []string
		why  string
	}{
		{[]string{"risk.wasm", "risk@1.0.0"}, "cannot be compared with each other"},
		{[]string{"a=risk.wasm", "a=risk.wasm"}, "two arms are named a"},
		{[]string{"direct:risk@1.0.0", "direct:risk@2.0.0"}, "two arms are named direct"},
	} {
		if _, _, err := parseArms(c.args); exitCode(err) != exitUsage || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%v: %v, want %q", c.args, err, c.why)
		}
	}
}

func TestTheDirectArmComesFirst(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "risk.wasm", wasmBytes)
	write(t, "risk.so", "\x7fELF")
	write(t, "src/main.go", "package main")
	write(t, "c/main.c", "int main;")
	for _, c := range []struct {
		args []string
		want string // the first arm; "" is a refusal
	}{
		{[]string{"wazero:src"}, "direct:src"},
		{[]string{"risk.wasm", "risk.so"}, "direct:risk.so"},
		{[]string{"slow=native/process:src", "wazero:src"}, "direct:src"},
		{[]string{"risk.wasm", "direct:risk.so"}, "risk.wasm"},
		{[]string{"risk@1.0.0", "native:risk@2.0.0"}, "direct:risk@2.0.0"},
		{[]string{"risk.wasm", "c"}, ""},
		{[]string{"risk@1.0.0", "risk@2.0.0"}, ""},
	} {
		arms, _, err := parseArms(c.args)
		if err != nil {
			t.Fatal(err)
		}
		arms, err = withDirect(arms)
		if c.want == "" {
			if exitCode(err) != exitUsage {
				t.Errorf("%v: %v, %v", c.args, arms, err)
			}
			continue
		}
		if err != nil || arms[0].text != c.want || arms[0].isolation != "" {
			t.Errorf("%v: %+v, %v, want %s first", c.args, arms, err, c.want)
		}
	}
}

func TestAFileIsOnlyWhatItCanBe(t *testing.T) {
	for _, c := range []struct {
		what string
		file string
		fits bool
	}{
		{"", "wasm", true}, {"", "native", true}, {"wasm", "wasm", true}, {"wazero", "wasm", true}, {"native", "native", true}, {"direct", "native", true},
		{"native", "wasm", false}, {"direct", "wasm", false}, {"wazero", "native", false}, {"wasmtime", "native", false},
	} {
		s := armSpec{what: c.what, text: c.what + ":x"}
		kind := wasm.Kind
		if c.file == "native" {
			kind = nativeplugin.Kind
		}
		if err := s.fits(kind); (err == nil) != c.fits {
			t.Errorf("%s of a %s file: %v", c.what, c.file, err)
		}
	}
}

func TestReportsAreRefusedBeforeAnythingIsMeasured(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder.md"), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, ok := range map[string]bool{"r.html": true, "r.HTML": true, "r.md": true, "r.json": true, "r.pdf": false, "r": false, "no/r.html": false, "folder.md": false} {
		_, err := reportFiles([]string{filepath.Join(dir, path)})
		if (err == nil) != ok || err != nil && exitCode(err) != exitUsage {
			t.Errorf("%s: %v", path, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestReleasesOfAServerAreNamedByWhatWasTyped: both run on one engine, whose name would
// say nothing.
func TestReleasesOfAServerAreNamedByWhatWasTyped(t *testing.T) {
	for args, want := range map[string]string{
		"risk@1.0.0 risk@df50466848cce66c6369bec2741766196088c09ce1329072d98334907c50a6b4": "1.0.0 df50466848cc",
		"risk@sha256:df50466848cce66c risk@25b6d645":                                       "df50466848cc 25b6d645",
		"risk@stable risk@2.0.0":            "stable 2.0.0",
		"wazero:risk@1.0.0 slow=risk@2.0.0": " slow",
	} {
		arms, _, err := parseArms(strings.Fields(args))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(armNames(arms, asked{arms: arms}.versions()), " "); got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

func TestArmsThatRunAlikeAreNamedByVersion(t *testing.T) {
	arms := func(whats ...string) (list []armSpec) {
		for _, w := range whats {
			name, what, _ := strings.Cut(w, "=")
			list = append(list, armSpec{name: name, what: what})
		}
		return list
	}
	for _, c := range []struct {
		arms     []armSpec
		versions string
		want     string
	}{
		{arms("=", "="), "1.0.0 2.0.0", "1.0.0 2.0.0"},
		{arms("=wazero", "=wazero"), "1.0.0 2.0.0", "1.0.0 2.0.0"},
		{arms("=wazero", "=wazero"), "1.0.0 1.0.0", "- -"},
		{arms("=native", "=wazero"), "1.0.0 2.0.0", "- -"},
		{arms("=native", "=wazero", "=wazero"), "1.0.0 1.0.0 2.0.0", "- wazero_1.0.0 wazero_2.0.0"},
		{arms("old=wazero", "=wazero"), "1.0.0 2.0.0", "old -"},
		{arms("=", "="), "1.0.0 -", "1.0.0 -"},
		{arms("=direct", "=native"), "1.0.0 1.0.0", "direct -"},
	} {
		versions := strings.Fields(c.versions)
		for i := range versions {
			versions[i] = strings.Trim(versions[i], "-")
		}
		var got []string
		for _, n := range armNames(c.arms, versions) {
			if n == "" {
				n = "-"
			}
			got = append(got, strings.ReplaceAll(n, " ", "_"))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v %s: %v, want %s", c.arms, c.versions, got, c.want)
		}
	}
}
