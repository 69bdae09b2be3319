// Command encoded is a guest that does what its input says.
package main

import (
	"context"
	"strings"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	guest "github.com/swapline/swapline/guests/go"
)

var _ = guest.Register(func(h abi.Host) (abi.Strategy, error) {
	if over, _ := h.Config()["over"].(string); over == "maps" {
		return &maps{}, nil
	}
	return guest.Adapt(&encoded{}), nil
})

type encoded struct{ kept string }

func (s *encoded) Validate(context.Context) error { return abi.Reject("not_ready", "not ready") }

func (s *encoded) ExecuteEncoded(_ context.Context, in wire.View, out *wire.Builder) error {
	do, _ := in.Get("do").Text()
	text, _ := in.Get("text").Text()
	if do == "nothing" {
		return nil
	}
	out.OpenMap()
	switch do {
	case "echo":
		out.Key("in")
		v, _ := in.Value()
		out.Value(v)
	case "keep":
		out.Key("before")
		out.Text(s.kept)
		s.kept = text
	case "reject":
		return &abi.Error{Code: "rejected", Message: text, Details: map[string]any{"n": 1}}
	case "panic":
		panic(text)
	case "open":
		return nil
	case "long":
		out.Key("text")
		out.Text(strings.Repeat(text, 100_000))
	}
	out.Close()
	return nil
}

// maps keeps texts too.
type maps struct{ kept string }

func (s *maps) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	before := s.kept
	s.kept, _ = in["text"].(string)
	return map[string]any{"before": before}, nil
}

func main() {}
