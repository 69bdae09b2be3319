package compiler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"

	"github.com/swapline/swapline/runtime/child"
)

// Bounds of a child that nobody needs to choose.
const (
	childFiles    = 64
	childThreads  = 4
	childSlack    = 256 << 20 // bytes between the end by own judgement and by the kernel's
	memoryLook    = 2 * time.Millisecond
	maxRefusal    = 4 << 10
	collectAtPart = 8 // of 10 of the memory the collector works hard
)

// Main is the whole of a child: the program calls it when it was started with
// Config.Command, and exits with its result.
func Main(sources []Source) int {
	return child.Main(func(q question, module io.Reader) (any, error) {
		if err := q.Limits.apply(); err != nil {
			return nil, fmt.Errorf("no limits: %w", err)
		}
		b, err := io.ReadAll(module)
		if err != nil {
			return nil, err
		}
		return q.answer(sources, b)
	})
}

// apply bounds this process. Memory has two bounds: above the first the child
// ends itself and says why, at the second the kernel gives it no more.
func (l Limits) apply() error {
	runtime.GOMAXPROCS(min(childThreads, runtime.GOMAXPROCS(0)))
	debug.SetMemoryLimit(l.Memory / 10 * collectAtPart)
	return child.Limits{
		CPU: l.CPU, Data: l.Memory + childSlack, AddressSpace: l.Memory + 2*childSlack,
		FileSize: l.Code, Files: childFiles, Background: true,
	}.Apply()
}

// answer compiles beside a watch over the memory. What it does not wait for ends
// with the process.
func (q question) answer(sources []Source, module []byte) (verdict, error) {
	type outcome struct {
		verdict verdict
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := q.run(sources, module)
		done <- outcome{v, err}
	}()
	for look := time.NewTicker(memoryLook); ; {
		select {
		case o := <-done:
			return o.verdict, o.err
		case <-look.C:
			if used() > uint64(q.Limits.Memory) {
				return verdict{Limit: limitMemory}, nil
			}
		}
	}
}

// used is the memory that the process has from the system.
func used() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// run compiles the module into the folder.
func (q question) run(sources []Source, module []byte) (verdict, error) {
	for _, s := range sources {
		if s.Name != q.Engine {
			continue
		}
		e, err := s.Open(q.Dir)
		if err != nil {
			return verdict{}, err
		}
		if _, err := e.Compile(context.Background(), module, q.compile()); err != nil {
			return refusal(err), nil
		}
		files, err := collect(q.Dir, q.Limits.Code)
		if errors.Is(err, errTooLarge) {
			return verdict{Limit: limitCode}, nil
		}
		return verdict{Files: files}, err
	}
	return verdict{}, fmt.Errorf("there is no engine %q", q.Engine)
}

// refusal tells a module that makes too much code from one that the engine does
// not want.
func refusal(err error) verdict {
	if errors.Is(err, syscall.EFBIG) {
		return verdict{Limit: limitCode}
	}
	text := err.Error()
	return verdict{Refused: text[:min(len(text), maxRefusal)]}
}
