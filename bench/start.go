package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/risk"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// startFigures compares two ways to get a guest that is ready for calls: from the
// module, through all its start-up code, and from the frozen state of another. It
// also tells what compiling takes, and taking the machine code from the cache.
func startFigures(ctx context.Context, o options, guests map[string][]byte, r *measure.Report) (err error) {
	release, err := risk.Read(o.root)
	if err != nil {
		return err
	}
	var rows []measure.Subject
	for _, label := range slices.Sorted(maps.Keys(guests)) {
		if !o.only.MatchString("start." + label) {
			continue
		}
		b, err := prepare(ctx, guests[label], release)
		if err != nil {
			return fmt.Errorf("%s: %w", label, err)
		}
		defer func() { err = errors.Join(err, b.close(ctx)) }()
		rows = append(rows,
			measure.Subject{Name: "start." + label + ".module", Call: func() error { return b.fromModule(ctx) }},
			measure.Subject{Name: "start." + label + ".image", Call: func() error { return b.fromImage(ctx) }})
		if err := b.compileFigures(ctx, label, r); err != nil {
			return err
		}
	}
	costs, err := o.plan.Run(rows)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r.Add(row.Name, costs[row.Name].CPU/1e3, "cpu-us")
		r.Add(row.Name+".wall", costs[row.Name].Wall/1e3, "us")
	}
	return nil
}

// beginnings are the ways in which a module's guests begin.
type beginnings struct {
	bytes    []byte // prepared and metered
	imports  []wasm.Import
	init     []byte
	globals  []string
	compiled wasm.Module
	engine   wasm.Engine

	image *snapshot.Image
	state []uint64 // of the globals
}

func prepare(ctx context.Context, module []byte, release *risk.Release) (_ *beginnings, err error) {
	b := &beginnings{}
	prepared, err := snapshot.Prepare(module, guard.Limits{})
	if err != nil {
		return nil, err
	}
	b.globals = prepared.Globals
	if b.bytes, err = meter.Rewrite(prepared.Module, guard.Limits{}); err != nil {
		return nil, err
	}
	parsed, err := guard.Parse(b.bytes, guard.Limits{})
	if err != nil {
		return nil, err
	}
	b.imports = standIns(parsed)
	if b.init, err = wire.Append(nil, map[string]any{abi.KeyConfig: release.Config}); err != nil {
		return nil, err
	}
	engine, err := wazeroengine.New(wazeroengine.Config{})
	if err != nil {
		return nil, err
	}
	b.engine = engine
	if b.compiled, err = engine.Compile(ctx, b.bytes, b.options()); err == nil {
		err = b.freeze(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	return b, nil
}

func (b *beginnings) options() wasm.Compile {
	return wasm.Compile{Imports: b.imports, MemoryPages: 1024}
}

// Answers of stand-ins.
const (
	plenty        = 1 << 60 // fuel
	badDescriptor = 8       // EBADF: there are no files
)

// standIns answer imports with as little as a guest needs to start.
func standIns(m *guard.Module) []wasm.Import {
	list := make([]wasm.Import, 0, len(m.Imports))
	for _, i := range m.Imports {
		list = append(list, wasm.Import{Module: i.Module, Name: i.Name, Type: i.Type, Call: standIn(i)})
	}
	return list
}

func standIn(i guard.Import) func(*wasm.Host, wasm.Memory, []uint64) error {
	return func(_ *wasm.Host, m wasm.Memory, stack []uint64) error {
		answer := uint64(0)
		switch {
		case i.Name == meter.ImportName:
			answer = plenty
		case i.Name == "clock_time_get": // a Go guest does not start at time 0
			m.Write(uint32(stack[2]), binary.LittleEndian.AppendUint64(nil, uint64(time.Now().UnixNano())))
		case strings.HasPrefix(i.Name, "fd_"):
			answer = badDescriptor
		}
		if len(i.Type.Results) > 0 {
			stack[0] = answer
		}
		return nil
	}
}

// start makes a guest and takes it through all start-up code.
func (b *beginnings) start(ctx context.Context) (wasm.Guest, error) {
	g, err := b.compiled.Instantiate(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	var stack [2]uint64
	g.Global(meter.FuelGlobal).Set(plenty)
	for _, name := range []string{snapshot.FillExport, abi.ExportInitialize, abi.ExportABIVersion} {
		if f := g.Func(name); f != nil {
			if err := f(ctx, stack[:]); err != nil {
				return nil, errors.Join(err, g.Close(ctx))
			}
		}
	}
	stack[0] = uint64(len(b.init))
	if err := g.Func(abi.ExportAlloc)(ctx, stack[:]); err != nil {
		return nil, errors.Join(err, g.Close(ctx))
	}
	g.Write(uint32(stack[0]), b.init)
	stack[1] = uint64(len(b.init))
	if err := g.Func(abi.ExportInit)(ctx, stack[:]); err != nil {
		return nil, errors.Join(err, g.Close(ctx))
	}
	return g, nil
}

func (b *beginnings) freeze(ctx context.Context) error {
	g, err := b.start(ctx)
	if err != nil {
		return err
	}
	if b.image, err = g.Freeze(); err != nil {
		return errors.Join(err, g.Close(ctx))
	}
	for _, name := range b.globals {
		b.state = append(b.state, g.Global(name).Get())
	}
	return g.Close(ctx)
}

func (b *beginnings) fromModule(ctx context.Context) error {
	g, err := b.start(ctx)
	if err != nil {
		return err
	}
	return g.Close(ctx)
}

func (b *beginnings) fromImage(ctx context.Context) error {
	g, err := b.compiled.Instantiate(ctx, nil, b.image)
	if err != nil {
		return err
	}
	for i, name := range b.globals {
		g.Global(name).Set(b.state[i])
	}
	return g.Close(ctx)
}

// compileFigures compiles with an empty cache, and with a full one as a new
// process would.
func (b *beginnings) compileFigures(ctx context.Context, label string, r *measure.Report) error {
	folder, err := os.MkdirTemp("", "swapline-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	for _, state := range []string{"cold", "cached"} {
		began := time.Now()
		engine, err := wazeroengine.New(wazeroengine.Config{CacheDir: folder})
		if err != nil {
			return err
		}
		m, err := engine.Compile(ctx, b.bytes, b.options())
		if err != nil {
			return errors.Join(err, engine.Close(ctx))
		}
		r.Add("compile."+label+"."+state, float64(time.Since(began).Microseconds())/1e3, "ms")
		if err := errors.Join(m.Close(ctx), engine.Close(ctx)); err != nil {
			return err
		}
	}
	return nil
}

func (b *beginnings) close(ctx context.Context) error {
	var errs []error
	if b.image != nil {
		errs = append(errs, b.image.Close())
	}
	if b.compiled != nil {
		errs = append(errs, b.compiled.Close(ctx))
	}
	return errors.Join(append(errs, b.engine.Close(ctx))...)
}
