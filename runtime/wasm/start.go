package wasm

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/meter"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// starter makes the guests of one release.
type starter struct {
	spec    driver.Spec
	module  Module
	globals []string // names of the module's own
	fresh   string   // why its state cannot be brought back, "" if it can
	bounds  bounds
	timeout time.Duration
	starts  driver.Starts // until the first guest is there

	// What the first guest became; zero before, and if fresh.
	state     *frozen // where guests begin
	validates bool
}

// start makes a guest that is ready for calls. It takes nothing from ctx but
// its values: a guest is made for every call to come, not for one.
func (s *starter) start(ctx context.Context) (*guest, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	defer cancel()
	host := hostFor(s.spec)
	engine, err := s.instantiate(ctx, host)
	if err != nil {
		return nil, s.startProblem(host, err)
	}
	g := &guest{engine: engine, host: host, codec: codecOf(s.spec.Manifest.Encoding)}
	if err := s.ready(ctx, g); err != nil {
		g.close(context.WithoutCancel(ctx), s.spec.Log)
		return nil, err
	}
	return g, nil
}

// instantiate makes an instance, with the state that all begin with if there is
// one.
func (s *starter) instantiate(ctx context.Context, h *Host) (g Guest, err error) {
	defer rescue(&err)
	h.fuel.begin(ctx, 0)
	var image *snapshot.Image
	if s.state != nil {
		image = s.state.image
	}
	g, err = s.module.Instantiate(ctx, h, image)
	h.flush()
	return g, err
}

// ready brings an instance to where calls begin.
func (s *starter) ready(ctx context.Context, g *guest) (err error) {
	defer rescue(&err)
	g.fuel, g.depth = g.engine.Global(meter.FuelGlobal), g.engine.Global(meter.DepthGlobal)
	for _, name := range s.globals {
		g.globals = append(g.globals, g.engine.Global(name))
	}
	if s.state != nil {
		s.bind(g, s.validates)
		g.thaw(s.state)
	} else if err := s.prepare(ctx, g); err != nil {
		return err
	}
	g.settle()
	g.bounds = s.bounds
	s.isolate(g)
	return nil
}

// isolate says what the guest must be between calls.
func (s *starter) isolate(g *guest) {
	if s.spec.Manifest.Isolation == manifest.IsolationInstance {
		return
	}
	g.between, g.once = s.state, s.fresh != ""
}

// bind looks up what calls need.
func (s *starter) bind(g *guest, validates bool) {
	g.alloc = g.engine.Func(abi.ExportAlloc)
	g.execute = g.engine.Func(abi.ExportExecute)
	if validates {
		g.validate = g.engine.Func(abi.ExportValidate)
	}
}

// close frees what the guests share.
func (s *starter) close() error {
	if s.state == nil {
		return nil
	}
	return s.state.image.Close()
}

func (s *starter) startProblem(h *Host, err error) error {
	if errors.Is(err, ErrInterrupted) {
		err = errors.New("it did not finish within " + s.timeout.String())
	} else if h.violation != nil {
		err = h.violation
	}
	return problem.New(problem.WasmStart, "the module does not start: %w", err).In("wasm_start").
		Cure("the strategy's start-up code fails in a host without files, network and arguments")
}

// prepare takes a fresh guest through the calls that come first.
func (s *starter) prepare(ctx context.Context, g *guest) error {
	g.bounds = s.bounds
	g.bounds.instructions = 0 // the manifest bounds calls; a start has its time
	for _, name := range []string{snapshot.FillExport, abi.ExportInitialize} {
		if f := g.engine.Func(name); f != nil {
			g.begin(ctx)
			if err := g.call(ctx, f); err != nil {
				return s.startProblem(g.host, s.unless(ctx, err))
			}
		}
	}
	if err := s.agree(ctx, g); err != nil {
		return err
	}
	g.alloc = g.engine.Func(abi.ExportAlloc)
	return s.construct(ctx, g)
}

// unless keeps a time-out recognisable that the call has turned into a fault.
func (s *starter) unless(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ErrInterrupted
	}
	return err
}

// agree asks for the ABI version.
func (s *starter) agree(ctx context.Context, g *guest) error {
	g.begin(ctx)
	if err := g.call(ctx, g.engine.Func(abi.ExportABIVersion)); err != nil {
		return s.startProblem(g.host, s.unless(ctx, err))
	}
	if g.version = int(int32(uint32(g.stack[0]))); g.version != abi.Version {
		return problem.New(problem.ABIVersionMismatch, "the module speaks another version of the calling convention").
			In("abi_version").Want("%d", abi.Version).Got("%d", g.version).
			Cure("build the strategy with the SDK of this host's version")
	}
	return nil
}

// construct calls the strategy's constructor with the manifest's config.
func (s *starter) construct(ctx context.Context, g *guest) error {
	config := s.spec.Manifest.Config
	if config == nil {
		config = map[string]any{}
	}
	a, err := g.ask(ctx, g.engine.Func(abi.ExportInit), map[string]any{abi.KeyConfig: config})
	if err != nil {
		return constructorProblem(s.unless(ctx, err), s.timeout)
	}
	if a.status != abi.StatusOK {
		return constructorProblem(a.refusal(), s.timeout)
	}
	if g.methods, err = methods(a); err != nil {
		return problem.New(problem.FaultABI, "the constructor's answer breaks the calling convention: %w", err).In("constructor").
			Cure("build the strategy with the SDK of its language")
	}
	validates := slices.Contains(g.methods, abi.MethodValidate)
	s.bind(g, validates)
	if validates && g.validate == nil {
		return problem.New(problem.WasmExportMissing, "the module lists %s but does not export %q", abi.MethodValidate, abi.ExportValidate).
			In("wasm_exports").Cure("build the strategy with the SDK of its language")
	}
	return nil
}

func constructorProblem(err error, timeout time.Duration) error {
	if errors.Is(err, ErrInterrupted) {
		err = errors.New("it did not return within " + timeout.String())
	}
	return problem.New(problem.ConstructorFailed, "the strategy's constructor failed: %w", err).In("constructor").
		Cure("check the manifest's config against what the strategy expects")
}

// methods reads {"methods": [...]}: known names, sorted, with Execute.
func methods(a answer) ([]string, error) {
	m, err := a.codec.decodeMap(a.body)
	if err != nil {
		return nil, err
	}
	list, _ := m[abi.KeyMethods].([]any)
	names := make([]string, 0, len(list))
	for _, v := range list {
		name, _ := v.(string)
		if name != abi.MethodExecute && name != abi.MethodValidate || slices.Contains(names, name) {
			return nil, errors.New("a method is unknown or listed twice")
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if !slices.Contains(names, abi.MethodExecute) {
		return nil, errors.New("the method Execute is not listed")
	}
	return names, nil
}
