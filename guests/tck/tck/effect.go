package tck

import (
	"context"

	"github.com/swapline/swapline/abi"
)

// countKey is where [State] counts.
const countKey = "count"

// effect shows the behaviours that reach outside of the call.
func (s *strategy) effect(ctx context.Context, behaviour string, in map[string]any) (out map[string]any, err error) {
	switch behaviour {
	case Emit:
		out, err = s.emit(ctx)
	case State:
		out, err = s.countUp(ctx)
	default:
		out, err = s.forget(ctx)
	}
	if _, reject := in["reject"]; reject && err == nil {
		return nil, abi.Reject(RejectedCode, RejectedMessage)
	}
	return out, err
}

func (s *strategy) emit(ctx context.Context) (map[string]any, error) {
	events := s.host.(abi.Emitter)
	for n := range 2 {
		if err := events.Emit(ctx, EventType, map[string]any{"n": n + 1}); err != nil {
			return nil, err
		}
	}
	return map[string]any{}, nil
}

// countUp reads its own write back.
func (s *strategy) countUp(ctx context.Context) (map[string]any, error) {
	state := s.host.(abi.State)
	v, _, err := state.Get(ctx, countKey)
	if err != nil {
		return nil, err
	}
	n, _ := v.(int64)
	if err := state.Put(ctx, countKey, n+1); err != nil {
		return nil, err
	}
	v, _, err = state.Get(ctx, countKey)
	return map[string]any{"count": v}, err
}

func (s *strategy) forget(ctx context.Context) (map[string]any, error) {
	state := s.host.(abi.State)
	_, found, err := state.Get(ctx, countKey)
	if err != nil {
		return nil, err
	}
	return map[string]any{"found": found}, state.Delete(ctx, countKey)
}
