package wasm

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// roomy is a guest with a large memory and no functions.
type roomy struct {
	Guest
	memory flatMemory
}

func (r roomy) Read(ptr, size uint32) ([]byte, bool) { return r.memory.Read(ptr, size) }
func (r roomy) Size() uint32                         { return r.memory.Size() }

// TestAnAnswerIsBoundedWhateverTheMemory: an answer that lies in the memory
// and is larger than any value may be.
func TestAnAnswerIsBoundedWhateverTheMemory(t *testing.T) {
	most := uint64(wire.DefaultLimits().Bytes) + 1
	g := &guest{engine: roomy{memory: make(flatMemory, 16<<20)}, bounds: boundsOf(manifest.Limits{}, 16<<20)}
	for size, fits := range map[uint64]bool{most: true, most + 1: false, 12 << 20: false} {
		g.stack[0] = 1024<<32 | size
		if _, err := g.receive(); (err == nil) != fits {
			t.Errorf("an answer of %d bytes: %v, want to fit: %t", size, err, fits)
		}
	}
}

// TestOneCallLogsABoundedVolume counts lines and bytes of a guest that writes
// and logs without an end; the next call starts again.
func TestOneCallLogsABoundedVolume(t *testing.T) {
	var log strings.Builder
	h := newHost(slog.New(slog.NewTextHandler(&log, nil)), time.Now)
	for range 2 {
		log.Reset()
		h.begin()
		for range 10 * maxLogLines {
			h.output([]byte("a line\n"))
		}
		if n := strings.Count(log.String(), "\n"); n != maxLogLines+1 {
			t.Errorf("%d lines, want %d and the one that says so", n, maxLogLines)
		}
	}
	log.Reset()
	h.begin()
	for range maxLogLines {
		h.output([]byte(strings.Repeat("x", 2*maxLogLine) + "\n"))
	}
	if n := log.Len(); n > 2*maxLogBytes {
		t.Errorf("%d bytes, want about %d", n, maxLogBytes)
	}
}

func TestACallKnowsNothingOfTheOneBefore(t *testing.T) {
	h := newHost(slog.New(slog.DiscardHandler), time.Now)
	h.outOfMemory, h.violation, h.exit = true, errors.New("broke"), exited(7)
	h.begin()
	if h.outOfMemory || h.violation != nil || h.exit != nil {
		t.Errorf("after begin there is %v, %v, %v", h.outOfMemory, h.violation, h.exit)
	}
}

// TestHostFunctionsRefuseLargeWork: no deadline is looked at inside of them.
func TestHostFunctionsRefuseLargeWork(t *testing.T) {
	m := make(flatMemory, 1<<20)
	h := newHost(slog.New(slog.DiscardHandler), time.Now)
	for name, c := range map[string]struct{ got, want uint32 }{
		"random":             {wasiRandom(h, m, []uint64{0, maxRandom}), wasiOK},
		"much random":        {wasiRandom(h, m, []uint64{0, maxRandom + 1}), wasiInval},
		"random outside":     {wasiRandom(h, m, []uint64{1<<20 - 1, 2}), wasiFault},
		"poll":               {wasiPoll(h, m, []uint64{0, 8192, maxSubscriptions, 16384}), wasiOK},
		"poll of many":       {wasiPoll(h, m, []uint64{0, 8192, maxSubscriptions + 1, 16384}), wasiInval},
		"poll of none":       {wasiPoll(h, m, []uint64{0, 8192, 0, 16384}), wasiInval},
		"poll outside":       {wasiPoll(h, m, []uint64{1<<20 - 8, 8192, 1, 16384}), wasiFault},
		"write of many":      {wasiWrite(h, m, []uint64{1, 0, maxVectors + 1, 1024}), wasiInval},
		"write outside":      {wasiWrite(h, m, []uint64{1, 1<<20 - 4, 1, 1024}), wasiFault},
		"write to a file":    {wasiWrite(h, m, []uint64{3, 0, 1, 1024}), wasiBadFD},
		"high bits of a ptr": {wasiRandom(h, m, []uint64{1 << 40, 16}), wasiOK},
	} {
		if c.got != c.want {
			t.Errorf("%s: errno %d, want %d", name, c.got, c.want)
		}
	}
}

func TestTheManifestLowersWhatATableMayHave(t *testing.T) {
	l := &loader{}
	most := guard.DefaultLimits().TableEntries
	for asked, want := range map[int64]int{0: 0, 5: 5, int64(most): most, int64(most) + 1: most} {
		if got := l.guardLimits(manifest.Limits{TableEntries: asked}).TableEntries; got != want {
			t.Errorf("limits.table_entries %d gives %d, want %d", asked, got, want)
		}
	}
}
