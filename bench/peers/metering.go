package main

import (
	"context"
	"errors"

	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/risk"
)

// rounds of a tight loop, some hundred microseconds of them.
const rounds = 200_000

// loop is a module whose function run takes so many rounds around the body, which
// may use local 1.
func loop(body ...byte) []byte {
	code := append([]byte{0x01, 0x01, 0x7f, 0x03, 0x40}, body...)                                     // one local; loop
	code = append(code, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x20, 0x01, 0x0b) // count down, again; local 1
	m := []byte("\x00asm\x01\x00\x00\x00" +
		"\x01\x06\x01\x60\x01\x7f\x01\x7f" + // func(i32) i32
		"\x03\x02\x01\x00" +
		"\x07\x07\x01\x03run\x00\x00")
	m = append(m, 0x0a, byte(len(code)+2), 0x01, byte(len(code)))
	return append(m, code...)
}

// meterFigures compares the ways to stop a module, on guests and on loops.
func meterFigures(ctx context.Context, release *risk.Release, guests map[string][]byte, plan measure.Plan, r *measure.Report) (err error) {
	var rows []measure.Subject
	for _, w := range []way{asIs, metered, ownCheck} {
		for label, module := range guests {
			b, err := openBare(ctx, module, release, w)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, b.close(ctx)) }()
			rows = append(rows, measure.Subject{Name: "meter." + label + "." + string(w), Call: func() error { return b.execute(ctx) }})
		}
		for label, module := range loops() {
			b, err := instantiate(ctx, module, w)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, b.close(ctx)) }()
			f := b.module.ExportedFunction("run")
			rows = append(rows, measure.Subject{Name: "meter." + label + "." + string(w), Call: func() error {
				b.begin()
				b.stack[0] = rounds
				return f.CallWithStack(ctx, b.stack[:])
			}})
		}
	}
	costs, err := plan.Run(rows)
	if err != nil {
		return err
	}
	for _, label := range []string{"go", "c", "loop", "tight"} {
		reportWays(label, costs, r)
	}
	return nil
}

// loops are the ones that metering costs most: with a multiplication and an
// addition inside, and with nothing.
func loops() map[string][]byte {
	return map[string][]byte{
		"loop":  loop(0x20, 0x01, 0x20, 0x00, 0x41, 0x1f, 0x6c, 0x6a, 0x21, 0x01),
		"tight": loop(),
	}
}

// reportWays prints what the ways cost one module, if it was measured.
func reportWays(label string, costs map[string]measure.Cost, r *measure.Report) {
	name := func(w way) string { return "meter." + label + "." + string(w) }
	plain, ok := costs[name(asIs)]
	if !ok {
		return
	}
	r.Add(name(asIs), plain.CPU, "cpu-ns")
	r.Compare(name(metered), costs[name(metered)].CPU, "cpu-ns", name(asIs))
	r.Compare(name(ownCheck), costs[name(ownCheck)].CPU, "cpu-ns", name(asIs))
	bound := map[string]float64{"go": 1.2, "loop": 1.5, "tight": 1.5}[label]
	if bound > 0 {
		r.Most("meter."+label, costs[name(metered)].CPU/plain.CPU, bound, "times")
	}
}
