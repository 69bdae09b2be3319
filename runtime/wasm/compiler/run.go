package compiler

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/swapline/swapline/runtime/child"
	"github.com/swapline/swapline/runtime/problem"
)

// progressEvery is how often a compilation says that it goes on.
const progressEvery = time.Second

// precompile lets a child compile the module and keeps what it made.
func (j *job) precompile(ctx context.Context) error {
	j.report(ctx, StageWaiting)
	select {
	case j.engine.compiler.places <- struct{}{}:
		defer func() { <-j.engine.compiler.places }()
	case <-ctx.Done():
		return gaveUp(ctx.Err())
	}
	dir, err := os.MkdirTemp(j.engine.store.work, "")
	if err != nil {
		return notKept(err)
	}
	defer os.RemoveAll(dir)
	v, err := j.child(ctx, dir)
	if err != nil {
		return err
	}
	j.report(ctx, StageKeeping)
	if err := j.engine.store.install(j.key, dir, v.Files); err != nil {
		return notKept(err)
	}
	return nil
}

func notKept(err error) error {
	return problem.New(problem.StoreFailed, "the machine code cannot be kept: %w", err).In("wasm_compile").
		Cure("look at the disk of the compilation cache")
}

// child runs one child. Its verdict is a success.
func (j *job) child(ctx context.Context, dir string) (verdict, error) {
	stop := j.tick(ctx)
	defer stop()
	c := j.engine.compiler.config
	limited, cancel := context.WithTimeout(ctx, c.Limits.Wall)
	defer cancel()
	r, err := child.Process{Argv: c.Command}.Ask(limited, ask(j.engine.source.Name, dir, c.Limits, j.compile), j.module)
	switch {
	case ctx.Err() != nil:
		return verdict{}, gaveUp(ctx.Err())
	case err != nil:
		return verdict{}, problem.New(problem.Internal, "the process that compiles does not start: %w", err).In("wasm_compile")
	case limited.Err() != nil && r.End != nil:
		return verdict{}, c.Limits.exceeded(limitWall)
	}
	return judge(r, c.Limits)
}

// tick reports the compilation until it is stopped.
func (j *job) tick(ctx context.Context) (stop func()) {
	j.report(ctx, StageCompiling)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for t := time.NewTicker(progressEvery); ; {
			select {
			case <-t.C:
				j.report(ctx, StageCompiling)
			case <-done:
				t.Stop()
				return
			}
		}
	}()
	return func() { close(done); <-stopped }
}

// judge turns what became of a child into a success or a problem.
func judge(r child.Result, l Limits) (verdict, error) {
	var v verdict
	said := json.Unmarshal(r.Answer, &v) == nil
	switch {
	case said && v.Limit != "":
		return v, l.exceeded(v.Limit)
	case said && v.Refused != "":
		return v, errors.New(v.Refused)
	case said && r.End == nil && len(v.Files) > 0:
		return v, nil
	case r.Killed() && r.CPU >= l.CPU/4*3: // the kernel counts in ticks
		return v, l.exceeded(limitCPU)
	case r.OutOfMemory():
		return v, l.exceeded(limitMemory)
	}
	return v, problem.New(problem.WasmCompile, "the compiler died of the module (%s)%s", r.Ended(), r.Quote()).In("wasm_compile").
		Cure("build the module again with a current toolchain")
}

// exceeded is the refusal of a module that costs too much.
func (l Limits) exceeded(which limited) error {
	p := problem.New(problem.WasmCompileLimit, "compiling the module takes too much %s", which).In("wasm_compile").
		Cure("build it with optimisation and without what it does not need; split very large functions")
	switch which {
	case limitCPU:
		return p.Want("at most %s", l.CPU).Got("more")
	case limitWall:
		return p.Want("at most %s", l.Wall).Got("more")
	case limitMemory:
		return p.Want("at most %d bytes", l.Memory).Got("more")
	}
	return p.Want("at most %d bytes", l.Code).Got("more")
}
