package assemblyscript_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// bare is a guest under a host of its own, which grants everything and may send
// what the real one never does.
type bare struct {
	t      *testing.T
	module api.Module
	reply  []byte
	heard  []string // requests, as JSON
	output strings.Builder
	state  map[string]any
}

func newBare(t *testing.T, artifact string) *bare {
	t.Helper()
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	b := &bare{t: t, state: map[string]any{}}
	b.offer(ctx, r)
	code, err := os.ReadFile(artifact)
	if err != nil {
		t.Fatal(err)
	}
	b.module, err = r.InstantiateWithConfig(ctx, code, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	b.call(abi.ExportInit, []byte{0xa1, 0x66, 'c', 'o', 'n', 'f', 'i', 'g', 0xa0})
	return b
}

func (b *bare) offer(ctx context.Context, r wazero.Runtime) {
	request := func(name string) func(context.Context, api.Module, uint32, uint32) uint64 {
		return func(_ context.Context, m api.Module, ptr, size uint32) uint64 {
			return b.request(name, read(m, ptr, size))
		}
	}
	_, err := r.NewHostModuleBuilder(abi.ImportModule).
		NewFunctionBuilder().WithFunc(func(_ context.Context, m api.Module, level, ptr, size uint32) {
		b.hear(fmt.Sprint("log ", int32(level)), read(m, ptr, size))
	}).Export("log").
		NewFunctionBuilder().WithFunc(func() uint64 { return 12345678901 }).Export("now").
		NewFunctionBuilder().WithFunc(func(_ context.Context, m api.Module, ptr, size uint32) {
		m.Memory().Write(ptr, []byte(strings.Repeat("r", int(size))))
	}).Export("random").
		NewFunctionBuilder().WithFunc(request("emit")).Export("emit").
		NewFunctionBuilder().WithFunc(request("state")).Export("state").
		NewFunctionBuilder().WithFunc(request("http")).Export("http").
		NewFunctionBuilder().WithFunc(func(_ context.Context, m api.Module, ptr uint32) { m.Memory().Write(ptr, b.reply) }).Export("reply").
		Instantiate(ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	_, err = r.NewHostModuleBuilder("wasi_snapshot_preview1").
		NewFunctionBuilder().WithFunc(func(_ context.Context, m api.Module, _, parts, _, _ uint32) uint32 {
		at, _ := m.Memory().ReadUint32Le(parts)
		size, _ := m.Memory().ReadUint32Le(parts + 4)
		b.output.Write(read(m, at, size))
		return 0
	}).Export("fd_write").Instantiate(ctx)
	if err != nil {
		b.t.Fatal(err)
	}
}

func read(m api.Module, ptr, size uint32) []byte {
	view, _ := m.Memory().Read(ptr, size)
	return append([]byte(nil), view...)
}

func (b *bare) hear(name string, encoded []byte) any {
	v, err := wire.Decode(encoded)
	if err != nil {
		b.t.Fatalf("%s: %x: %v", name, encoded, err)
	}
	text, _ := wire.AppendJSON(nil, v)
	b.heard = append(b.heard, name+" "+string(text))
	return v
}

func (b *bare) request(name string, encoded []byte) uint64 {
	var value any
	in := b.hear(name, encoded).(map[string]any)
	var code any
	switch {
	case in["get"] == "refused":
		code, value = "state_unavailable", "the store is away"
	case in["get"] != nil:
		v, found := b.state[in["get"].(string)]
		value = map[string]any{"value": v, "found": found}
	case in["put"] != nil:
		b.state[in["put"].(string)] = in["value"]
	case name == "http":
		value = map[string]any{"status": 201, "headers": map[string]any{"content-type": "text/plain"}, "body": []byte("ok")}
	}
	b.reply, _ = wire.Append(nil, []any{code, value})
	return uint64(len(b.reply))
}

// call returns an answer's status and value; a trap is status 255.
func (b *bare) call(export string, input []byte) (byte, any) {
	b.t.Helper()
	ctx := b.t.Context()
	at, err := b.module.ExportedFunction(abi.ExportAlloc).Call(ctx, uint64(len(input)))
	if err != nil {
		b.t.Fatal(err)
	}
	b.module.Memory().Write(uint32(at[0]), input)
	packed, err := b.module.ExportedFunction(export).Call(ctx, at[0], uint64(len(input)))
	if err != nil {
		return 255, nil
	}
	answer := read(b.module, uint32(packed[0]>>32), uint32(packed[0]))
	v, err := wire.Decode(answer[1:])
	if err != nil {
		b.t.Fatalf("answer %x: %v", answer, err)
	}
	return answer[0], v
}

func (b *bare) execute(in map[string]any) (byte, any) {
	b.t.Helper()
	encoded, err := wire.Append(nil, in)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.call(abi.ExportExecute, encoded)
}

func TestReaderAndWriter(t *testing.T) {
	artifact := build(t, "tck/rewrite.ts")
	t.Run("every value survives", func(t *testing.T) { everyValueSurvives(t, newBare(t, artifact)) })
	t.Run("malformed inputs are faults", func(t *testing.T) { malformedInputsAreFaults(t, newBare(t, artifact)) })
}

func TestCapabilities(t *testing.T) {
	artifact := build(t, "tck/capabilities.ts")
	t.Run("speak as the host expects", func(t *testing.T) { capabilitiesSpeak(t, newBare(t, artifact)) })
	t.Run("mistakes make an answer invalid", func(t *testing.T) { mistakesAreInvalid(t, newBare(t, artifact)) })
	t.Run("garbage is collected between calls", func(t *testing.T) { garbageIsCollected(t, newBare(t, artifact)) })
}

func everyValueSurvives(t *testing.T, b *bare) {
	for seed := range uint64(1500) {
		in := randomMap(rand.New(rand.NewPCG(seed, 3)), 4)
		if status, got := b.execute(in); status != abi.StatusOK || !wire.Equal(got, in) {
			text, _ := wire.AppendJSON(nil, in)
			t.Fatalf("seed %d: status %d, %v, of %.2000s; %s", seed, status, got, text, b.output.String())
		}
	}
	for _, n := range []int{23, 24, 255, 256, 65_535, 65_536} {
		list, m := make([]any, n), map[string]any{}
		for i := range list {
			list[i], m[fmt.Sprint(i*7919%n)] = int64(i), int64(i)
		}
		for _, in := range []map[string]any{{"list": list, "z": int64(1)}, {"map": m, "z": int64(1)}, {"text": strings.Repeat("\u00fc", n)}, {"bytes": make([]byte, n)}} {
			if n > 300 && in["map"] != nil {
				continue // looks each key up, from the first
			}
			if status, got := b.execute(in); status != abi.StatusOK || !wire.Equal(got, in) {
				t.Errorf("%d items: status %d; %s", n, status, b.output.String())
			}
		}
	}
}

func randomMap(r *rand.Rand, depth int) map[string]any {
	m := map[string]any{}
	for range r.IntN(12) {
		m[randomText(r)] = randomValue(r, depth-1)
	}
	return m
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(8) * r.IntN(8) {
		b.WriteString([]string{"a", "b", "key", "\u00fc", "\u6c34", "\U0001f4b6", "\x00", "\uffff", "\u07ff", "\u0800", "~"}[r.IntN(11)])
	}
	return b.String()
}

func randomValue(r *rand.Rand, depth int) any {
	kinds := 9
	if depth <= 0 {
		kinds = 7
	}
	switch r.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return int64(r.Uint64()) >> r.IntN(64)
	case 3:
		return int64(1)<<r.IntN(63) - int64(r.IntN(3))
	case 4:
		return randomFloat(r)
	case 5:
		return randomText(r)
	case 6:
		return []byte(randomText(r))
	case 7:
		list := make([]any, r.IntN(30))
		for i := range list {
			list[i] = randomValue(r, depth-1)
		}
		return list
	}
	return randomMap(r, depth)
}

func randomFloat(r *rand.Rand) float64 {
	f := math.Float64frombits(r.Uint64())
	switch r.IntN(4) {
	case 0:
		f = float64(math.Float32frombits(r.Uint32()))
	case 1:
		f = math.Ldexp(float64(r.IntN(2048))-1024, r.IntN(50)-34)
	case 2:
		f = math.Ldexp(1, r.IntN(2098)-1074)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return math.Copysign(0, -1)
	}
	return f
}

func capabilitiesSpeak(t *testing.T, b *bare) {
	for _, c := range []struct {
		what, heard string
		want        map[string]any
	}{
		{"log", `log 0 ["gr\u00fc\u00dfe",{}]`, map[string]any{}},
		{"now", "", map[string]any{"now": int64(12345678901)}},
		{"random", "", map[string]any{"random": []byte("rrrr")}},
		{"emit", `emit {"data":{"a":[0.5],"b":1},"type":"blocked"}`, map[string]any{"code": nil}},
		{"state", `state {"get":"k"}|state {"put":"k","value":"v"}|state {"get":"k"}|state {"delete":"k"}|state {"get":"refused"}`,
			map[string]any{"before": false, "failed": false, "after": "v", "code": "state_unavailable", "message": "the store is away"}},
		{"http", `http {"body":"hello","headers":{"accept":"1","b":"2"},"method":"POST","url":"https://example.com/"}`,
			map[string]any{"status": int64(201), "type": "text/plain", "body": []byte("ok")}},
	} {
		b.heard = nil
		status, got := b.execute(map[string]any{"what": c.what})
		heard := strings.ReplaceAll(strings.ReplaceAll(c.heard, `\u00fc`, "\u00fc"), `\u00df`, "\u00df")
		if status != abi.StatusOK || !wire.Equal(got, c.want) || strings.Join(b.heard, "|") != heard {
			t.Errorf("%s: status %d, %v; heard %v; %s", c.what, status, got, b.heard, b.output.String())
		}
	}
}

func mistakesAreInvalid(t *testing.T, b *bare) {
	for _, what := range []string{"twice", "no key", "no value", "two keys", "too many ends", "reserved", "low surrogate"} {
		if status, got := b.execute(map[string]any{"what": what}); status != abi.StatusInvalid {
			t.Errorf("%s: status %d, %v", what, status, got)
		}
	}
	if status, _ := b.execute(map[string]any{"what": "wrong type"}); status != 255 || !strings.Contains(b.output.String(), "a value is no integer at assembly/value.ts:") {
		t.Errorf("status %d, output %q", status, b.output.String())
	}
}

func malformedInputsAreFaults(t *testing.T, b *bare) {
	good, err := wire.Append(nil, map[string]any{"a": []any{int64(1), "x", 1.5}, "b": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < len(good); n++ {
		if status, got := b.call(abi.ExportExecute, good[:n]); status != abi.StatusFault {
			t.Errorf("the first %d bytes: status %d, %v", n, status, got)
		}
	}
	for _, in := range []string{"\x80", "\xa1\x61a\xff", "\xa1\x61a\xc0", "\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "\xa1\x61a\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
		"\xa1\x61a\x5b\x00\x00\x00\x01\x00\x00\x00\x00",
		"\xa1\x61a\x9a\xff\xff\xff\xff", "\xa1\x61a\x1c", "\xa1\x61a\xf7", "\xa1\x61a\xf8\x20", "\xbb\x80\x00\x00\x00\x00\x00\x00\x00", "\xa0\xa0"} {
		if status, got := b.call(abi.ExportExecute, []byte(in)); status != abi.StatusFault {
			t.Errorf("%x: status %d, %v", in, status, got)
		}
	}
	if status, _ := b.execute(map[string]any{}); status != abi.StatusOK {
		t.Errorf("the guest does not go on: status %d", status)
	}
}

// A guest whose memory nobody puts back must not grow with the number of calls.
func garbageIsCollected(t *testing.T, b *bare) {
	for range 500 {
		if status, got := b.execute(map[string]any{"what": "garbage"}); status != abi.StatusOK {
			t.Fatalf("status %d, %v; %s", status, got, b.output.String())
		}
	}
	if size := b.module.Memory().Size(); size > 64<<20 {
		t.Errorf("after 500 calls of a megabyte each the memory has %d bytes", size)
	}
}
