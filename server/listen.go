package server

import (
	"log/slog"
	"net/http"
	"time"
)

// Timeouts bound how long a connection may take for what. A zero field takes
// the default. An upload extends Read and Write for itself, see [Limits], and a
// stream of events has none but one for each write.
type Timeouts struct {
	// Header is the time for the request's head: 5 s.
	Header time.Duration
	// Read is the time for head and body: 30 s.
	Read time.Duration
	// Write is the time from the end of the head to the end of the answer: 60 s.
	Write time.Duration
	// Idle is how long a connection may wait for its next request: 120 s.
	Idle time.Duration
}

// maxHeaderBytes bounds a request's head.
const maxHeaderBytes = 32 << 10

// HTTP makes the http.Server for h with every time-out set. When it is shut down,
// it ends the streams of events of a handler that [New] made.
func HTTP(h http.Handler, t Timeouts, log *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: orDefault(t.Header, 5*time.Second),
		ReadTimeout:       orDefault(t.Read, 30*time.Second),
		WriteTimeout:      orDefault(t.Write, 60*time.Second),
		IdleTimeout:       orDefault(t.Idle, 120*time.Second),
		MaxHeaderBytes:    maxHeaderBytes,
	}
	if log != nil {
		s.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	}
	if d, ok := h.(*door); ok {
		s.RegisterOnShutdown(d.stop)
	}
	return s
}
