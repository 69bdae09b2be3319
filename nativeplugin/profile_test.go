package nativeplugin

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline"
	"github.com/swapline/swapline/runtime/problem"
)

// profiled is the profile of the host of [fitting] with its plugin, as another
// process reads it.
func profiled(t testing.TB) (*Profile, *image) {
	t.Helper()
	r, p := fitting()
	made, err := r.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	read, err := DecodeProfile(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(made, read) {
		t.Errorf("wrote %+v, read %+v", made, read)
	}
	return read, p
}

// TestAProfileComparesAsItsProcessDoes repeats the changes of one of each kind on
// both sides of JSON.
func TestAProfileComparesAsItsProcessDoes(t *testing.T) {
	for name, change := range map[string]func(p *image){
		"nothing":            func(*image) {},
		"a flag":             func(p *image) { set(p, "-race", "true") },
		"the host's package": func(p *image) { p.fingerprints["runtime"] = "other" },
		"a loaded package":   func(p *image) { p.fingerprints["example.com/own"] = "other" },
		"a loaded variable":  func(p *image) { p.data["example.com/own.table"] = 1 },
		"a loaded module":    func(p *image) { p.info.Deps[2].Version = "v2.0.0" },
		"the path of a loaded": func(p *image) {
			p.info.Path, p.fingerprints["swapline.release/risk/v1"] = "swapline.release/risk/v1", "v1"
		},
		"the contract":            func(p *image) { p.recipe = nil },
		"a library of the host's": func(p *image) { p.libraries = []string{"libspecial.so"} },
	} {
		t.Run(name, func(t *testing.T) {
			read, p := profiled(t)
			r, _ := fitting()
			change(p)
			here, there := r.preflight(p), newResident(read).preflight(p)
			if !reflect.DeepEqual(here, there) {
				t.Errorf("here %+v\nthere %+v", here, there)
			}
			if (name == "nothing" || name == "a library of the host's") != (here.Err() == nil) || !slices.Equal(here.Loaded, []string{"risk 1.0.0"}) {
				t.Errorf("report %+v", here)
			}
		})
	}
}

func TestALoadedPluginTellsOnlyWhatItAdded(t *testing.T) {
	p, _ := profiled(t)
	l := p.Loaded[0]
	if l.Owner != "risk 1.0.0" || l.Path != "swapline.release/risk/v1" {
		t.Errorf("loaded %+v", l)
	}
	if got := slices.Sorted(maps.Keys(l.Fingerprints)); !slices.Equal(got, []string{"example.com/own", "swapline.release/risk/v1"}) {
		t.Errorf("fingerprints %v", got)
	}
	if got := slices.Collect(maps.Keys(l.Data)); !slices.Equal(got, []string{"example.com/own.table"}) {
		t.Errorf("data %v", got)
	}
}

func TestASnapshotStaysAsItIs(t *testing.T) {
	r, p := fitting()
	before, err := r.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	r.add(p, "risk 2.0.0")
	after, err := r.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if len(before.Loaded) != 1 || len(after.Loaded) != 2 || after.Loaded[1].Owner != "risk 2.0.0" {
		t.Errorf("%d plugins before, %d after", len(before.Loaded), len(after.Loaded))
	}
}

// TestTheContractInAnExecutableIsTheOneItWasBuiltFrom: read from the file, as for
// a host that does not run, and from memory.
func TestTheContractInAnExecutableIsTheOneItWasBuiltFrom(t *testing.T) {
	want, err := swapline.Contract()
	if err != nil {
		t.Fatal(err)
	}
	for _, executable := range []string{"", Self()} {
		p, err := ProfileOf(executable)
		if err != nil {
			t.Fatal(err)
		}
		if p.Contract != want || p.Machine == "" || p.Build.GoVersion == "" || len(p.Libraries) == 0 || len(p.Data) < 1000 {
			t.Errorf("%q: contract %q, want %q; %d variables", executable, p.Contract, want, len(p.Data))
		}
	}
	if got := contractOf("profile_test.go"); got != "" {
		t.Errorf("a text has the contract %q", got)
	}
}

func TestADriverTellsItsProcess(t *testing.T) {
	d, err := New(Config{Probe: []string{"none"}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Profile()
	if err != nil {
		t.Fatal(err)
	}
	if p.Fingerprints[contractModule+"/abi"] == "" || p.Loaded == nil || len(p.Loaded) != 0 {
		t.Errorf("%d fingerprints, loaded %v", len(p.Fingerprints), p.Loaded)
	}
}

func TestWhatIsNoProfileIsRefused(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", "null", `{"build":{},"loaded":[{}]}`, `{"build":{"Deps":[null]}}`,
		`{"build":{},"loaded":[{"build":{"Deps":[null]}}]}`, `{"build":{},"data":{"x":-1}}`} {
		if _, err := DecodeProfile([]byte(text)); problem.CodeOf(err) != problem.BadRequest {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzDecodeProfile: whatever another machine answers, comparing with it does not
// fall over.
func FuzzDecodeProfile(f *testing.F) {
	p, _ := profiled(f)
	text, err := json.Marshal(p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"build":{"Main":{"Path":"x"},"Deps":[{"Path":"x","Replace":{}}],"Settings":[{}]},"loaded":[{"build":{}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := DecodeProfile(text)
		if err != nil {
			return
		}
		_, plugin := fitting()
		report := newResident(p).preflight(plugin)
		if _, err := report.WriteTo(new(strings.Builder)); err != nil {
			t.Error(err)
		}
		if (report.Err() == nil) == (report.Fails() || report.Dangerous()) {
			t.Errorf("fails %t, dangerous %t, error %v", report.Fails(), report.Dangerous(), report.Err())
		}
	})
}

// TestTheVeryFileThatIsOpenIsNoConflict: a driver opens a file once.
func TestTheVeryFileThatIsOpenIsNoConflict(t *testing.T) {
	p, err := ProfileOf("")
	if err != nil {
		t.Fatal(err)
	}
	if p, err = p.With("risk 1.0.0", Self()); err != nil {
		t.Fatal(err)
	}
	report, err := p.Inspect(Self())
	if err != nil || report.Open != "risk 1.0.0" || len(report.Differences) != 0 {
		t.Errorf("%v, %+v", err, report)
	}
	p.Loaded[0].SHA256 = "other"
	if report, err = p.Inspect(Self()); err != nil || report.Open != "" || !report.Fails() {
		t.Errorf("%v, %+v", err, report)
	}
}
