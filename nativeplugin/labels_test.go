package nativeplugin_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/driver"
)

// busy computes for a while, and has goroutines from everywhere.
func busy() strategySource {
	return strategySource{"main.go": `package main

import (
	"context"
	"time"

	"github.com/swapline/swapline/abi"
)

var end = make(chan struct{})

func init() { go waitsSinceInit() }

func waitsSinceInit()        { <-end }
func waitsSinceConstructor() { <-end }
func waitsSinceExecute()     { <-end }

func NewStrategy(abi.Host) (abi.Strategy, error) { go waitsSinceConstructor(); return &strategy{}, nil }

type strategy struct{}

//go:noinline
func burns(until time.Time) (n int64) {
	for time.Now().Before(until) {
		n++
	}
	return n
}

func (*strategy) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if in["start"] == true {
		go waitsSinceExecute()
	}
	ms, _ := in["ms"].(int64)
	burns(time.Now().Add(time.Duration(ms) * time.Millisecond))
	return map[string]any{}, nil
}

func main() {}
`}
}

// loadBusy loads it with a digest, as the runtime does.
func loadBusy(t *testing.T) driver.Instance {
	t.Helper()
	s, err := specOf(release(t, "7.7.7", busy()).path, "7.7.7", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Digest, s.Loaded = "sha256:0123456789abcdef", time.Now()
	in, err := sharedDriver(t).Load(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(context.Background()) })
	return in
}

// TestProfilesShowAPluginsFunctionsByNameAndRelease in the form in which people
// read them: what go tool pprof prints.
func TestProfilesShowAPluginsFunctionsByNameAndRelease(t *testing.T) {
	in := loadBusy(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	path := filepath.Join(t.TempDir(), "cpu.pprof")
	var text string
	for try := 0; try < 20 && !strings.Contains(text, "burns"); try++ { // a starved machine samples seldom
		var profile bytes.Buffer
		if err := pprof.StartCPUProfile(&profile); err != nil {
			t.Fatal("somebody else takes a profile: ", err)
		}
		_, err := in.Execute(ctx, map[string]any{"ms": int64(200)})
		pprof.StopCPUProfile()
		if err = errors.Join(err, os.WriteFile(path, profile.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("go", "tool", "pprof", "-traces", path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text = string(out)
	}
	for _, want := range []string{"strategy:risk", "release:7.7.7", "digest:0123456789ab", "load:", "swapline.release/risk/v7_7_7_", ".burns", ".(*strategy).Execute"} {
		if !squeezed(text, want) {
			t.Errorf("the profile does not show %s:\n%.3000s", want, text)
		}
	}
	if got := in.(driver.Named).Function(); !strings.HasPrefix(got, "swapline.release/risk/v7_7_7_") || !strings.HasSuffix(got, ".(*strategy).Execute") {
		t.Errorf("the function is %q", got)
	}
}

// squeezed looks for s in text that may have spaces in between.
func squeezed(text, s string) bool {
	return strings.Contains(strings.ReplaceAll(text, " ", ""), s)
}

// TestAPluginsGoroutinesCarryItsReleasesLabels wherever they were started.
func TestAPluginsGoroutinesCarryItsReleasesLabels(t *testing.T) {
	in := loadBusy(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := in.Execute(ctx, map[string]any{"start": true}); err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{"waitsSinceInit": false, "waitsSinceConstructor": true, "waitsSinceExecute": true} // with a load
	for limit := time.Now().Add(time.Minute); len(wanted) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			all, err := driver.LabelledGoroutines()
			t.Fatalf("no labels at %v: %+v, %v", wanted, all, err)
		}
		all, err := driver.LabelledGoroutines()
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range all {
			for name, loaded := range wanted {
				if strings.Contains(g.Stack, name) && g.Strategy == "risk" && g.Release == "7.7.7" && g.Digest != "" && (g.Load != "") == loaded {
					delete(wanted, name)
				}
			}
		}
	}
}
