package main

import (
	"context"
	"errors"
	"fmt"

	extism "github.com/extism/go-sdk"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/bench/risk"
	"github.com/swapline/swapline/bench/scene"
)

// peer is the guest in Extism's Go SDK, one instance of it for all calls.
type peer struct {
	plugin *extism.Plugin
	input  []byte
}

// openExtism makes an instance whose calls end after so many milliseconds, 0 for
// never. Only with a limit can a call be ended at all, as every call of a release
// can; the engine pays for that in every loop.
func openExtism(ctx context.Context, module []byte, release *risk.Release, limit uint64) (*peer, error) {
	m := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: module}}, Timeout: limit}
	plugin, err := extism.NewPlugin(ctx, m, extism.PluginConfig{EnableWasi: true}, nil) // its own kernel imports it
	if err != nil {
		return nil, err
	}
	p := &peer{plugin: plugin}
	if _, err = p.call(ctx, "init", map[string]any{abi.KeyConfig: release.Config}); err != nil {
		return nil, errors.Join(err, plugin.Close(ctx))
	}
	return p, nil
}

func (p *peer) execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	return p.call(ctx, "execute", in)
}

// call sends a map to an export and reads its answer.
func (p *peer) call(ctx context.Context, export string, in map[string]any) (map[string]any, error) {
	var err error
	if p.input, err = wire.Append(p.input[:0], in); err != nil {
		return nil, err
	}
	code, answer, err := p.plugin.CallWithContext(ctx, export, p.input)
	if err != nil || code != 0 || len(answer) == 0 {
		return nil, fmt.Errorf("%s of the peer: code %d, %d bytes: %w", export, code, len(answer), err)
	}
	out, err := wire.DecodeMap(answer[1:])
	if err == nil && answer[0] != abi.StatusOK {
		err = fmt.Errorf("status %d: %v", answer[0], out)
	}
	return out, err
}

// agree checks that both answer every golden case alike.
func agree(ctx context.Context, s *scene.Scene, k scene.Kind, p *peer) error {
	for _, c := range s.Release.Golden {
		ours, no := s.Runtime.Execute(ctx, k.Strategy(), c.Input)
		theirs, theirNo := p.execute(ctx, c.Input)
		if (no == nil) != (theirNo == nil) || no == nil && !wire.Equal(any(ours.Output), any(theirs)) {
			return fmt.Errorf("%s: the peer answers %v, %s; not %v, %s", c.Name, theirs, fmt.Sprint(theirNo), ours.Output, fmt.Sprint(no))
		}
	}
	return nil
}
