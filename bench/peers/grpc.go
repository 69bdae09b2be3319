package main

import (
	"context"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// overGRPC is the strategy over gRPC, with a service written by hand: what
// generated code would do.
type overGRPC struct {
	goplugin.NetRPCUnsupportedPlugin
	name    string
	s       abi.Strategy
	codec   codec
	structs bool
}

// GRPCServer implements goplugin.GRPCPlugin.
func (p *overGRPC) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&grpc.ServiceDesc{ServiceName: p.name, HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Execute", Handler: p.handle}}}, p)
	return nil
}

// GRPCClient implements goplugin.GRPCPlugin.
func (p *overGRPC) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return &grpcClient{p, c}, nil
}

// handle executes one request.
func (p *overGRPC) handle(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	if p.structs {
		return p.handleStruct(ctx, decode)
	}
	in := &wrapperspb.BytesValue{}
	if err := decode(in); err != nil {
		return nil, err
	}
	out, err := p.codec.serve(ctx, p.s, in.GetValue())
	return wrapperspb.Bytes(out), err
}

func (p *overGRPC) handleStruct(ctx context.Context, decode func(any) error) (any, error) {
	in := &structpb.Struct{}
	if err := decode(in); err != nil {
		return nil, err
	}
	out, err := p.s.Execute(ctx, whole(in.AsMap()).(map[string]any))
	if err != nil {
		return nil, err
	}
	if out, err = wire.NormalizeMap(out); err != nil {
		return nil, err
	}
	return structpb.NewStruct(out)
}

// whole gives a Struct's numbers back the type that the strategy expects: Struct
// has floats only.
func whole(v any) any {
	switch v := v.(type) {
	case float64:
		if n := int64(v); float64(n) == v {
			return n
		}
	case map[string]any:
		for k, e := range v {
			v[k] = whole(e)
		}
	case []any:
		for i, e := range v {
			v[i] = whole(e)
		}
	}
	return v
}

type grpcClient struct {
	p *overGRPC
	c *grpc.ClientConn
}

func (g *grpcClient) execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	if g.p.structs {
		m, err := structpb.NewStruct(in)
		if err != nil {
			return nil, err
		}
		out := &structpb.Struct{}
		if err := g.c.Invoke(ctx, "/"+g.p.name+"/Execute", m, out); err != nil {
			return nil, err
		}
		return whole(out.AsMap()).(map[string]any), nil
	}
	b, err := g.p.codec.encode(in)
	if err != nil {
		return nil, err
	}
	out := &wrapperspb.BytesValue{}
	if err := g.c.Invoke(ctx, "/"+g.p.name+"/Execute", wrapperspb.Bytes(b), out); err != nil {
		return nil, err
	}
	return g.p.codec.decode(out.GetValue())
}
