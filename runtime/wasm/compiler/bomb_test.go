package compiler

import (
	"bytes"
	"errors"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// function is a module with one function of the type func().
func function(locals []byte, code ...[]byte) []byte {
	return w.Module(w.Section(1, w.Vec(w.Func("", ""))), w.Section(3, w.Vec(w.U32(0))), w.Section(10, w.Vec(w.BodyWith(locals, code...))))
}

// nestedLoops is a bomb for the processor: 53 KB for minutes.
func nestedLoops(loops, locals int) []byte {
	var code []byte
	for i := range loops {
		code = append(code, 0x03, 0x40, 0x20)
		code = append(append(append(code, w.U32(uint32(i%locals))...), 0x21), w.U32(uint32((i*7+1)%locals))...)
	}
	return function(w.Vec(w.Join(w.U32(uint32(locals)), w.Op(0x7e))), code, bytes.Repeat(w.Join(w.I32(1), w.Op(0x0d, 0, 0x0b)), loops))
}

// straight is a function of additions: some 50 bytes of memory for every byte.
func straight(size int) []byte {
	return function(w.Op(0), w.I32(1), bytes.Repeat([]byte{0x41, 1, 0x6a}, size/3), w.Op(0x1a))
}

// manyFunctions is what a large program looks like.
func manyFunctions(n int) []byte {
	types, bodies := bytes.Repeat([]byte{0}, n), bytes.Repeat(w.Body(w.I32(7)), n)
	return w.Module(
		w.Section(1, w.Vec(w.Func("", "i"))),
		w.Section(3, w.U32(uint32(n)), types),
		w.Section(7, w.Vec(w.Join(w.Name("f"), w.Op(0, 0)))),
		w.Section(10, w.U32(uint32(n)), bodies),
	)
}

// muchData is a module with that many bytes of data.
func muchData(size int) []byte {
	return w.Module(
		w.Section(1, w.Vec(w.Func("", "i"))),
		w.Section(3, w.Vec(w.U32(0))),
		w.Section(5, w.Vec(w.Join(w.Op(0), w.U32(uint32(size>>16+1))))),
		w.Section(7, w.Vec(w.Join(w.Name("f"), w.Op(0, 0)))),
		w.Section(10, w.Vec(w.Body(w.I32(7)))),
		w.Section(11, w.Vec(w.Join(w.U32(0), w.I32(0), w.Op(0x0b), w.Sized(make([]byte, size))))),
	)
}

// TestCompileBombsAreRefusedNotSurvived: the host neither grows nor waits beyond
// the limit, and goes on. Package guard refuses most of these before; here it is
// left out.
func TestCompileBombsAreRefusedNotSurvived(t *testing.T) {
	for name, c := range map[string]struct {
		module []byte
		limits Limits
		word   string
	}{
		"processor": {nestedLoops(3000, 1000), Limits{CPU: time.Second}, "too much CPU time"},
		"clock":     {nestedLoops(3000, 1000), Limits{Wall: time.Second}, "too much time"},
		"memory":    {straight(5 << 20), Limits{Memory: 100 << 20}, "too much memory"},
		"code":      {manyFunctions(100_000), Limits{Code: 1 << 20}, "too much machine code"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "honest")
			s.config.Limits = c.limits
			e := s.open()
			before := peak(t)
			_, err := e.Compile(t.Context(), c.module, plain())
			var p *problem.Error
			if !errors.As(err, &p) || p.Code != problem.WasmCompileLimit || !strings.Contains(p.Message, c.word) {
				t.Fatalf("err = %v, want %q", err, c.word)
			}
			if p.Expected == "" || p.Remedy == "" {
				t.Errorf("it says neither the bound nor what to do: %v", err)
			}
			if grown := peak(t) - before; grown > 64<<20 {
				t.Errorf("the host grew by %d MB", grown>>20)
			}
			if n := len(s.kept("")); n != 0 {
				t.Errorf("%d files are left", n)
			}
			s.config.Limits = Limits{}
			works(t, s.open(), seven(1))
		})
	}
}

// peak is the most memory that this process ever had, in bytes.
func peak(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	must(t, err)
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	must(t, err)
	return kb << 10
}

// TestLargeModulesWithinTheLimitsWork, so that the bombs are refused for what
// they are.
func TestLargeModulesWithinTheLimitsWork(t *testing.T) {
	e := newShop(t, "honest").open()
	c := plain()
	c.MemoryPages = 1024
	for name, module := range map[string][]byte{"100,000 functions": manyFunctions(100_000), "50 MB of data": muchData(50 << 20)} {
		m, err := e.Compile(t.Context(), module, c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		answersSeven(t, m)
		must(t, m.Close(t.Context()))
	}
}

// TestTheKernelHoldsWhenTheChildDoesNotLook: a single allocation beyond the
// limit never comes back to a watch.
func TestTheKernelHoldsWhenTheChildDoesNotLook(t *testing.T) {
	if withRaceDetector() {
		t.Skip("the race detector takes gigabytes itself")
	}
	s := newShop(t, "greedy")
	s.config.Limits.Memory = 64 << 20
	_, err := s.open().Compile(t.Context(), seven(1), plain())
	if problem.CodeOf(err) != problem.WasmCompileLimit || !strings.Contains(err.Error(), "too much memory") {
		t.Errorf("err = %v", err)
	}
}

func withRaceDetector() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
