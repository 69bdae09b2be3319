package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/compiler"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// openEngines makes the default engine, those that the command line asks for and
// those that the trust policy allows. One that was asked for and cannot be had
// stops the start. A policy may hold for many hosts, so what it allows is taken
// where it exists; a release that needs it elsewhere is refused with the reason.
func openEngines(ctx context.Context, folder dataFolder, asked, allowed []string, log *slog.Logger) (map[string]wasm.Engine, error) {
	c, err := compiler.New(compiler.Config{Dir: folder.path("cache"), Command: []string{nativeplugin.Self(), compileModule},
		Log: log, Progress: logProgress(log)})
	if err != nil {
		return nil, err
	}
	wazero, err := openEngine(c, wazeroengine.Name)
	if err != nil {
		return nil, err
	}
	engines := map[string]wasm.Engine{wazeroengine.Name: wazero}
	for _, name := range append(slices.Clone(asked), allowed...) {
		if engines[name] != nil {
			continue
		}
		e, err := openEngine(c, name)
		switch {
		case err == nil:
			engines[name] = e
		case slices.Contains(asked, name):
			return nil, errors.Join(err, closeEngines(ctx, engines))
		default:
			log.Warn("the trust policy allows an engine that this host does not have", "engine", name, "error", err)
		}
	}
	return engines, nil
}

// openEngine opens an engine whose modules are compiled in processes of their
// own.
func openEngine(c *compiler.Compiler, name string) (wasm.Engine, error) {
	for _, s := range compiled() {
		if s.Name == name {
			return c.Wrap(s)
		}
	}
	return nil, problem.New(problem.EngineUnknown, "there is no engine %q", name).In("engine").
		Want("%s or %s", wazeroengine.Name, wasmtimeengine.Name).Got("%s", name).Cure("name one that exists, or none")
}

// closeEngines is for engines that no driver took over.
func closeEngines(ctx context.Context, engines map[string]wasm.Engine) error {
	var errs []error
	for _, e := range engines {
		errs = append(errs, e.Close(ctx))
	}
	return errors.Join(errs...)
}

// logProgress tells an operator who asks what takes seconds.
func logProgress(log *slog.Logger) func(context.Context, compiler.Progress) {
	return func(ctx context.Context, p compiler.Progress) {
		log.DebugContext(ctx, "compiling a module", "engine", p.Engine, "stage", string(p.Stage), "elapsed", p.Elapsed)
	}
}
