package main

import (
	"fmt"

	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// trapCode is code that traps; it leaves nothing.
type trapCode struct {
	name string
	code []byte
}

func drop(code ...[]byte) []byte { return append(w.Join(code...), 0x1a) }

// mainTraps are those that are tried in every export.
func mainTraps() []trapCode {
	return []trapCode{
		{"unreachable", w.Op(0x00)},
		{"division by zero", drop(w.I32(1), w.I32(0), w.Op(0x6d))},
		{"integer overflow", drop(w.I32(-1<<31), w.I32(-1), w.Op(0x6d))},
		{"load outside of memory", drop(w.I32(-4), w.Op(0x28, 2, 0))},
		{"indirect call of nothing", w.Join(w.I32(0), w.Op(0x11, w.TypeNothing, 0))},
		{"indirect call of another type", w.Join(w.I32(1), w.Op(0x11, w.TypeNothing, 0))},
	}
}

// moreTraps are tried in execute only.
func moreTraps() []trapCode {
	const nan = "\x00\x00\x00\x00\x00\x00\xf8\x7f"
	return []trapCode{
		{"division by zero of i64", drop(w.I64(1), w.I64(0), w.Op(0x7f))},
		{"division by zero, unsigned", drop(w.I32(1), w.I32(0), w.Op(0x6e))},
		{"remainder by zero", drop(w.I32(1), w.I32(0), w.Op(0x6f))},
		{"remainder by zero of i64", drop(w.I64(1), w.I64(0), w.Op(0x82))},
		{"integer overflow of i64", drop(w.I64(-1<<63), w.I64(-1), w.Op(0x7f))},
		{"NaN to an integer", drop(w.Op(0x44), []byte(nan), w.Op(0xaa))},
		{"1e300 to an integer", drop(w.Op(0x44, 0x9c, 0x75, 0, 0x88, 0x3c, 0xe4, 0x37, 0x7e), w.Op(0xaa))},
		{"store outside of memory", w.Join(w.I32(-4), w.I32(1), w.Op(0x36, 2, 0))},
		{"store across the end", w.Join(w.I32(size-3), w.I32(1), w.Op(0x36, 2, 0))},
		{"load at an offset of 2^32-1", drop(w.I32(-1), w.Op(0x29, 3), w.U32(1<<32-1))},
		{"memory.fill outside", w.Join(w.I32(size-1), w.I32(0), w.I32(2), more(11, 0))},
		{"memory.fill of 2^32-1", w.Join(w.I32(0), w.I32(0), w.I32(-1), more(11, 0))},
		{"memory.copy from outside", w.Join(w.I32(0), w.I32(size-1), w.I32(2), more(10, 0, 0))},
		{"memory.copy to outside", w.Join(w.I32(-1), w.I32(0), w.I32(2), more(10, 0, 0))},
		{"memory.init beyond the segment", w.Join(w.I32(0), w.I32(3), w.I32(3), more(8, 2, 0))},
		{"memory.init of a dropped segment", w.Join(more(9, 2), w.I32(0), w.I32(0), w.I32(1), more(8, 2, 0))},
		{"indirect call outside of the table", w.Join(w.I32(-1), w.Op(0x11, w.TypeNothing, 0))},
		{"table.get outside", drop(w.I32(100), w.Op(0x25, 0))},
		{"table.set outside", w.Join(w.I32(-1), w.Op(0xd0, 0x70, 0x26, 0))},
		{"table.fill outside", w.Join(w.I32(0), w.Op(0xd0, 0x70), w.I32(100), more(17, 0))},
		{"table.copy outside", w.Join(w.I32(0), w.I32(1), w.I32(100), more(14, 0, 0))},
		{"table.init outside", w.Join(w.I32(0), w.I32(0), w.I32(100), more(12, 0, 0))},
	}
}

// trapping has what the codes of traps refer to.
func trapping() w.Guest {
	g := elements(nullable(2, 2), w.Join(w.Op(0), w.I32(1), w.Op(0x0b), w.Vec(w.U32(w.Guest{}.Function(-2)))))
	g.CountsData = true
	g.Segments = [][]byte{w.Join(w.Op(1), w.Sized(w.Op(1, 2, 3, 4)))}
	return g
}

// traps are tried in every export.
func traps() []attack {
	start, construct, trap := unstarted(problem.FaultTrap), startFault(problem.FaultTrap), string(problem.FaultTrap)
	var list []attack
	for _, t := range mainTraps() {
		for _, place := range []struct {
			name, want string
			put        func(*w.Guest)
		}{
			{"start", start, func(g *w.Guest) { g.Start = t.code }},
			{"_initialize", start, func(g *w.Guest) { g.Initialize = t.code }},
			{"swapline_abi_version", start, func(g *w.Guest) { g.VersionCode = w.Join(t.code, w.I32(1)) }},
			{"swapline_alloc", construct, func(g *w.Guest) { g.Alloc = w.Join(t.code, w.I32(65536)) }},
			{"swapline_init", construct, func(g *w.Guest) { g.Init = w.Join(t.code, w.I64(0)) }},
			{"swapline_execute", trap, func(g *w.Guest) { g.Modes = [][]byte{t.code} }},
			{"swapline_validate", trap, func(g *w.Guest) { g.Validate = w.Join(t.code, w.I64(0)) }},
		} {
			g := trapping()
			place.put(&g)
			a := loads(fmt.Sprintf("trap/%s in %s", t.name, place.name), place.want, g)
			a.validate = place.name == "swapline_validate"
			list = append(list, a)
		}
	}
	for _, t := range moreTraps() {
		list = append(list, with("trap/"+t.name, trap, trapping(), t.code))
	}
	return list
}

// imported calls an import with constants and drops what it leaves. Its index is
// that of the first of Extras.Imports.
func imported(drops int, args ...[]byte) []byte {
	return w.Join(w.Join(args...), w.Op(0x10, w.FirstImport), repeat(drops, w.Op(0x1a)))
}

// wasiGuest imports one function more.
func wasiGuest(module, name, params, results string) w.Guest {
	return w.Guest{Extras: w.Extras{
		Types:   [][]byte{w.Func(params, results)},
		Imports: [][]byte{w.Join(w.Name(module), w.Name(name), w.Op(0, w.FirstType))},
	}}
}

// hostCalls misuse the functions of the host.
func hostCalls() []attack {
	const lie, trap, late = string(problem.FaultABI), string(problem.FaultTrap), string(problem.FaultDeadline)
	const often = string(problem.FaultHost)
	const wasi = "wasi_snapshot_preview1"
	line := w.Encoded(0, []any{"a line of the log", nil})[1:]
	logged := w.Guest{Data: [][]byte{line, bytesOf(0x81, 1000), {0x82, 0x01, 0xf6}}}
	now := wasiGuest("swapline", "now", "", "I")
	random := wasiGuest(wasi, "random_get", "ii", "i")
	poll := wasiGuest(wasi, "poll_oneoff", "iiii", "i")
	write := wasiGuest(wasi, "fd_write", "iiii", "i")
	clock := wasiGuest(wasi, "clock_time_get", "iIi", "i")
	yield := wasiGuest(wasi, "sched_yield", "", "i")
	open := wasiGuest(wasi, "path_open", "iiiiiIIii", "i")
	hour := w.Op(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xa0, 0xb8, 0x30, 0x46, 0x03, 0, 0)
	poll.Data, write.Data = [][]byte{append(hour, make([]byte, 16)...)}, [][]byte{vectors()}
	sleep := imported(1, w.I32(4096), w.I32(8192), w.I32(1), w.I32(12288))
	write64 := imported(1, w.I32(1), w.I32(4096), w.I32(64), w.I32(12288))
	return []attack{
		breaks("host/log behind the end of memory", lie, w.Log(0, size, 1)),
		breaks("host/log of 2^32-1 bytes", lie, w.Log(0, 0, -1)),
		breaks("host/log at 2^32-1", lie, w.Log(0, -1, 100)),
		breaks("host/log of nothing", lie, w.Log(0, 0, 0)),
		breaks("host/log of zeros", lie, w.Log(0, 0, 4)),
		with("host/log of deep CBOR", lie, logged, w.Log(0, 5120, 1000)),
		with("host/log without a text", lie, logged, w.Log(0, 6144, 3)),
		with("host/log with levels that are none", answered, logged, w.Log(-1<<31, 4096, int32(len(line))), w.Log(1<<31-1, 4096, int32(len(line)))),
		with("host/log 1,000 lines", answered, logged, repeat(1000, w.Log(0, 4096, int32(len(line))))),
		with("host/log for ever", often, logged, forever(w.Log(0, 4096, int32(len(line))))),
		breaks("host/log 128 KiB of anything for ever", often, forever(w.Log(0, 0, size))),
		with("host/now for ever", late, now, forever(imported(1))),
		with("host/clock_time_get for ever", late, clock, forever(imported(1, w.I32(0), w.I64(0), w.I32(0)))),
		with("host/clock_time_get to outside of memory", answered, clock, imported(1, w.I32(0), w.I64(0), w.I32(-1))),
		with("host/random_get of 64 KiB for ever", late, random, forever(imported(1, w.I32(65536), w.I32(65536)))),
		with("host/random_get of 2^32-1 bytes", answered, random, imported(1, w.I32(0), w.I32(-1))),
		with("host/random_get to outside of memory", answered, random, imported(1, w.I32(-1), w.I32(16))),
		with("host/sleep an hour", answered, poll, sleep),
		with("host/sleep an hour for ever", often, poll, forever(sleep)),
		with("host/poll 2^32-1 things", answered, poll, imported(1, w.I32(0), w.I32(0), w.I32(-1), w.I32(0))),
		with("host/poll outside of memory", answered, poll, imported(1, w.I32(-1), w.I32(-1), w.I32(1), w.I32(-1))),
		with("host/sched_yield for ever", late, yield, forever(imported(1))),
		with("host/fd_write 64 times 64 KiB for ever", often, write, forever(write64)),
		with("host/fd_write of 2^32-1 vectors", answered, write, imported(1, w.I32(1), w.I32(0), w.I32(-1), w.I32(0))),
		with("host/fd_write outside of memory", answered, write, imported(1, w.I32(1), w.I32(-8), w.I32(1), w.I32(0))),
		with("host/fd_write to file 3", answered, write, imported(1, w.I32(3), w.I32(4096), w.I32(1), w.I32(12288))),
		with("host/path_open of anything", answered, open, imported(1, w.I32(3), w.I32(0), w.I32(0), w.I32(4), w.I32(0), w.I64(-1), w.I64(-1), w.I32(0), w.I32(0))),
		breaks("host/proc_exit 0", trap, w.Exit(0)),
		breaks("host/proc_exit 1", trap, w.Exit(1)),
		breaks("host/proc_exit -1", trap, w.Exit(-1)),
		loads("host/proc_exit in the start function", unstarted(problem.FaultTrap), w.Guest{Start: w.Exit(0)}),
		loads("host/proc_exit in _initialize", unstarted(problem.FaultTrap), w.Guest{Extras: w.Extras{Initialize: w.Exit(0)}}),
		loads("host/proc_exit in swapline_abi_version", unstarted(problem.FaultTrap), w.Guest{Extras: w.Extras{VersionCode: w.Join(w.Exit(0), w.I32(1))}}),
		loads("host/proc_exit in swapline_init", startFault(problem.FaultTrap), w.Guest{Init: w.Join(w.Exit(0), w.I64(0))}),
	}
}

func bytesOf(b byte, n int) []byte { return repeat(n, w.Op(b)) }

// vectors are 64 times the first 64 KiB.
func vectors() []byte { return repeat(64, w.Op(0, 0, 0, 0, 0, 0, 1, 0)) }
