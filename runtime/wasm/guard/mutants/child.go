package mutants

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"time"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// Bounds of a child.
const (
	memoryPages = 256
	heapBytes   = 3 << 30
	slowAfter   = 10 * time.Second
)

// Child does what Run asked for and returns the exit code.
func Child() int {
	debug.SetMemoryLimit(heapBytes)
	seed, from, to, files, err := parseJob(os.Getenv(environment))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	bases, err := load(files)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	e, err := wazeroengine.New(wazeroengine.Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	out := bufio.NewWriter(os.Stdout)
	for i := from; i < to; i++ {
		m := mutant(seed, i, bases)
		if _, err := guard.Parse(m, guard.Limits{}); err != nil {
			fmt.Fprintln(out, refused)
			continue
		}
		_ = out.Flush() // this mutant may be the last
		fmt.Fprintln(out, compile(e, m))
	}
	_ = out.Flush()
	return 0
}

func load(files []string) ([][]byte, error) {
	if len(files) == 0 {
		return [][]byte{builtin()}, nil
	}
	bases := make([][]byte, 0, len(files))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		bases = append(bases, b)
	}
	return bases, nil
}

// compile gives a mutant that passed the guard to the engine.
func compile(e *wazeroengine.Engine, m []byte) (outcome string) {
	defer func() {
		if recover() != nil {
			outcome = panicked
		}
	}()
	ctx := context.Background()
	start := time.Now()
	c, err := e.Compile(ctx, m, wasm.Compile{MemoryPages: memoryPages})
	if time.Since(start) > slowAfter {
		return slow
	}
	if wazeroengine.Panicked(err) {
		return panicked
	}
	if err != nil {
		return accepted
	}
	if err := c.Close(ctx); err != nil {
		return panicked
	}
	return compiled
}

// mutant damages one of the modules in one to four places, more often near
// the front, where the counts are.
func mutant(seed int64, number int, bases [][]byte) []byte {
	r := rand.New(rand.NewPCG(uint64(seed), uint64(number)))
	b := append([]byte(nil), bases[r.IntN(len(bases))]...)
	for n := 1 + r.IntN(4); n > 0 && len(b) > 0; n-- {
		at := r.IntN(len(b))
		if r.IntN(3) > 0 {
			at = r.IntN(min(len(b), 2000))
		}
		b = damage(r, b, at)
	}
	return b
}

func damage(r *rand.Rand, b []byte, at int) []byte {
	switch r.IntN(6) {
	case 0:
		b[at] ^= 1 << r.IntN(8)
	case 1:
		b[at] = byte(r.IntN(256))
	case 2:
		b[at] = 0xff
	case 3:
		return append(b[:at], b[min(len(b), at+1+r.IntN(16)):]...)
	case 4:
		return append(b[:at:at], append(random(r, 1+r.IntN(8)), b[at:]...)...)
	case 5:
		b[at]++ // counts and sizes that are off by one
	}
	return b
}

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	return b
}
