package main

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// request is a request with the address and length of an argument.
type request struct {
	name string
	body map[string]any
}

// abilities misuse what a release was granted, or was not.
func abilities() []attack {
	const lie, late, often = string(problem.FaultABI), string(problem.FaultDeadline), string(problem.FaultHost)
	ability := func(name string) w.Guest { return wasiGuest(abi.ImportModule, name, "ii", "I") }
	var list []attack
	for _, r := range []request{
		{abi.ImportEmit, map[string]any{"type": "hostile", "data": int64(1)}},
		{abi.ImportState, map[string]any{"put": "key", "value": int64(1)}},
		{abi.ImportHTTP, map[string]any{"url": "http://127.0.0.1:1/"}},
	} {
		g := ability(r.name)
		g.Data = [][]byte{w.Encoded(0, r.body)[1:], {0xff}, w.Encoded(0, map[string]any{"unknown": int64(1)})[1:], bytesOf(0x81, 900)}
		at := func(i int) []byte { return imported(1, w.I32(int32(4096+1024*i)), w.I32(int32(len(g.Data[i])))) }
		list = append(list,
			with("ability/"+r.name+" behind the end of memory", lie, g, imported(1, w.I32(size), w.I32(1))),
			with("ability/"+r.name+" of 2^32-1 bytes", lie, g, imported(1, w.I32(0), w.I32(-1))),
			with("ability/"+r.name+" at 2^32-1", lie, g, imported(1, w.I32(-1), w.I32(100))),
			with("ability/"+r.name+" of nothing", lie, g, imported(1, w.I32(0), w.I32(0))),
			with("ability/"+r.name+" that is not CBOR", lie, g, at(1)),
			with("ability/"+r.name+" of deep CBOR", lie, g, at(3)),
			with("ability/"+r.name+" that is no request", answered, g, at(2)),
			with("ability/"+r.name+" once", answered, g, at(0)),
			with("ability/"+r.name+" for ever", often, g, forever(at(0))),
			loads("ability/"+r.name+" without a grant", refusal(problem.CapabilityDenied), g).changed(nothing),
		)
	}
	reply := wasiGuest(abi.ImportModule, abi.ImportReply, "i", "")
	random := wasiGuest(abi.ImportModule, abi.ImportRandom, "ii", "")
	now := wasiGuest(abi.ImportModule, abi.ImportNow, "", "I")
	return append(list,
		with("ability/reply to nothing", lie, reply, imported(0, w.I32(0))),
		with("ability/reply to nothing at 2^32-1", lie, reply, imported(0, w.I32(-1))),
		with("ability/random of 64 KiB for ever", late, random, forever(imported(0, w.I32(65536), w.I32(65536)))),
		with("ability/random of 2^32-1 bytes", lie, random, imported(0, w.I32(0), w.I32(-1))),
		with("ability/random at the end of memory", lie, random, imported(0, w.I32(size-1), w.I32(2))),
		loads("ability/random without a grant", refusal(problem.CapabilityDenied), random).changed(nothing),
		loads("ability/now without a grant", refusal(problem.CapabilityDenied), now).changed(nothing),
		loads("ability/log without a grant", refusal(problem.CapabilityDenied), w.Guest{}).changed(nothing),
	)
}

// nothing takes all capabilities from a release.
func nothing(m *manifest.Manifest) { m.Capabilities = nil }
