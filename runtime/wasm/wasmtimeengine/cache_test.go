//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// answering is a module whose function f returns n.
func answering(n int32) []byte {
	return w.Module(
		w.Section(1, w.Vec(w.Func("", "i"))), w.Section(3, w.Vec(w.U32(0))), w.Section(5, w.Vec(w.Op(0, 1))),
		w.Section(7, w.Vec(w.Join(w.Name("f"), w.Op(0, 0)), w.Join(w.Name("memory"), w.Op(2, 0)))),
		w.Section(10, w.Vec(w.Body(w.I32(n)))),
	)
}

// answer compiles and calls f.
func answer(t *testing.T, e *engine, module []byte) int32 {
	t.Helper()
	ctx := context.Background()
	m, err := e.Compile(ctx, module, wasm.Compile{MemoryPages: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(ctx)
	g, err := m.Instantiate(ctx, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close(ctx)
	stack := []uint64{0}
	if err := g.Func("f")(ctx, stack); err != nil {
		t.Fatal(err)
	}
	return int32(stack[0])
}

// TestCodeComesFromTheFolder swaps two files, which shows what was used.
func TestCodeComesFromTheFolder(t *testing.T) {
	e := opened(t, Config{CacheDir: filepath.Join(t.TempDir(), "cache")})
	one, two := e.cache.name(answering(1)), e.cache.name(answering(2))
	if answer(t, e, answering(1)) != 1 || answer(t, e, answering(2)) != 2 {
		t.Fatal("wrong answers")
	}
	for _, step := range [][2]string{{one, one + "x"}, {two, one}, {one + "x", two}} {
		if err := os.Rename(step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := answer(t, e, answering(1)), answer(t, e, answering(2)); a != 2 || b != 1 {
		t.Errorf("answers are %d and %d: the code was compiled again", a, b)
	}
	if info, err := os.Stat(string(e.cache)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info, err)
	}
	left, err := filepath.Glob(filepath.Join(string(e.cache), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// TestAFileThatCannotBeTrustedIsMadeAgain, and never handed to wasmtime.
func TestAFileThatCannotBeTrustedIsMadeAgain(t *testing.T) {
	other := func(change func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, file string) {
			b, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(file, change(b), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, damage := range map[string]func(*testing.T, string){
		"a bit of the code": other(func(b []byte) []byte { b[len(b)-100] ^= 1; return b }),
		"a bit of the sum":  other(func(b []byte) []byte { b[len(header)] ^= 1; return b }),
		"the header":        other(func(b []byte) []byte { b[0] ^= 1; return b }),
		"cut":               other(func(b []byte) []byte { return b[:len(b)/2] }),
		"empty":             other(func([]byte) []byte { return nil }),
		"longer":            other(func(b []byte) []byte { return append(b, 0) }),
		"open to others": func(t *testing.T, file string) {
			if err := os.Chmod(file, 0o666); err != nil {
				t.Fatal(err)
			}
		},
		"a link": func(t *testing.T, file string) {
			if err := os.Rename(file, file+"x"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(file+"x", file); err != nil {
				t.Fatal(err)
			}
		},
		"a folder": func(t *testing.T, file string) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := opened(t, Config{CacheDir: filepath.Join(t.TempDir(), "cache")})
			if answer(t, e, answering(7)) != 7 {
				t.Fatal("wrong answer")
			}
			file := e.cache.name(answering(7))
			damage(t, file)
			if kept(e, file) != nil {
				t.Error("it is taken")
			}
			if got := answer(t, e, answering(7)); got != 7 {
				t.Errorf("f = %d", got)
			}
			if name != "a folder" && kept(e, file) == nil {
				t.Error("it is not made again")
			}
		})
	}
}

// TestCodeOfAnotherBuildIsCompiledAgain: the sum is right, wasmtime refuses it.
func TestCodeOfAnotherBuildIsCompiledAgain(t *testing.T) {
	e := opened(t, Config{CacheDir: filepath.Join(t.TempDir(), "cache")})
	file := e.cache.name(answering(7))
	e.cache.store(file, []byte("code of another version"))
	if kept(e, file) == nil || answer(t, e, answering(7)) != 7 {
		t.Fatal("not taken, or a wrong answer")
	}
	if bytes.Equal(kept(e, file), []byte("code of another version")) {
		t.Error("it is not replaced")
	}
}

func TestAFolderThatOthersCouldHaveWrittenIsRefused(t *testing.T) {
	for name, prepare := range map[string]func(dir string) error{
		"open": func(dir string) error {
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.Chmod(dir, 0o770)
		},
		"a file": func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"another user's": func(dir string) error {
			if os.Geteuid() != 0 {
				return os.Symlink("/", dir)
			}
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.Chown(dir, 12345, 12345)
		},
	} {
		dir := filepath.Join(t.TempDir(), "cache")
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{CacheDir: dir}); problem.CodeOf(err) != problem.StoreFailed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMachineCodeStaysOffTheHeap: else every load would begin a collection, and
// calls of other strategies would have to help.
func TestMachineCodeStaysOffTheHeap(t *testing.T) {
	const size = 16 << 20
	c, err := openCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	name := c.name([]byte("a module"))
	c.store(name, make([]byte, size))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := 0
	c.load(name, func(code []byte) { used = len(code) })
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; used != size || grown > size/16 {
		t.Errorf("%d bytes of code took %d bytes of the heap", used, grown)
	}
}

// kept is what the cache has in a file, nil for nothing that it trusts.
func kept(e *engine, file string) (code []byte) {
	e.cache.load(file, func(b []byte) { code = bytes.Clone(b) })
	return code
}
