package drivertest

import (
	"context"
	"testing"
	"time"

	"github.com/swapline/swapline/guests/tck/tck"
)

// Bench measures loading and calling through the driver alone.
func Bench(b *testing.B, h Harness) {
	s := open(b, h)
	b.Run("load", s.benchLoad)
	b.Run("execute", func(b *testing.B) { s.benchExecute(b, tck.Adder, addition) })
	b.Run("execute/echo", func(b *testing.B) { s.benchExecute(b, tck.Echo, everything) })
}

func addition() map[string]any { return map[string]any{"a": int64(1), "b": int64(2)} }

func (s *suite) benchLoad(b *testing.B) {
	spec := s.spec(b, 1, behaving(tck.Echo))
	for b.Loop() {
		in, err := s.driver.Load(context.Background(), spec)
		if err != nil {
			b.Fatal(err)
		}
		if err := in.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

func (s *suite) benchExecute(b *testing.B, behaviour string, input func() map[string]any) {
	in := s.load(b, map[string]any{"behaviour": behaviour, "version": int64(1)})
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := in.Execute(ctx, input()); err != nil {
			b.Fatal(err)
		}
	}
}
