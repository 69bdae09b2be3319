package main

import (
	"context"
	"net/rpc"

	goplugin "github.com/hashicorp/go-plugin"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// overRPC is the strategy over net/rpc.
type overRPC struct {
	s     abi.Strategy
	codec codec
	gob   bool
}

func (p *overRPC) Server(*goplugin.MuxBroker) (any, error) { return &rpcServer{p}, nil }

func (p *overRPC) Client(_ *goplugin.MuxBroker, c *rpc.Client) (any, error) {
	return &rpcClient{p, c}, nil
}

type rpcServer struct{ p *overRPC }

// Bytes executes encoded maps.
func (r *rpcServer) Bytes(in []byte, out *[]byte) (err error) {
	*out, err = r.p.codec.serve(context.Background(), r.p.s, in)
	return err
}

// Map executes maps. The strategy's answers hold lists of maps, which gob knows
// as they are registered.
func (r *rpcServer) Map(in map[string]any, out *map[string]any) error {
	answer, err := r.p.s.Execute(context.Background(), in)
	if err != nil {
		return err
	}
	*out, err = wire.NormalizeMap(answer)
	return err
}

type rpcClient struct {
	p *overRPC
	c *rpc.Client
}

func (r *rpcClient) execute(_ context.Context, in map[string]any) (out map[string]any, err error) {
	if r.p.gob {
		err = r.c.Call("Plugin.Map", in, &out)
		return out, err
	}
	b, err := r.p.codec.encode(in)
	if err != nil {
		return nil, err
	}
	var answer []byte
	if err := r.c.Call("Plugin.Bytes", b, &answer); err != nil {
		return nil, err
	}
	return r.p.codec.decode(answer)
}
