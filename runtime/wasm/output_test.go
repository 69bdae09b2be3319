package wasm

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// flatMemory is a guest's memory.
type flatMemory []byte

func (m flatMemory) Read(ptr, size uint32) ([]byte, bool) {
	if uint64(ptr)+uint64(size) > uint64(len(m)) {
		return nil, false
	}
	return m[ptr : ptr+size], true
}

func (m flatMemory) Write(ptr uint32, b []byte) bool {
	to, ok := m.Read(ptr, uint32(len(b)))
	copy(to, b)
	return ok
}

func (m flatMemory) Size() uint32 { return uint32(len(m)) }

// TestOneWriteTakesBoundedWork: 64 vectors of the whole memory are gigabytes of
// lines, and no deadline is looked at while the host reads them.
func TestOneWriteTakesBoundedWork(t *testing.T) {
	m := flatMemory(bytes.Repeat([]byte{'\n'}, 1<<20))
	const vectors, answer = 0, 1024
	for i := range maxVectors {
		binary.LittleEndian.PutUint32(m[vectors+8*i:], 0)
		binary.LittleEndian.PutUint32(m[vectors+8*i+4:], m.Size())
	}
	h := newHost(slog.New(slog.DiscardHandler), time.Now)
	if errno := wasiWrite(h, m, []uint64{1, vectors, maxVectors, answer}); errno != wasiOK {
		t.Fatalf("errno %d", errno)
	}
	if n := binary.LittleEndian.Uint32(m[answer:]); n == 0 || n > maxWrite {
		t.Errorf("one write took %d bytes, want 1 to %d", n, maxWrite)
	}
}

// TestFieldsOfAGuestAreApart: a field named like one of the host's does not
// pass for it.
func TestFieldsOfAGuestAreApart(t *testing.T) {
	var log strings.Builder
	h := newHost(slog.New(slog.NewJSONHandler(&log, nil)).With("release", "1.0.0"), time.Now)
	line, err := wire.Append(nil, []any{"a\nb", map[string]any{"release": "9.9.9", "level": "DEBUG", "trace_id": "x"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.message(abi.LevelWarn, line); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines: %s", n, log.String())
	}
	v, err := wire.ParseJSONMap([]byte(log.String()))
	if err != nil {
		t.Fatalf("%v in %s", err, log.String())
	}
	if fields, _ := v["fields"].(map[string]any); v["release"] != "1.0.0" || v["level"] != "WARN" || v["trace_id"] != nil || fields["release"] != "9.9.9" {
		t.Errorf("the line is %s", log.String())
	}
}
