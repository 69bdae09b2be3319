package worker

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// Config says how workers are started.
type Config struct {
	// Argv is the command line: this program with arguments that make it call
	// [Main].
	Argv []string
	// Env is all of the environment.
	Env []string
	// StartTimeout bounds the start with the construction of the strategy; 0
	// means 30 seconds.
	StartTimeout time.Duration
	// Patience is how long a call may go on after it was given up before its
	// process is replaced; 0 means 10 seconds.
	Patience time.Duration
	// Clock is for tests; nil is the real one.
	Clock Clock
	// Random is for tests: numbers in [0, 1); nil is package rand's.
	Random func() float64
}

// Clock is what restarts are planned with.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f on a goroutine of its own when so much time has passed.
	// The result calls that off, and tells whether it could.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) AfterFunc(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }

// Defaults of Config, and the calls that a process serves.
const (
	defaultStart    = 30 * time.Second
	defaultPatience = 10 * time.Second
	defaultSlots    = 256
	// mostAbandoned calls that go on after they were given up end a process at
	// once. So many slots come on top of those for calls.
	mostAbandoned = 16
)

func (c Config) orDefaults() Config {
	if c.StartTimeout <= 0 {
		c.StartTimeout = defaultStart
	}
	if c.Patience <= 0 {
		c.Patience = defaultPatience
	}
	if c.Clock == nil {
		c.Clock = realClock{}
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	return c
}

// Load starts a worker process for the release and has it make the strategy. An
// error has a problem code, and then nothing runs.
func Load(ctx context.Context, c Config, spec driver.Spec) (*Instance, error) {
	if len(c.Argv) == 0 {
		return nil, problem.New(problem.Internal, "worker: Config.Argv is required")
	}
	host, err := spec.Host()
	if err != nil {
		return nil, err
	}
	log := spec.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	i := &Instance{spec: spec, host: host, slots: defaultSlots, clocks: spec.Grant.Has(abi.CapabilityClock)}
	if n := spec.Manifest.Limits.Concurrency; n > 0 {
		i.slots = int(min(n, mostSlots-mostAbandoned))
	}
	c = c.orDefaults()
	i.keeper = newKeeper(c, log, func(ctx context.Context) (*process, error) { return i.launch(ctx, c) })
	began := time.Now()
	if err := i.keeper.open(ctx); err != nil {
		return nil, err
	}
	i.starts = driver.Starts{Cached: true, Instantiate: time.Since(began)}
	return i, nil
}

// launch starts a process and has it make the strategy.
func (i *Instance) launch(ctx context.Context, c Config) (*process, error) {
	q, err := questionOf(i.spec)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	overdue := func(p *process) { i.keeper.replace(p, "a call did not return long after its deadline") }
	p, err := launch(c, i.slots+mostAbandoned, i.serve, overdue)
	if err != nil {
		return nil, problem.New(problem.NativeOpen, "the worker process does not start: %w", err).In("worker")
	}
	limited, cancel := context.WithTimeout(ctx, c.StartTimeout)
	defer cancel()
	made, err := i.construct(limited, p, body)
	if err != nil && ctx.Err() != nil {
		err = problem.New(problem.Canceled, "gave up while the strategy was made: %w", ctx.Err())
	}
	if err != nil {
		p.kill()
		<-p.ended
		return nil, err
	}
	if i.made == nil {
		i.made = made
	}
	return p, nil
}

func (i *Instance) construct(ctx context.Context, p *process, body []byte) (*strategy, error) {
	s, err := p.end.take()
	if err == nil {
		m := message{kind: kindConstruct, id: p.end.name(s), now: i.now().UnixNano(), body: body}
		if m, err = p.end.ask(ctx, s, m, nil); err == nil {
			return made(m)
		}
	}
	if errors.Is(err, errGone) {
		<-p.died
		return nil, problem.New(problem.NativeOpen, "the worker process ended while the strategy was made: %s", p.how).In("worker")
	}
	return nil, problem.New(problem.ConstructorFailed, "in a worker process: %w", err).In("worker")
}

// now is the clock that the strategy sees.
func (i *Instance) now() time.Time {
	if i.spec.Now == nil {
		return time.Now()
	}
	return i.spec.Now()
}

// serve answers what a strategy asks its host.
func (i *Instance) serve(p *process) func(message, []byte) message {
	return func(m message, room []byte) message {
		if m.kind == kindLog {
			i.logLine(m.body)
			return message{kind: kindOK}
		}
		reply, err := wire.Append(room, i.reply(p, m))
		if err != nil {
			return message{kind: kindFault}
		}
		return message{kind: kindOK, body: reply}
	}
}

// reply is the reply of a function of the calling convention, within the call that
// asks.
func (i *Instance) reply(p *process, m message) any {
	name, word := m.kind.imported()
	if !i.spec.Grant.Has(word) {
		denied := capability.Denied(word)
		return []any{denied.Code, denied.Message}
	}
	request, err := wire.Decode(m.body)
	if err != nil {
		return []any{abi.CodeBadRequest, "the request is not in the value domain"}
	}
	ctx, call := context.Background(), (*capability.Call)(nil)
	if id := uint64(m.arg); id%mostSlots < uint64(len(p.slots)) {
		ctx, call = p.slots[id%mostSlots].visit.find(id)
	}
	return call.Serve(ctx, name, request)
}

func (i *Instance) logLine(body []byte) {
	v, err := wire.Decode(body)
	list, _ := v.([]any)
	if err != nil || len(list) != 3 {
		return
	}
	level, _ := list[0].(int64)
	words, _ := list[1].(string)
	fields, _ := list[2].(map[string]any)
	i.host.Log(abi.Level(level), words, fields)
}
