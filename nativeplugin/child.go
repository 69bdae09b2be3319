package nativeplugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/child"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Bounds of the child that nobody needs to choose.
const (
	childCPU   = 10 * time.Minute // of all processors; the host's clock decides
	childTasks = 512
)

// ProbeMain is the throw-away child: the program calls it when it was started
// with Config.Probe, and exits with its result. Package child says how the two
// talk.
func ProbeMain() int {
	return child.Serve(func(ask request, parent *child.Parent) (any, error) {
		limits := child.Limits{CPU: childCPU, AddressSpace: ask.Memory, Tasks: childTasks, Background: true}
		if err := limits.Apply(); err != nil {
			return nil, fmt.Errorf("no limits: %w", err)
		}
		return (&trial{ask: ask, parent: parent}).run()
	})
}

// trial is what a candidate goes through in the child: all that the host would
// do with it, and a look at the process before and after.
type trial struct {
	ask    request
	parent *child.Parent
	at     step

	spec      driver.Spec
	construct abi.Constructor
	strategy  abi.Strategy
	calls     driver.Calls

	signals watch
	before  condition
	opened  time.Duration
}

// failure is the way in which a stage failed.
type failure struct {
	how  how
	text string
}

// Error implements error.
func (f failure) Error() string { return f.text }

// run goes from stage to stage and says how far it came. The error says that
// the child itself does not work.
func (t *trial) run() (verdict, error) {
	t.signals = watchSignals()
	for _, s := range []struct {
		stage stage
		run   func() error
	}{
		{stageReplay, t.replay},
		{stageOpen, t.open},
		{stageConstruct, t.make},
		{stageClaims, t.claims},
		{stageValidate, t.validate},
		{stageGolden, t.golden},
		{stageSignals, t.raise},
		{stageQuiet, t.rest},
	} {
		if err := t.enter(step{Stage: s.stage}); err != nil {
			return verdict{}, err
		}
		if err := s.run(); err != nil {
			return t.failed(err), nil
		}
	}
	t.at = step{Stage: stageDone}
	v := verdict{step: t.at, Methods: driver.MethodsOf(t.strategy), Opened: t.opened, Found: t.compare()}
	v.cut()
	return v, nil
}

// enter notes where the child is, for the case that it does not come back.
func (t *trial) enter(s step) error {
	t.at = s
	return t.parent.Note(s)
}

func (t *trial) failed(err error) verdict {
	v := verdict{step: t.at, Error: quoted(err.Error())}
	var f failure
	if errors.As(err, &f) {
		v.How = f.how
	}
	return v
}

// replay opens what the host has open, in its order, and looks at the process.
func (t *trial) replay() error {
	for _, path := range t.ask.Loaded {
		if _, err := openApart(path); err != nil && !errors.As(err, &errNoSymbol{}) {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if r, w, err := os.Pipe(); err == nil { // what the runtime opens for its first pipe is not the plugin's
		_ = r.Close()
		_ = w.Close()
	}
	t.before = look()
	return nil
}

func (t *trial) open() error {
	began := time.Now()
	symbol, err := openApart(t.ask.Candidate)
	t.opened = time.Since(began)
	switch construct, ok := symbol.(abi.Constructor); {
	case errors.As(err, &errNoSymbol{}):
		t.at.Stage = stageSymbol
		return err
	case err != nil:
		return err
	case !ok:
		t.at.Stage = stageType
		return fmt.Errorf("%T", symbol)
	default:
		t.construct = construct
		return nil
	}
}

// errNoSymbol says that a plugin opened and has no constructor.
type errNoSymbol struct{ error }

// openApart opens a plugin on a goroutine of its own and turns what its start
// does to that into an error.
func openApart(path string) (any, error) {
	type outcome struct {
		symbol any
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		o := outcome{err: failure{howGoexit, "its start ended the goroutine that opened it (runtime.Goexit)"}}
		defer func() {
			if r := recover(); r != nil {
				o.err = failure{howPanic, fmt.Sprintf("panic: %v", r)}
			}
			done <- o
		}()
		o.symbol, o.err = openSymbol(path)
	}()
	o := <-done
	return o.symbol, o.err
}

// make makes the strategy, with what the host grants the release.
func (t *trial) make() error {
	config, err := wire.DecodeMap(t.ask.Config)
	if err != nil {
		return err
	}
	start := time.Now()
	t.spec = driver.Spec{
		Manifest: &manifest.Manifest{Name: t.ask.Strategy, Version: t.ask.Version, Config: config,
			Capabilities: t.ask.Capabilities, Issued: t.ask.Issued},
		Now: func() time.Time { return t.ask.Now.Add(time.Since(start)) },
	}
	if len(t.ask.Capabilities) > 0 {
		if t.spec.Grant, err = grant(t.spec.Manifest); err != nil {
			return err
		}
	}
	host, err := t.spec.Host()
	if err != nil {
		return err
	}
	t.strategy, err = t.calls.Construct(context.Background(), t.construct, host)
	return failureOf(err)
}

// grant gives a rehearsal the abilities that the operator has granted already.
// Nothing gets out: state is empty, no request is sent.
func grant(m *manifest.Manifest) (*capability.Grant, error) {
	services := capability.Services{State: new(capability.Memory), Events: nowhere{}}.Open()
	return services.Grant(m, capability.Rule{Allow: capability.Words(), HTTPHosts: []string{"nowhere.invalid"}})
}

// nowhere drops events.
type nowhere struct{}

func (nowhere) Deliver([]capability.Event) {}

// failureOf says what a call's error means for the release. It leaves out what the
// host adds again: code and cure.
func failureOf(err error) error {
	var fault *driver.Fault
	if !errors.As(err, &fault) {
		return plain(err)
	}
	switch {
	case fault.Code == problem.FaultDeadline:
		return failure{howHang, fault.Message}
	case fault.Code == problem.FaultPanic && !strings.HasPrefix(fault.Message, "panic: "):
		return failure{howGoexit, fault.Message}
	case fault.Code == problem.FaultPanic:
		return failure{howPanic, fault.Message}
	}
	return err
}

func plain(err error) error {
	var p *problem.Error
	if errors.As(err, &p) {
		return errors.New(p.Message)
	}
	return err
}

// rest lets nothing happen for a while, but for what goroutines and finalizers
// of the plugin do by themselves.
func (t *trial) rest() error {
	t.calls.Close()
	runtime.GC()
	time.Sleep(t.ask.Quiet)
	return nil
}
