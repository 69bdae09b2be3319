package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/capability/boltstate"
)

// Where strategies keep their state.
const (
	stateOnDisk   = "disk"
	stateInMemory = "memory"
)

// openServices makes what strategies can be granted, each part closed by undo.
func openServices(folder dataFolder, o serveOptions, log *slog.Logger, undo *cleanup) (*capability.Services, error) {
	s := capability.Services{Log: log}
	switch o.state {
	case stateInMemory:
		s.State = new(capability.Memory)
	case stateOnDisk, "":
		store := boltstate.ParkedAt(folder.path("state", "strategies.db"))
		if err := o.unlessSuccessor(store.Unpark); err != nil {
			return nil, err
		}
		undo.add(func(context.Context) error { return store.Close() })
		s.State = store
	default:
		return nil, usageError{fmt.Errorf("--state must be %s or %s, got %q", stateOnDisk, stateInMemory, o.state)}
	}
	if o.events != "" {
		file, err := capability.OpenEventFile(o.events, 0, log)
		if err != nil {
			return nil, usageError{err}
		}
		undo.add(func(context.Context) error { return file.Close() })
		s.Events = file
	}
	services := s.Open()
	undo.add(func(context.Context) error { services.Close(); return nil })
	return services, nil
}

// unlessSuccessor opens what a successor gets later from the process before it.
func (o serveOptions) unlessSuccessor(open func() error) error {
	if o.successor {
		return nil
	}
	return open()
}
