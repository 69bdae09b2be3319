package guesttest

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

func denied(word string) error {
	return abi.Reject(abi.CodeCapabilityDenied, `the test's host has no capability `+word+
		`: add it to "capabilities" in strategy.json, or set the field of Host`)
}

func outside(err error) error {
	return abi.Reject(abi.CodeBadRequest, "the value is outside of the value domain: "+err.Error())
}

// Emit implements abi.Emitter.
func (h Host) Emit(_ context.Context, typ string, data any) error {
	if h.OnEvent == nil {
		return denied(abi.CapabilityEmit)
	}
	v, err := wire.Normalize(data)
	if err != nil {
		return outside(err)
	}
	h.OnEvent(typ, v)
	return nil
}

// Get implements abi.State.
func (h Host) Get(_ context.Context, key string) (value any, found bool, err error) {
	if h.State == nil {
		return nil, false, denied(abi.CapabilityState)
	}
	v, found := h.State[key]
	if v, err = wire.Normalize(v); err != nil {
		return nil, false, outside(err)
	}
	return v, found, nil
}

// Put implements abi.State.
func (h Host) Put(_ context.Context, key string, value any) error {
	if h.State == nil {
		return denied(abi.CapabilityState)
	}
	v, err := wire.Normalize(value)
	if err != nil {
		return outside(err)
	}
	h.State[key] = v
	return nil
}

// Delete implements abi.State.
func (h Host) Delete(_ context.Context, key string) error {
	if h.State == nil {
		return denied(abi.CapabilityState)
	}
	delete(h.State, key)
	return nil
}

// Do implements abi.HTTP.
func (h Host) Do(_ context.Context, r abi.HTTPRequest) (abi.HTTPResponse, error) {
	if h.Answer == nil {
		return abi.HTTPResponse{}, denied(abi.CapabilityHTTP)
	}
	return h.Answer(r)
}

var (
	_ abi.Host    = Host{}
	_ abi.Emitter = Host{}
	_ abi.State   = Host{}
	_ abi.HTTP    = Host{}
)
