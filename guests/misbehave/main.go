// Command misbehave is a strategy that breaks in every way a Go program can,
// one for each value of the input's "mode". It builds as a guest and is for
// tests of what survives it; see the modes below and in the other files. A config
// with "start" breaks the constructor in the same way. What breaks before any
// constructor is its sister misbehave/early.
package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	guest "github.com/swapline/swapline/guests/go"
)

var _ = guest.Register(NewStrategy)

func main() {}

// NewStrategy is the constructor.
func NewStrategy(h abi.Host) (abi.Strategy, error) {
	s := &strategy{host: h}
	if mode, ok := h.Config()["start"].(string); ok {
		if _, err := s.Execute(context.Background(), map[string]any{"mode": mode}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// strategy counts its calls, so that a test sees whether a copy is a fresh one.
type strategy struct {
	host  abi.Host
	calls int
	kept  map[string]any
	hoard [][]byte
}

// Execute does what the mode says.
func (s *strategy) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	s.calls++
	mode, _ := in["mode"].(string)
	switch mode {
	case "count": // the calls of this copy
		return map[string]any{"calls": s.calls}, nil
	case "keep": // the input of the call before
		before := s.kept
		s.kept = in
		return map[string]any{"before": before}, nil
	case "panic":
		panic("misbehave")
	case "nil":
		return map[string]any{"length": len((*strategy)(nil).hoard)}, nil
	case "goroutine": // a panic that nobody can recover
		go panic("misbehave in a goroutine")
		time.Sleep(time.Second)
	case "exit":
		os.Exit(3)
	case "spin":
		spin()
	case "block": // waits for nobody
		<-make(chan struct{})
	case "grow":
		return nil, s.grow()
	case "chatter":
		s.chatter()
	case "environment":
		return map[string]any{"environment": len(os.Environ()), "arguments": len(os.Args)}, nil
	case "sleep": // an hour of the guest's own time
		time.Sleep(time.Hour)
	case "large": // an answer beyond the limit
		return map[string]any{"text": []any{strings.Repeat("x", 1<<20+1)}}, nil
	}
	if act, ok := excesses()[mode]; ok {
		return act(s)
	}
	if reach, ok := intrusions()[mode]; ok {
		return map[string]any{}, reach()
	}
	return map[string]any{}, nil
}

// spin never returns.
func spin() {
	for n := 0; ; n++ {
		if n < 0 {
			n = 0
		}
	}
}

// grow takes memory until there is none.
func (s *strategy) grow() error {
	for {
		s.hoard = append(s.hoard, make([]byte, 1<<20))
	}
}

func (s *strategy) chatter() {
	for n := range 10_000 {
		s.host.Log(abi.LevelInfo, "chatter", map[string]any{"n": n})
	}
}
