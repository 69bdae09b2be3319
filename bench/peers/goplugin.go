package main

import (
	"context"
	"encoding/gob"
	"encoding/json"
	"os"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/bench/risk"
)

// goPluginArgument makes this program a plugin of go-plugin; the folder of the
// sources follows.
const goPluginArgument = "go-plugin"

// Ways to carry a map over go-plugin's two protocols.
const (
	grpcJSON   = "grpc.json"   // JSON text in a BytesValue
	grpcStruct = "grpc.struct" // google.protobuf.Struct
	rpcJSON    = "netrpc.json" // JSON text
	rpcGob     = "netrpc.gob"  // a map, which net/rpc writes as gob

	// With our own encoding in the place of theirs only the channel differs.
	grpcWire = "grpc.wire"
	rpcWire  = "netrpc.wire"
)

func ways() []string { return []string{grpcJSON, grpcStruct, rpcJSON, rpcGob, grpcWire, rpcWire} }

// executor is the strategy as go-plugin hands it out.
type executor interface {
	execute(ctx context.Context, in map[string]any) (map[string]any, error)
}

// handshake is what go-plugin's two sides agree on.
func handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "SWAPLINE_BENCH", MagicCookieValue: "peers"}
}

// goPlugins are the plugins of one protocol by name. The strategy is nil on the
// host's side.
func goPlugins(s abi.Strategy, overHTTP bool) goplugin.PluginSet {
	if !overHTTP {
		return goplugin.PluginSet{
			rpcWire: &overRPC{s: s, codec: wireCodec},
			rpcJSON: &overRPC{s: s, codec: jsonCodec},
			rpcGob:  &overRPC{s: s, gob: true},
		}
	}
	return goplugin.PluginSet{
		grpcWire:   &overGRPC{name: "bench.Wire", s: s, codec: wireCodec},
		grpcJSON:   &overGRPC{name: "bench.JSON", s: s, codec: jsonCodec},
		grpcStruct: &overGRPC{name: "bench.Struct", s: s, structs: true},
	}
}

// runGoPlugin is the plugin's process.
func runGoPlugin(root string, overHTTP bool) error {
	s, err := newRisk(root)
	if err != nil {
		return err
	}
	registerGob()
	c := &goplugin.ServeConfig{HandshakeConfig: handshake(), Plugins: goPlugins(s, overHTTP), Logger: hclog.NewNullLogger()}
	if overHTTP {
		c.GRPCServer = goplugin.DefaultGRPCServer
	}
	goplugin.Serve(c)
	return nil
}

// registerGob names what a map may hold, as users of net/rpc must.
func registerGob() {
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

// newRisk constructs the strategy of the benchmarks.
func newRisk(root string) (abi.Strategy, error) {
	release, err := risk.Read(root)
	if err != nil {
		return nil, err
	}
	return risk.New(configured{config: release.Config})
}

// openGoPlugin starts a plugin process and connects to it one way.
func openGoPlugin(root, way string) (client *goplugin.Client, e executor, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	registerGob()
	protocol := goplugin.ProtocolNetRPC
	if way == grpcWire || way == grpcJSON || way == grpcStruct {
		protocol = goplugin.ProtocolGRPC
	}
	cmd := exec.Command(self, goPluginArgument, root)
	if protocol == goplugin.ProtocolNetRPC {
		cmd.Args[1] += "-netrpc"
	}
	client = goplugin.NewClient(&goplugin.ClientConfig{HandshakeConfig: handshake(), Plugins: goPlugins(nil, protocol == goplugin.ProtocolGRPC), Cmd: cmd,
		AllowedProtocols: []goplugin.Protocol{protocol}, Logger: hclog.NewNullLogger()})
	connection, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	found, err := connection.Dispense(way)
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	return client, found.(executor), nil
}

// codec carries maps as bytes.
type codec struct {
	encode func(map[string]any) ([]byte, error)
	decode func([]byte) (map[string]any, error)
}

var (
	wireCodec = codec{func(m map[string]any) ([]byte, error) { return wire.Append(nil, m) }, wire.DecodeMap}
	jsonCodec = codec{func(m map[string]any) ([]byte, error) { return json.Marshal(m) }, parseJSON}
)

// parseJSON reads JSON as most do. The strategy wants integers where the text has
// them.
func parseJSON(text []byte) (map[string]any, error) {
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	whole(m)
	return m, nil
}

func (c codec) serve(ctx context.Context, s abi.Strategy, in []byte) ([]byte, error) {
	m, err := c.decode(in)
	if err != nil {
		return nil, err
	}
	out, err := s.Execute(ctx, m)
	if err != nil {
		return nil, err
	}
	return c.encode(out)
}
