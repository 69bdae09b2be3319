package driver

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
)

// Session runs one Execute of a Go strategy in this process as a call of the
// release's grant: with the context that it passes on, the host that Spec.Host
// made can emit, keep state and send requests. What was collected takes effect
// if run returns an answer. It is for drivers that run Go code.
func (s Spec) Session(ctx context.Context, run func(context.Context) (map[string]any, error)) (map[string]any, error) {
	call := s.Grant.Begin(ctx)
	out, err := run(call.With(ctx))
	if err = call.End(err); err != nil {
		return nil, err
	}
	return out, nil
}

// Trial is Session for what must leave no trace: Validate.
func (s Spec) Trial(ctx context.Context, run func(context.Context) error) error {
	call := s.Grant.Begin(ctx)
	defer call.Abort()
	return run(call.With(ctx))
}

// call finds the call that ctx belongs to; nil answers that there is none.
func (h *goHost) call(ctx context.Context, word string) (*capability.Call, error) {
	if !h.spec.Grant.Has(word) {
		return nil, capability.Denied(word)
	}
	return h.spec.Grant.CallOf(ctx), nil
}

// Emit implements abi.Emitter.
func (h *goHost) Emit(ctx context.Context, typ string, data any) error {
	c, err := h.call(ctx, abi.CapabilityEmit)
	if err != nil {
		return err
	}
	return c.Emit(ctx, typ, data)
}

// Get implements abi.State.
func (h *goHost) Get(ctx context.Context, key string) (value any, found bool, err error) {
	c, err := h.call(ctx, abi.CapabilityState)
	if err != nil {
		return nil, false, err
	}
	return c.Get(ctx, key)
}

// Put implements abi.State.
func (h *goHost) Put(ctx context.Context, key string, value any) error {
	c, err := h.call(ctx, abi.CapabilityState)
	if err != nil {
		return err
	}
	return c.Put(ctx, key, value)
}

// Delete implements abi.State.
func (h *goHost) Delete(ctx context.Context, key string) error {
	c, err := h.call(ctx, abi.CapabilityState)
	if err != nil {
		return err
	}
	return c.Delete(ctx, key)
}

// Do implements abi.HTTP.
func (h *goHost) Do(ctx context.Context, r abi.HTTPRequest) (abi.HTTPResponse, error) {
	c, err := h.call(ctx, abi.CapabilityHTTP)
	if err != nil {
		return abi.HTTPResponse{}, err
	}
	return c.Do(ctx, r)
}

var (
	_ abi.Emitter = (*goHost)(nil)
	_ abi.State   = (*goHost)(nil)
	_ abi.HTTP    = (*goHost)(nil)
)
