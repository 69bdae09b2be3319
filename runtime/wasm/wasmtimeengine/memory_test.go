//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
)

// stores is a program whose f(n) writes 1 to n, or grows by n >> 24 pages.
func stores() []byte {
	return program(2, nil, w.Op(0x20, 0), w.I32(24), w.Op(0x76, 0x40, 0, 0x1a, 0x20, 0), w.I32(1<<24-1), w.Op(0x71), w.I32(1), w.Op(0x3a, 0, 0), w.I32(0))
}

func call(tb testing.TB, g wasm.Guest, n uint64) {
	tb.Helper()
	if err := g.Func("f")(context.Background(), []uint64{n}); err != nil {
		tb.Fatal(err)
	}
}

// TestAGuestIsRestored, the one that was frozen and those that start with its
// image, which is larger than the memory that the module declares.
func TestAGuestIsRestored(t *testing.T) {
	m := compile(t, newEngine(t, wasmtimeengine.Config{}), stores(), double)
	first := instantiate(t, m)
	call(t, first, 2<<24|5)
	image, err := first.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	second, err := m.Instantiate(context.Background(), nil, image)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		for name, g := range map[string]wasm.Guest{"first": first, "second": second} {
			for _, at := range []uint64{0, 4096, 65535, 65536, 3<<16 - 1} {
				call(t, g, at)
			}
			if !g.Write(70_000, []byte("secret")) {
				t.Errorf("%s: no room", name)
			}
			if err := g.Restore(image); err != nil {
				t.Fatal(err)
			}
			if b, ok := g.Read(0, g.Size()); !ok || g.Size() != 3<<16 || !bytes.Equal(b, image.Bytes()) || b[5] != 1 {
				t.Errorf("%s: %d bytes are not the image", name, len(b))
			}
		}
	}
	call(t, second, 1<<24)
	if err := second.Restore(image); err == nil {
		t.Error("a memory that has grown was restored")
	}
	if err := errors.Join(second.Close(context.Background()), first.Close(context.Background()), image.Close()); err != nil {
		t.Error(err)
	}
	if other, err := snapshot.NewImage(make([]byte, 65536)); err != nil || instantiate(t, m).Restore(other) == nil {
		t.Errorf("an image of nobody was taken, %v", err)
	}
}

func TestAMemoryWithoutAPageIsRefused(t *testing.T) {
	empty := bytes.Replace(stores(), []byte{5, 3, 1, 0, 1}, []byte{5, 3, 1, 0, 0}, 1)
	m := compile(t, newEngine(t, wasmtimeengine.Config{}), empty, double)
	if _, err := m.Instantiate(context.Background(), nil, nil); err == nil || !strings.Contains(err.Error(), "without a page") {
		t.Errorf("%v", err)
	}
}

// TestClosedGuestsReturnWhatTheyHad: memory, stacks, descriptors and maps.
func TestClosedGuestsReturnWhatTheyHad(t *testing.T) {
	m := compile(t, newEngine(t, wasmtimeengine.Config{}), stores(), double)
	live := func() {
		for range 50 {
			g, err := m.Instantiate(context.Background(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			call(t, g, 3<<24|1)
			image, err := g.Freeze()
			if err := errors.Join(err, g.Close(context.Background()), image.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	live()
	before := [3]int{resident(t), lines(t, "/proc/self/maps"), files(t)}
	live()
	after := [3]int{resident(t), lines(t, "/proc/self/maps"), files(t)}
	if after[0] > before[0]+4<<20 || after[1] > before[1]+5 || after[2] > before[2] {
		t.Errorf("bytes, maps and files were %v and are %v", before, after)
	}
}

// TestAGuestThatIsForgottenIsFreed by the collector.
func TestAGuestThatIsForgottenIsFreed(t *testing.T) {
	m := compile(t, newEngine(t, wasmtimeengine.Config{}), stores(), double)
	before := lines(t, "/proc/self/maps")
	func() {
		for range 20 {
			if _, err := m.Instantiate(context.Background(), nil, nil); err != nil {
				t.Fatal(err)
			}
		}
	}()
	if now := lines(t, "/proc/self/maps"); now < before+20 {
		t.Fatalf("20 guests take %d maps", now-before)
	}
	for end := time.Now().Add(time.Minute); lines(t, "/proc/self/maps") > before+5; runtime.GC() {
		if time.Now().After(end) {
			t.Fatal("they are still there")
		}
	}
}

// resident is the process's memory in bytes.
func resident(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(raw))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func lines(t *testing.T, file string) int {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte{'\n'})
}

func files(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
