package slot_test

import (
	"sync"
	"testing"

	"github.com/swapline/swapline/runtime/slot"
)

// locked is what the slot is measured against: a plain RWMutex held for the
// length of the use.
type locked struct {
	mu    sync.RWMutex
	value *guarded
}

func BenchmarkAcquireDone(b *testing.B) {
	s := slot.New[*guarded](0)
	s.Publish(1, &guarded{})
	l := &locked{value: &guarded{}}
	viaSlot := func() {
		lease, _ := s.Acquire()
		_ = lease.Value().plain
		lease.Done()
	}
	viaLock := func() {
		l.mu.RLock()
		_ = l.value.plain
		l.mu.RUnlock()
	}
	for _, c := range []struct {
		name string
		f    func()
	}{{"slot", viaSlot}, {"rwmutex", viaLock}} {
		b.Run(c.name+"/serial", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
		})
		b.Run(c.name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					c.f()
				}
			})
		})
	}
}

func BenchmarkPublish(b *testing.B) {
	s := slot.New[*guarded](0)
	v := &guarded{}
	var g uint64
	b.ReportAllocs()
	for b.Loop() {
		g++
		s.Publish(g, v)
	}
}
