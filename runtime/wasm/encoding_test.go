package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// jsonGuest speaks JSON: each of its answers has a digit, which {"mode":N} asks
// for. Its constructor traps for anything but JSON.
func jsonGuest() w.Guest {
	const stored = `[null,{"found":true,"value":[7]}]`
	put, get := `{"put":"k","value":[7]}`, `{"get":"k"}`
	line := `["hello",{"from":"json"}]`
	g := w.Guest{Data: [][]byte{
		[]byte("\x00" + `{"methods":["Validate","Execute"]}`),
		[]byte("\x00" + ` {"b": 1.50, "a": "\u00e9"}`),
		[]byte("\x01" + `{"code":"no","message":"not today","details":{"limit":100}}`),
		[]byte("\x02" + `"it broke"`),
		[]byte("\x00" + `{"a":1,"a":2}`),
		w.Encoded(0, map[string]any{"a": int64(1)}),
		[]byte("\x00" + `[1]`),
		[]byte("\x00" + `{"r":` + strings.Repeat(" ", len(stored)) + `}`),
		[]byte("\x00null"),
		[]byte(line), []byte(put), []byte(get),
	}}
	at := func(i int) int32 { return int32(4096 + 1024*i) }
	request := func(i int) []byte {
		return w.Join(w.I32(at(i)), w.I32(int32(len(g.Data[i]))), w.Op(0x10, w.FirstImport, 0x1a))
	}
	replyTo := func(ptr int32) []byte { return w.Join(w.I32(ptr), w.Op(0x10, w.FirstImport+1)) }
	g.Imports = [][]byte{
		w.Join(w.Name(abi.ImportModule), w.Name(abi.ImportState), w.Op(0, 4)),
		w.Join(w.Name(abi.ImportModule), w.Name(abi.ImportReply), w.Op(0, 1)),
	}
	g.Init = w.Join(w.Op(0x20, 0, 0x2d, 0, 0), w.I32('{'), w.Op(0x47, 0x04, 0x40, 0, 0x0b), g.Answer(0))
	g.Validate = g.Answer(8)
	bodies := [][]byte{
		1: g.Answer(1), 2: g.Answer(2), 3: g.Answer(3), 4: g.Answer(4), 5: g.Answer(5), 6: g.Answer(6),
		7: w.Join(request(10), replyTo(60000), request(11), replyTo(at(7)+6), g.Answer(7)),
		8: w.Join(w.Log(4, at(9), int32(len(line))), g.Answer(1)),
		9: w.Join(request(11), replyTo(60000), g.Answer(1)),
	}
	for i, body := range bodies {
		if body != nil {
			g.Execute = w.Join(g.Execute, w.Op(0x20, 0, 0x2d, 0, 8), w.I32('0'+int32(i)), w.Op(0x46, 0x04, 0x40), body, w.Op(0x0b))
		}
	}
	g.Execute = w.Join(g.Execute, w.Op(0x00))
	return g
}

func TestAGuestThatSpeaksJSON(t *testing.T) {
	var log bytes.Buffer
	spec := w.Spec(t, jsonGuest().Module())
	spec.Log = slog.New(slog.NewTextHandler(&log, nil))
	spec.Manifest.Encoding = manifest.EncodingJSON
	spec.Manifest.Config = map[string]any{"limit": int64(100)}
	in := load(t, w.Granted(t, spec, abi.CapabilityLog, abi.CapabilityState))
	if err := in.Validate(context.Background()); err != nil {
		t.Error(err)
	}
	for mode, c := range map[string]struct {
		want string
		code problem.Code
		text string // of the error
	}{
		"1": {want: `{"a":"é","b":1.5}`},
		"2": {text: "not today"},
		"3": {code: problem.FaultPanic, text: "it broke"},
		"4": {code: problem.FaultABI, text: "not a map in JSON"},
		"5": {code: problem.FaultABI, text: "not a map in JSON"},
		"6": {code: problem.FaultABI, text: "not a map in JSON"},
		"7": {want: `{"r":[null,{"found":true,"value":[7]}]}`},
		"8": {want: `{"a":"é","b":1.5}`},
	} {
		var u driver.Usage
		text, err := in.(driver.Textual).ExecuteText(context.Background(), []byte(` { "mode" : `+mode+` } `), []byte("before "), &u)
		same(t, "text "+mode, strings.TrimPrefix(string(text), "before "), err, c.want, c.code, c.text)
		v, err := wire.ParseJSONMap([]byte(`{"mode":` + mode + `}`))
		if err != nil {
			t.Fatal(err)
		}
		out, err := in.Execute(context.Background(), v)
		var b []byte
		if err == nil {
			b, _ = wire.AppendJSON(nil, out)
		}
		same(t, "map "+mode, string(b), err, c.want, c.code, c.text)
	}
	if _, err := in.Execute(context.Background(), map[string]any{"mode": int64(2)}); !detailed(err) {
		t.Errorf("rejection: %#v", err)
	}
	if !strings.Contains(log.String(), "msg=hello fields.from=json") {
		t.Errorf("logged %s", log.String())
	}
}

func detailed(err error) bool {
	var b *abi.Error
	return errors.As(err, &b) && b.Code == "no" && b.Details["limit"] == int64(100)
}

func same(t *testing.T, name, got string, err error, want string, code problem.Code, text string) {
	t.Helper()
	if got != want || (err == nil) != (want != "") || faultCode(err) != code || err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %s, %v; want %s, %s, %s", name, got, err, want, code, text)
	}
}

func TestTextAndMapAnswerTheSame(t *testing.T) {
	in := load(t, specOf(t, liar().Module()))
	for mode := range int64(23) {
		if mode == 17 || mode == 18 {
			continue // does not end
		}
		var u driver.Usage
		input := map[string]any{"mode": mode}
		out, err := in.Execute(context.Background(), input)
		text, terr := executeText(in, input, &u)
		if faultCode(err) != faultCode(terr) || (err == nil) != (terr == nil) || u.Instructions <= 0 {
			t.Errorf("mode %d: %v and %v, %d instructions", mode, err, terr, u.Instructions)
		}
		back, _ := wire.ParseJSONMap(text)
		if err == nil && (back["calls"] == nil || len(back) != len(out)) || err != nil && len(text) > 0 {
			t.Errorf("mode %d: %v and %s", mode, out, text)
		}
	}
}

func executeText(in driver.Instance, v map[string]any, u *driver.Usage) ([]byte, error) {
	b, err := wire.AppendJSON(nil, v)
	if err != nil {
		return nil, err
	}
	return in.(driver.Textual).ExecuteText(context.Background(), b, nil, u)
}

func TestAnAnswerMayBeAsLongAsTheLimit(t *testing.T) {
	answer := w.Encoded(0, map[string]any{"text": strings.Repeat("x", 200)})
	g := w.Guest{Data: [][]byte{answer}}
	g.Execute = g.Answer(0)
	for limit, want := range map[int]problem.Code{len(answer) - 2: problem.FaultOutput, len(answer) - 1: ""} {
		spec := w.Spec(t, g.Module())
		spec.Manifest.Limits.OutputBytes = int64(limit)
		in := load(t, spec)
		_, err := in.Execute(context.Background(), nil)
		_, terr := executeText(in, nil, new(driver.Usage))
		if faultCode(err) != want || faultCode(terr) != want {
			t.Errorf("limit %d for %d bytes: %v, as text %v", limit, len(answer)-1, err, terr)
		}
	}
}

func TestARefusedInputUsesNothing(t *testing.T) {
	for name, g := range map[string]w.Guest{"restored": patient(), "fresh": changing()} {
		in := load(t, w.Spec(t, g.Module()))
		for round, before := range []int64{0, 1, 2} { // an answer, a new guest, a rejection
			u := driver.Usage{Instructions: 77}
			if _, err := in.(driver.Metered).ExecuteMetered(context.Background(), map[string]any{"x": make(chan int)}, &u); problem.CodeOf(err) != problem.ValueDomain || u.Instructions != 0 {
				t.Errorf("%s, round %d: %v, %d instructions", name, round, err, u.Instructions)
			}
			u.Instructions = 77
			if out, err := in.(driver.Textual).ExecuteText(context.Background(), []byte(`{"x":`), []byte("as before"), &u); problem.CodeOf(err) != problem.BadJSON || u.Instructions != 0 || string(out) != "as before" {
				t.Errorf("%s, round %d: %s, %v, %d instructions", name, round, out, err, u.Instructions)
			}
			_, _ = in.Execute(context.Background(), map[string]any{"mode": before})
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		u := driver.Usage{Instructions: 77}
		if _, err := in.(driver.Metered).ExecuteMetered(ctx, nil, &u); problem.CodeOf(err) != problem.Canceled || u.Instructions != 0 {
			t.Errorf("%s: %v, %d instructions", name, err, u.Instructions)
		}
	}
}

// TestCallsOfASmallGuestAllocateNextToNothing beyond what decoding an answer takes.
func TestCallsOfASmallGuestAllocateNextToNothing(t *testing.T) {
	spec := w.Spec(t, w.Guest{}.Module())
	in := load(t, spec)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var u driver.Usage
	input, text, dst := map[string]any{"mode": int64(0)}, []byte(`{"mode":0}`), make([]byte, 0, 100)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := in.(driver.Textual).ExecuteText(ctx, text, dst, &u); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a text takes %v allocations", n)
	}
	answer := w.Encoded(0, map[string]any{"calls": int64(1)})[1:]
	decoding := testing.AllocsPerRun(100, func() { _, _ = wire.DecodeMap(answer) })
	if n := testing.AllocsPerRun(100, func() {
		if _, err := in.(driver.Metered).ExecuteMetered(ctx, input, &u); err != nil {
			t.Fatal(err)
		}
	}); n > decoding {
		t.Errorf("a map takes %v allocations, decoding its answer %v", n, decoding)
	}
}
