//go:build !linux

package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// errSystem is why there are no workers here.
var errSystem = errors.New("worker processes need Linux")

// process never exists on this system.
type process struct {
	end         *end
	slots       []*slot
	pid         int
	died, ended chan struct{}
	how         string
	fate        atomic.Pointer[string]
}

func launch(Config, int, func(*process) func(message, []byte) message, func(*process)) (*process, error) {
	return nil, errSystem
}

func (*process) kill()                                {}
func (*process) stop(context.Context)                 {}
func (*process) drain(context.Context, time.Duration) {}
func (*process) resident() int64                      { return 0 }
func (*process) processor() (time.Duration, bool)     { return 0, false }

func sleep(*atomic.Uint32, uint32, time.Duration) {}
func wake(*atomic.Uint32, int)                    {}

// Main refuses.
func Main(Opener) int { return 2 }
