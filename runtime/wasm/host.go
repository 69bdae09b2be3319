package wasm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
)

// Bounds of what one call may log whose manifest states nothing, and of a line
// of output. What is beyond is dropped and said so once.
const (
	maxLogLines = 64
	maxLogBytes = 32 << 10
	maxLogLine  = 4 << 10
)

// A manifest that states log_bytes gets that much, and a line for each
// bytesPerLine of it.
const (
	mostLogBytes = 16 << 20
	bytesPerLine = maxLogBytes / maxLogLines
)

// Host is what the imports of one guest work on. Like its guest, it is used by
// one goroutine at a time.
type Host struct {
	log    *slog.Logger
	clock  func() time.Time
	grant  *capability.Grant
	codec  codec
	limits hostLimits

	logs, clocks, randoms bool      // granted
	issued                time.Time // the wall clock of a release without clock
	seeds                 *mathrand.ChaCha8

	start   time.Time     // origin of the clock for durations
	skipped time.Duration // how far sleeps moved it

	// Of the request that is being served, see enter.
	ctx    context.Context
	inCall bool
	call   *capability.Call
	reply  []byte // of the last request function; empty when it was taken

	calls        int64  // of host functions, by this call
	lines, bytes int    // logged by this call
	partial      []byte // an unfinished line of output
	outOfMemory  bool   // the guest's runtime said so
	violation    error  // how the guest broke the convention
	exit         error  // how the guest ended itself

	fuel fuel // of this call
}

// begin starts the accounts of one call.
func (h *Host) begin() {
	h.calls, h.lines, h.bytes = 0, 0, 0
	h.reply = h.reply[:0]
	h.outOfMemory, h.violation, h.exit = false, nil, nil
}

// broke records that the guest broke the convention and ends its call.
func (h *Host) broke(format string, args ...any) error {
	h.violation = fmt.Errorf(format, args...)
	return h.violation
}

// exited is the trap of a guest that ended itself.
type exited uint32

// Error implements error.
func (e exited) Error() string {
	return fmt.Sprintf("the guest ended itself with exit code %d", uint32(e))
}

// room takes n bytes of the call's log volume.
func (h *Host) room(n int) bool {
	if !h.logs || h.lines > h.limits.logLines {
		return false
	}
	if h.lines == h.limits.logLines || h.bytes+n > h.limits.logBytes {
		h.lines = h.limits.logLines + 1
		h.log.Warn("the guest logs too much, the rest of this call is dropped",
			slog.Int("max_lines", h.limits.logLines), slog.Int("max_bytes", h.limits.logBytes))
		return false
	}
	h.lines++
	h.bytes += n
	return true
}

// message logs what the guest gave to swapline.log: [message, fields or null].
// The fields are a group of their own, or a guest could overwrite what the host
// says about the line: its level, its release, its trace.
func (h *Host) message(level abi.Level, b []byte) error {
	if len(b) > h.limits.logBytes {
		h.room(len(b))
		return nil
	}
	v, err := h.codec.decode(b)
	if err != nil {
		return h.broke("a log line is not %s: %w", h.codec.name, err)
	}
	text, fields, err := logLine(v)
	if err != nil {
		return h.broke("%w", err)
	}
	if h.room(len(b)) {
		h.log.LogAttrs(context.Background(), severity(level), text, fields...)
	}
	return nil
}

// severity keeps the level of a guest within the named ones.
func severity(l abi.Level) slog.Level {
	return slog.Level(min(max(l, abi.LevelDebug), abi.LevelError))
}

func logLine(v any) (text string, fields []slog.Attr, err error) {
	list, _ := v.([]any)
	if len(list) != 2 {
		return "", nil, errNotALine
	}
	text, ok := list[0].(string)
	m, isMap := list[1].(map[string]any)
	if !ok || !isMap && list[1] != nil {
		return "", nil, errNotALine
	}
	group := make([]any, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		group = append(group, slog.Any(k, m[k]))
	}
	return text, []slog.Attr{slog.Group("fields", group...)}, nil
}

var errNotALine = errors.New("a log line is not [text, map or null]")

// output logs what the guest writes to its standard output and error, line by
// line.
func (h *Host) output(b []byte) {
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		h.partial = append(h.partial, line[:min(len(line), maxLogLine-len(h.partial))]...)
		if whole {
			h.flush()
		}
		b = rest
	}
}

// flush ends the unfinished line.
func (h *Host) flush() {
	if len(h.partial) == 0 {
		return
	}
	if bytes.Contains(h.partial, []byte("out of memory")) {
		h.outOfMemory = true
	}
	if h.room(len(h.partial)) {
		h.log.Warn("guest output", slog.String("line", string(bytes.ToValidUTF8(h.partial, []byte("?")))))
	}
	h.partial = h.partial[:0]
}
