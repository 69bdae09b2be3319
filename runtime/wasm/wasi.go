package wasm

import (
	"encoding/binary"
	"time"
)

// wasiModule is the import module of WASI preview 1.
const wasiModule = "wasi_snapshot_preview1"

// WASI error numbers.
const (
	wasiOK    = 0
	wasiBadFD = 8
	wasiFault = 21
	wasiInval = 28
	wasiNoSys = 52
	wasiNoCap = 76 // the capability is missing
)

// Bounds of one WASI call.
const (
	maxVectors       = 64
	maxWrite         = 64 << 10
	maxSubscriptions = 64
)

// wasiImports is our shim of WASI preview 1. Toolchains import it whether a
// strategy needs it or not. Clock, random numbers and output work as far as the
// release was granted clock, random and log (see abi/wasm.go), exit works, the
// lists of arguments and of environment variables are empty, and everything
// else answers that there is no such file or function.
//
// poll_oneoff never blocks: each clock it waits for has rung, and the guest's
// monotonic clock moves forward by that much. A strategy that sleeps goes on at
// once.
func wasiImports() []Import {
	imports := []Import{
		wasi("args_get", "ii", wasiNothing),
		wasi("args_sizes_get", "ii", wasiEmptyList),
		wasi("environ_get", "ii", wasiNothing),
		wasi("environ_sizes_get", "ii", wasiEmptyList),
		wasi("clock_res_get", "ii", wasiClockResolution),
		wasi("clock_time_get", "iIi", wasiClockTime),
		wasi("random_get", "ii", wasiRandom),
		wasi("sched_yield", "", wasiNothing),
		wasi("poll_oneoff", "iiii", wasiPoll),
		wasi("fd_write", "iiii", wasiWrite),
		wasi("fd_fdstat_get", "ii", wasiStat),
		{wasiModule, "proc_exit", signature("i", ""), wasiExit},
	}
	for _, f := range wasiRefused() {
		imports = append(imports, wasi(f.name, f.params, refuse(f.errno)))
	}
	return imports
}

type refused struct {
	name, params string
	errno        uint32
}

// wasiRefused lists the functions that reach nothing.
func wasiRefused() []refused {
	return []refused{
		{"fd_advise", "iIIi", wasiBadFD}, {"fd_allocate", "iII", wasiBadFD}, {"fd_close", "i", wasiBadFD},
		{"fd_datasync", "i", wasiBadFD}, {"fd_fdstat_set_flags", "ii", wasiBadFD},
		{"fd_fdstat_set_rights", "iII", wasiBadFD}, {"fd_filestat_get", "ii", wasiBadFD},
		{"fd_filestat_set_size", "iI", wasiBadFD}, {"fd_filestat_set_times", "iIIi", wasiBadFD},
		{"fd_pread", "iiiIi", wasiBadFD}, {"fd_prestat_get", "ii", wasiBadFD},
		{"fd_prestat_dir_name", "iii", wasiBadFD}, {"fd_pwrite", "iiiIi", wasiBadFD},
		{"fd_read", "iiii", wasiBadFD}, {"fd_readdir", "iiiIi", wasiBadFD}, {"fd_renumber", "ii", wasiBadFD},
		{"fd_seek", "iIii", wasiBadFD}, {"fd_sync", "i", wasiBadFD}, {"fd_tell", "ii", wasiBadFD},
		{"path_create_directory", "iii", wasiNoSys}, {"path_filestat_get", "iiiii", wasiNoSys},
		{"path_filestat_set_times", "iiiiIIi", wasiNoSys}, {"path_link", "iiiiiii", wasiNoSys},
		{"path_open", "iiiiiIIii", wasiNoSys}, {"path_readlink", "iiiiii", wasiNoSys},
		{"path_remove_directory", "iii", wasiNoSys}, {"path_rename", "iiiiii", wasiNoSys},
		{"path_symlink", "iiiii", wasiNoSys}, {"path_unlink_file", "iii", wasiNoSys},
		{"proc_raise", "i", wasiNoSys}, {"sock_accept", "iii", wasiNoSys},
		{"sock_recv", "iiiiii", wasiNoSys}, {"sock_send", "iiiii", wasiNoSys}, {"sock_shutdown", "ii", wasiNoSys},
	}
}

// wasi makes an import that answers with an error number.
func wasi(name, params string, call func(h *Host, m Memory, args []uint64) uint32) Import {
	return Import{wasiModule, name, signature(params, "i"), func(h *Host, m Memory, stack []uint64) error {
		stack[0] = uint64(call(h, m, stack))
		return h.violation // of a replay that diverges; nothing else is one
	}}
}

func refuse(errno uint32) func(*Host, Memory, []uint64) uint32 {
	return func(*Host, Memory, []uint64) uint32 { return errno }
}

func wasiNothing(*Host, Memory, []uint64) uint32 { return wasiOK }

// wasiEmptyList writes a count and a size of nothing.
func wasiEmptyList(_ *Host, m Memory, args []uint64) uint32 {
	return both(put32(m, uint32(args[0]), 0), put32(m, uint32(args[1]), 0))
}

func wasiClockResolution(_ *Host, m Memory, args []uint64) uint32 {
	if uint32(args[0]) > 3 {
		return wasiInval
	}
	return put64(m, uint32(args[1]), 1)
}

// wasiClockTime reads the wall clock (0), the host's own, or one of the clocks
// for durations.
func wasiClockTime(h *Host, m Memory, args []uint64) uint32 {
	read := h.monotonic
	switch id := uint32(args[0]); {
	case id == 0:
		read = h.now
	case id > 3:
		return wasiInval
	}
	n, err := read()
	if err != nil {
		return wasiInval
	}
	return put64(m, uint32(args[2]), uint64(n))
}

func wasiRandom(h *Host, m Memory, args []uint64) uint32 {
	size := uint32(args[1])
	if size > maxRandom {
		return wasiInval
	}
	b, ok := m.Read(uint32(args[0]), size)
	if !ok {
		return wasiFault
	}
	if h.random(b) != nil {
		return wasiNoCap
	}
	return wasiOK
}

// wasiStat describes the standard output and error as character devices.
func wasiStat(_ *Host, m Memory, args []uint64) uint32 {
	if fd := uint32(args[0]); fd != 1 && fd != 2 {
		return wasiBadFD
	}
	const characterDevice = 2
	return put(m, uint32(args[1]), append([]byte{characterDevice}, make([]byte, 23)...))
}

// wasiWrite takes at most maxWrite bytes and says how many: a host function runs
// past any deadline, so its work must not grow with what the guest asks for.
func wasiWrite(h *Host, m Memory, args []uint64) uint32 {
	fd, vectors, n := uint32(args[0]), uint32(args[1]), uint32(args[2])
	if fd != 1 && fd != 2 {
		return wasiBadFD
	}
	if n > maxVectors {
		return wasiInval
	}
	list, ok := m.Read(vectors, 8*n)
	if !ok {
		return wasiFault
	}
	total := uint32(0)
	for ; len(list) > 0; list = list[8:] {
		b, ok := m.Read(binary.LittleEndian.Uint32(list), binary.LittleEndian.Uint32(list[4:]))
		if !ok {
			return wasiFault
		}
		b = b[:min(len(b), int(maxWrite-total))]
		h.output(b)
		total += uint32(len(b))
	}
	return put32(m, uint32(args[3]), total)
}

func wasiExit(h *Host, _ Memory, stack []uint64) error {
	h.exit = exited(stack[0])
	return h.exit
}

// Layout of subscriptions and events of poll_oneoff.
const (
	subscriptionSize = 48
	subscriptionKind = 8  // offset; 0 is a clock
	subscriptionTime = 24 // offset of the time-out
	subscriptionFlag = 40 // offset; bit 0: the time-out is a point in time
	eventSize        = 32
	eventErrno       = 8
	eventKind        = 10
)

// wasiPoll answers every subscription at once.
func wasiPoll(h *Host, m Memory, args []uint64) uint32 {
	in, out, n := uint32(args[0]), uint32(args[1]), uint32(args[2])
	if n == 0 || n > maxSubscriptions {
		return wasiInval
	}
	subscriptions, ok := m.Read(in, n*subscriptionSize)
	if !ok {
		return wasiFault
	}
	events := make([]byte, n*eventSize)
	for i := range n {
		h.answer(events[i*eventSize:], subscriptions[i*subscriptionSize:])
	}
	return both(put(m, out, events), put32(m, uint32(args[3]), n))
}

// answer turns one subscription into its event: the user's data, an error
// number and the kind.
func (h *Host) answer(event, subscription []byte) {
	copy(event, subscription[:8])
	kind := subscription[subscriptionKind]
	event[eventKind] = kind
	if kind != 0 {
		binary.LittleEndian.PutUint16(event[eventErrno:], wasiBadFD)
		return
	}
	wait := time.Duration(min(binary.LittleEndian.Uint64(subscription[subscriptionTime:]), 1<<62))
	if subscription[subscriptionFlag]&1 != 0 {
		now, err := h.monotonic()
		if err != nil {
			return
		}
		wait -= time.Duration(now)
	}
	h.skipped += min(max(wait, 0), time.Hour)
}

func both(a, b uint32) uint32 { return max(a, b) }

func put32(m Memory, ptr, v uint32) uint32 {
	return put(m, ptr, binary.LittleEndian.AppendUint32(nil, v))
}

func put64(m Memory, ptr uint32, v uint64) uint32 {
	return put(m, ptr, binary.LittleEndian.AppendUint64(nil, v))
}

func put(m Memory, ptr uint32, b []byte) uint32 {
	if !m.Write(ptr, b) {
		return wasiFault
	}
	return wasiOK
}
