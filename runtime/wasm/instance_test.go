package wasm_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestHammer mixes answers, rejections and faults from many goroutines: each
// answer is right, the pool never exceeds its size and everything is returned.
func TestHammer(t *testing.T) {
	spec := specOf(t, liar().Module())
	spec.Manifest.Limits.Concurrency = 3
	in := load(t, spec)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 200 {
				hit(t, in, worker+i)
			}
		})
	}
	wg.Wait()
	if s := in.(driver.Reporter).Stats(); s.InUse != 0 || s.Instances > 3 {
		t.Errorf("after all calls there is %+v", s)
	}
}

func hit(t *testing.T, in driver.Instance, i int) {
	switch i % 4 {
	case 0: // unreachable
		if _, err := in.Execute(context.Background(), map[string]any{"mode": int64(13)}); faultCode(err) != problem.FaultTrap {
			t.Errorf("trap: %v", err)
		}
	case 1: // rejection
		if _, err := in.Execute(context.Background(), map[string]any{"mode": int64(8)}); err == nil || faultCode(err) != "" {
			t.Errorf("rejection: %v", err)
		}
	default:
		if out, err := in.Execute(context.Background(), map[string]any{"mode": int64(0)}); err != nil || out["calls"] == nil {
			t.Errorf("answer: %v, %v", out, err)
		}
	}
	if s := in.(driver.Reporter).Stats(); s.Instances > 3 || s.InUse > 3 {
		t.Errorf("the pool of 3 has %+v", s)
	}
}

// TestFullPoolRefuses fills a pool of one with a guest that spins.
func TestFullPoolRefuses(t *testing.T) {
	spec := specOf(t, liar().Module())
	spec.Manifest.Limits.Concurrency = 1
	in := load(t, spec)
	busy, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := in.Execute(busy, map[string]any{"mode": int64(17)})
		done <- err
	}()
	for in.(driver.Reporter).Stats().InUse == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := in.Execute(ctx, map[string]any{"mode": int64(0)})
	if problem.CodeOf(err) != problem.Overloaded {
		t.Errorf("err = %v, want %s", err, problem.Overloaded)
	}
	stop()
	if err := <-done; problem.CodeOf(err) != problem.Canceled {
		t.Errorf("the busy call: %v", err)
	}
}

// TestRestartTakesCodeFromTheCache counts the files of the cache and makes sure
// that the second engine adds none and needs the first one's.
func TestRestartTakesCodeFromTheCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	spec := specOf(t, w.Guest{}.Module())
	start := func() map[string]time.Time {
		e, err := wazeroengine.New(wazeroengine.Config{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		d := wasm.New(wasm.Config{Engines: map[string]wasm.Engine{"wazero": e}, DefaultEngine: "wazero"})
		in, err := d.Load(context.Background(), spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(in.Close(context.Background()), d.Close(context.Background())); err != nil {
			t.Fatal(err)
		}
		return entries(t, dir)
	}
	first, second := start(), start()
	if len(first) != 1 || len(second) != 1 {
		t.Fatalf("the cache has %d, then %d entries; want 1", len(first), len(second))
	}
	for name, written := range first {
		if !second[name].Equal(written) {
			t.Errorf("%s was written again", name)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache's folder: %v, %v", info, err)
	}
}

func entries(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	found := map[string]time.Time{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		found[path] = info.ModTime()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCacheThatOthersCanWriteIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := wazeroengine.New(wazeroengine.Config{CacheDir: dir}); problem.CodeOf(err) != problem.StoreFailed {
		t.Errorf("err = %v, want %s", err, problem.StoreFailed)
	}
}

// TestTwoReleasesOfOneArtifact share compiled code; closing one must not take
// it from the other.
func TestTwoReleasesOfOneArtifact(t *testing.T) {
	d := closed(t, open(t, ""))
	spec := specOf(t, w.Guest{}.Module())
	first, err := d.Load(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	other := spec
	m := *spec.Manifest
	m.Limits.MemoryBytes = 1 << 20
	other.Manifest = &m
	second, err := d.Load(context.Background(), other)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := calls(t, second); got != 1 {
		t.Errorf("calls = %d, want 1", got)
	}
	if err := second.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// TestCallWithoutDeadlineEnds holds the manifest's timeout.
func TestCallWithoutDeadlineEnds(t *testing.T) {
	spec := specOf(t, liar().Module())
	spec.Manifest.Limits.Timeout = 50 * time.Millisecond
	in := load(t, spec)
	if _, err := in.Execute(context.Background(), map[string]any{"mode": int64(17)}); faultCode(err) != problem.FaultDeadline {
		t.Errorf("err = %v, want %s", err, problem.FaultDeadline)
	}
}

func TestInspectListsEveryProblem(t *testing.T) {
	odd := specOf(t, w.Guest{Drop: "swapline_init", Import: [2]string{"env", "steal"}}.Module())
	r, err := wasm.Inspect(odd.Path)
	if err != nil || len(r.Problems) != 2 ||
		r.Problems[0].Code != problem.WasmExportMissing || r.Problems[1].Code != problem.WasmImportUnknown {
		t.Errorf("Inspect = %+v, %v; want two problems", r, err)
	}
	text := specOf(t, []byte("hello"))
	if r, err = wasm.Inspect(text.Path); err != nil || len(r.Problems) != 1 || r.Problems[0].Code != problem.WasmMalformed {
		t.Errorf("Inspect = %+v, %v; want a malformed module", r, err)
	}
	if _, err = wasm.Inspect(filepath.Join(t.TempDir(), "none.wasm")); problem.CodeOf(err) != problem.StoreFailed {
		t.Errorf("Inspect of nothing: %v", err)
	}
}
