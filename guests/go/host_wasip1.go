package guest

import (
	"time"
	"unsafe"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

//go:wasmimport swapline log
func hostLog(level int32, ptr unsafe.Pointer, size int32)

//go:wasmimport swapline now
func hostNow() int64

// host is abi.Host over the imports.
type host struct {
	config map[string]any
	line   []byte // reused
}

// Config returns a fresh copy, so a strategy that writes to it disturbs nobody.
func (h *host) Config() map[string]any {
	c, err := wire.NormalizeMap(h.config)
	if err != nil || c == nil {
		return map[string]any{}
	}
	return c
}

// Log sends one line. Fields outside of the value domain are replaced by a
// remark.
func (h *host) Log(level abi.Level, message string, fields map[string]any) {
	var f any
	if m, err := wire.NormalizeMap(fields); err != nil {
		f = map[string]any{"fields": "outside of the value domain: " + err.Error()}
	} else if m != nil {
		f = m
	}
	line, err := wire.Append(h.line[:0], []any{message, f})
	if err != nil {
		return
	}
	h.line = line
	hostLog(int32(level), unsafe.Pointer(unsafe.SliceData(line)), int32(len(line)))
}

// Now returns the host's clock.
func (h *host) Now() time.Time { return time.Unix(0, hostNow()).UTC() }

var _ abi.Host = (*host)(nil)
