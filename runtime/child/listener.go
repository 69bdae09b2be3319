package child

import (
	"io"
	"os"
	"time"
)

// listener takes what comes through a pipe, up to a limit, and drops the rest:
// a child that writes without end must not wait for its reader.
type listener struct {
	r, w *os.File
	got  chan []byte
}

func listen() (*listener, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &listener{r: r, w: w, got: make(chan []byte, 1)}, nil
}

// abandon closes a listener that never began.
func (l *listener) abandon() {
	_ = l.r.Close()
	_ = l.w.Close()
}

// begin starts to read. The writer is the child's from now on.
func (l *listener) begin(limit int64) {
	_ = l.w.Close()
	go func() {
		b, _ := io.ReadAll(io.LimitReader(l.r, limit))
		_, _ = io.Copy(io.Discard, l.r)
		l.got <- b
	}()
}

// end waits until all writers are closed, for a while, and returns what came.
func (l *listener) end() []byte {
	_ = l.r.SetReadDeadline(time.Now().Add(pipeDelay))
	b := <-l.got
	_ = l.r.Close()
	return b
}
