package capability

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/swapline/swapline/abi/wire"
)

// EventFile appends events to a file, one JSON object a line:
//
//	{"data":{"amount":1200},"release":"1.0.0","strategy":"risk","time":"2026-11-23T03:04:05.678Z","type":"declined"}
//
// When the file has grown to its limit it is renamed to FILE.1, replacing the one
// before. Lines are written before Execute returns and not synced: a process
// that dies loses none, a machine that does may lose the last seconds.
type EventFile struct {
	path string
	most int64
	log  *slog.Logger

	mu   sync.Mutex
	file *os.File // guarded by mu; nil after a failure, until the next delivery
	size int64    // guarded by mu
}

// OpenEventFile opens or makes the file. A limit of 0 or less means 64 MiB. What
// cannot be written later is reported to log.
func OpenEventFile(path string, limit int64, log *slog.Logger) (*EventFile, error) {
	f := &EventFile{path: path, most: positive(limit, 64<<20), log: log}
	return f, f.openLocked()
}

// openLocked opens the file unless it is open.
func (f *EventFile) openLocked() error {
	if f.file != nil {
		return nil
	}
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size = file, info.Size()
	return nil
}

// Deliver implements Sink.
func (f *EventFile) Deliver(list []Event) {
	var lines []byte
	for _, e := range list {
		lines = e.appendLine(lines)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.writeLocked(lines); err != nil {
		f.log.Error("events were not written", "file", f.path, "events", len(list), "error", err)
	}
}

func (e Event) appendLine(dst []byte) []byte {
	line, err := wire.AppendJSON(dst, map[string]any{"time": e.Time.Format(time.RFC3339Nano), "strategy": e.Strategy,
		"release": e.Release, "type": e.Type, "data": e.Data})
	if err != nil { // not for values of the wire domain
		return dst
	}
	return append(line, '\n')
}

func (f *EventFile) writeLocked(lines []byte) error {
	if err := f.openLocked(); err != nil {
		return err
	}
	if f.size > 0 && f.size+int64(len(lines)) > f.most {
		if err := f.turnLocked(); err != nil {
			return err
		}
	}
	n, err := f.file.Write(lines)
	f.size += int64(n)
	return err
}

// turnLocked begins a new file.
func (f *EventFile) turnLocked() error {
	err := errors.Join(f.file.Close(), os.Rename(f.path, f.path+".1"))
	f.file = nil
	return errors.Join(err, f.openLocked())
}

// Close closes the file; events that come later open it again.
func (f *EventFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}

var _ Sink = (*EventFile)(nil)
