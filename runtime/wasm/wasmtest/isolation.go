package wasmtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// TestIsolation loads guests that try to remember, with a driver of any engine.
// Each mode of a guest tells what it finds and then changes it, so every answer
// after the first shows whether something was left over.
func TestIsolation(t *testing.T, open func(testing.TB) driver.Driver) {
	for _, g := range rememberers() {
		for mode, name := range g.names {
			t.Run(g.name+"/"+name, func(t *testing.T) {
				t.Run("request", func(t *testing.T) { forgets(t, load(t, open, g.guest, manifest.IsolationRequest), mode+1) })
				t.Run("default", func(t *testing.T) { forgets(t, load(t, open, g.guest, ""), mode+1) })
				t.Run("instance", func(t *testing.T) { remembers(t, load(t, open, g.guest, manifest.IsolationInstance), mode+1) })
			})
		}
	}
	t.Run("after a fault or a business error", func(t *testing.T) { forgetsAfterTrouble(t, open) })
	t.Run("in parallel", func(t *testing.T) { forgetsInParallel(t, open) })
}

// rememberer is a guest with a name for each of its modes.
type rememberer struct {
	name  string
	guest Guest
	names []string
}

// Addresses that the modes use: in the data segments, between them, in the page
// of inputs, and the last byte of the memory.
const (
	inData, unused, inInput, last = dataAt, 40000, room + 100, 3*65536 - 1
)

func rememberers() []rememberer {
	plain := rememberer{name: "memory", guest: Guest{Data: [][]byte{{3}}, Extras: Extras{Pages: 3}}}
	for _, at := range []int32{inData, unused, inInput, last} {
		plain.names = append(plain.names, fmt.Sprintf("byte at %d", at))
		plain.guest.Modes = append(plain.guest.Modes, increment(at))
	}
	plain.names = append(plain.names, "global", "every page")
	plain.guest.Modes = append(plain.guest.Modes, Tell(Op(0x23, 0)), everyPage())
	grows := rememberer{"size", Guest{Modes: [][]byte{Join(I32(1), Op(0x40, 0, 0x1a), Tell(Op(0x3f, 0)))}}, []string{"memory.grow"}}
	tables := rememberer{"table", Guest{
		Modes:  [][]byte{tableSet(), Join(Op(0xd0, 0x70), I32(1), Op(0xfc, 15, 0, 0x1a), Tell(Op(0xfc, 16, 0)))},
		Extras: Extras{Tables: [][]byte{Op(0x70, 1, 4, 64)}},
	}, []string{"table.set", "table.grow"}}
	drops := rememberer{"segment", Guest{
		Modes:  [][]byte{dropped()},
		Extras: Extras{CountsData: true, Segments: [][]byte{Join(Op(1), Sized([]byte{9}))}},
	}, []string{"data.drop"}}
	return []rememberer{plain, grows, tables, drops}
}

// local 2 keeps what is told.

// increment tells the byte at an address after adding one to it.
func increment(at int32) []byte {
	return Join(I32(at), I32(at), Op(0x2d, 0, 0), I32(1), Op(0x6a, 0x3a, 0, 0), Tell(Join(I32(at), Op(0x2d, 0, 0))))
}

// everyPage adds one to a byte of each page of 4 KiB behind what the convention
// uses and tells the one of the last.
func everyPage() (code []byte) {
	for at := int32(room + 8192); at < 3*65536; at += 4096 {
		code = Join(code, I32(at), I32(at), Op(0x2d, 0, 0), I32(1), Op(0x6a, 0x3a, 0, 0))
	}
	return Join(code, Tell(Join(I32(3*65536-4096), Op(0x2d, 0, 0))))
}

// tableSet counts in the number of functions of the table.
func tableSet() []byte {
	count := func(i int32) []byte { return Join(I32(i), Op(0x25, 0, 0xd1)) }
	shift := func(to, from int32) []byte { return Join(I32(to), I32(from), Op(0x25, 0, 0x26, 0)) }
	return Join(shift(3, 2), shift(2, 1), shift(1, 0), I32(0), Op(0xd2, 2, 0x26, 0),
		Tell(Join(count(0), count(1), Op(0x6a), count(2), Op(0x6a), count(3), Op(0x6a))))
}

// dropped counts by the memory how often the segment could be read: it traps
// when the segment is gone, so a second call that works began anew.
func dropped() []byte {
	return Join(I32(unused), I32(0), I32(1), Op(0xfc, 8), U32(2), Op(0), Op(0xfc, 9), U32(2), Tell(Join(I32(unused), Op(0x2d, 0, 0))))
}

// load makes a release of one guest at a time.
func load(t testing.TB, open func(testing.TB) driver.Driver, g Guest, isolation string) driver.Instance {
	t.Helper()
	spec := Spec(t, g.Module())
	spec.Manifest.Isolation = isolation
	spec.Manifest.Limits.Concurrency = 1
	return Load(t, open(t), spec)
}

func ask(in driver.Instance, mode int) (int64, error) {
	out, err := in.Execute(context.Background(), map[string]any{"mode": int64(mode)})
	n, _ := out["calls"].(int64)
	return n, err
}

func forgets(t *testing.T, in driver.Instance, mode int) {
	first, err := ask(in, mode)
	if err != nil {
		t.Fatal(err)
	}
	for call := range 20 {
		if n, err := ask(in, mode); n != first || err != nil {
			t.Fatalf("call %d finds %d, %v; the first found %d", call+2, n, err, first)
		}
	}
}

func remembers(t *testing.T, in driver.Instance, mode int) {
	first, err := ask(in, mode)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := ask(in, mode); err == nil && n == first {
		t.Fatalf("the second call finds %d like the first: the guest cannot remember at all", n)
	}
}

func forgetsAfterTrouble(t *testing.T, open func(testing.TB) driver.Driver) {
	add := Join(I32(unused), I32(unused), Op(0x2d, 0, 0), I32(1), Op(0x6a, 0x3a, 0, 0))
	g := Guest{Data: [][]byte{Encoded(abi.StatusRejected, map[string]any{"code": "no", "message": "not today", "details": nil})}}
	g.Modes = [][]byte{increment(unused), Join(add, Op(0)), Join(add, g.Answer(0))}
	in := load(t, open, g, "")
	first, err := ask(in, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []int{2, 3, 2, 3} {
		var fault *driver.Fault
		if _, err := ask(in, mode); err == nil || errors.As(err, &fault) != (mode == 2) {
			t.Fatalf("mode %d: %v", mode, err)
		}
		if n, err := ask(in, 1); n != first || err != nil {
			t.Fatalf("after mode %d a call finds %d, %v; the first found %d", mode, n, err, first)
		}
	}
}

func forgetsInParallel(t *testing.T, open func(testing.TB) driver.Driver) {
	g := rememberers()[0].guest
	spec := Spec(t, g.Module())
	spec.Manifest.Limits.Concurrency = 4
	in := Load(t, open(t), spec)
	want := make([]int64, len(g.Modes))
	for mode := range g.Modes {
		n, err := ask(in, mode+1)
		if err != nil {
			t.Fatal(err)
		}
		want[mode] = n
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 300 {
				mode := (worker + i) % len(g.Modes)
				if n, err := ask(in, mode+1); n != want[mode] || err != nil {
					t.Errorf("mode %d finds %d, %v; want %d", mode, n, err, want[mode])
					return
				}
			}
		})
	}
	wg.Wait()
}
