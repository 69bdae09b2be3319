// Package snapshot keeps the state of a Wasm guest and brings it back, so that
// nothing of one call reaches the next.
//
// # What state is
//
// A guest remembers in its linear memory, in its mutable globals, in its tables
// and in which of its segments were dropped. [Prepare] changes a module at
// upload so that the first two can be kept and brought back from outside, and
// says so when the module can change the last two; such a module needs a fresh
// guest for each call. Imported state does not exist: package guard lets only
// functions be imported.
//
// # What Prepare changes
//
//   - Every mutable global is exported, as [GlobalPrefix] and its index, behind
//     the other exports.
//   - Active data segments become one passive segment, and the exported
//     function [FillExport] writes it to the memory. Then it calls the start
//     function, which the module no longer names as such. So an engine that is
//     given an [Image] writes nothing that the image replaces; Go guests have
//     thousands of segments, and writing them takes longer than a thousand calls.
//   - Custom sections other than "name" and "producers" are left out.
//
// Indices of the module's own types, functions, globals and tables stay. The
// names are refused in uploads.
//
// # A worked example
//
// A module with a mutable global 0, the segment (data (i32.const 8) "hi") and
// the start function 3 gets, with 4 functions of its own,
//
//	(export "swapline:snapshot/global/0" (global 0))
//	(export "swapline:snapshot/fill" (func 5))
//	(func (;4;) i32.const 8  i32.const 0  i32.const 2  memory.init 0)
//	(func (;5;) call 4  call 3)
//	(data "hi")
//
// # Life of a guest
//
// The first guest of a module is made without an image. The host calls
// FillExport, then what makes the guest ready, then whatever warms it up; then
// it freezes the memory and reads the globals. Every further guest starts with
// the image, and its globals are set; FillExport is not called. After a call
// the memory is restored and the globals are set.
//
// # Memory
//
// A [Memory] reserves addresses for as much as the guest may ever have. The
// image is a sealed memory file, mapped privately: guests share its pages until
// they write to them, and a guest costs what it wrote. [Memory.Restore] asks
// the kernel which pages are the guest's own, compares them with the image and
// copies back what differs. They stay the guest's own, because the next call
// writes to the same few: a page costs some 0.1 µs to compare and several to
// fault in again. Pages that were found unchanged for long are given back, and
// after some restores all that calls do not write to are dropped once.
//
// The kernel can be asked since Linux 6.7. Before, and where it must not be
// asked, all pages are given back after each call. A memory of up to
// [SmallMemory] bytes is compared as a whole, and so is every memory where an
// image cannot be a file, as on systems other than Linux; the build tag
// "portable" makes Linux one of those, for tests.
//
// A guest takes up to three maps of the process's, an image one map and two
// descriptors.
package snapshot

import (
	"errors"
	"strconv"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// Names that a prepared module exports.
const (
	reservedPrefix = "swapline:snapshot/"
	GlobalPrefix   = reservedPrefix + "global/"
	FillExport     = reservedPrefix + "fill"
)

// Prepared is a module whose guests can be frozen and restored.
type Prepared struct {
	// Module is the changed module; the original one if Fresh is not "".
	Module []byte
	// Globals are the names that the mutable globals are exported under.
	Globals []string
	// Fresh says why the state of a guest cannot be restored, as a clause:
	// "it changes tables". Then each call needs a guest of its own, made
	// without an image, and FillExport does not exist.
	Fresh string
}

// Prepare changes a module. The module must pass package guard with limits l,
// and so does the result. If it does not, or if it uses a name of this package,
// the error is a *problem.Error with a code of guard's. The same module and
// limits give the same bytes.
func Prepare(module []byte, l guard.Limits) (Prepared, error) {
	r := &reading{module: module, func0: -1}
	m, err := guard.Trace(module, l, r)
	if err != nil {
		return Prepared{}, err
	}
	if err := reserved(m); err != nil {
		return Prepared{}, err
	}
	r.finish(m)
	if r.fresh != "" {
		return Prepared{Module: module, Fresh: r.fresh}, nil
	}
	out := r.assemble()
	if _, err := guard.Parse(out, l); err != nil {
		return unchanged(module, err)
	}
	return Prepared{Module: out, Globals: r.globalNames()}, nil
}

// unchanged is for a module that what is added makes too large.
func unchanged(module []byte, err error) (Prepared, error) {
	var p *problem.Error
	if errors.As(err, &p) && p.Code == problem.WasmTooLarge {
		return Prepared{Module: module, Fresh: "it is too large for what a snapshot adds"}, nil
	}
	return Prepared{}, problem.New(problem.Internal, "the module prepared for snapshots is malformed: %w", err).In("wasm_snapshot")
}

// reserved refuses a module that uses names of this package.
func reserved(m *guard.Module) error {
	for _, e := range m.Exports {
		if strings.HasPrefix(e.Name, reservedPrefix) {
			return problem.New(problem.WasmMalformed, "the module exports %q, a name that the host keeps for itself", e.Name).
				In("wasm_snapshot").Cure("choose another name")
		}
	}
	return nil
}

// globalNames are the exports of the mutable globals.
func (r *reading) globalNames() []string {
	names := make([]string, len(r.mutable))
	for i, g := range r.mutable {
		names[i] = GlobalPrefix + strconv.FormatUint(uint64(g), 10)
	}
	return names
}
