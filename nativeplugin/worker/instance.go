package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Instance is one release in a worker process. Make it with [Load]; Close ends
// the process. It is safe for concurrent use.
type Instance struct {
	spec    driver.Spec
	host    abi.Host // writes the log
	keeper  *keeper
	made    *strategy // what the first worker said
	slots   int
	clocks  bool // the strategy may know the time
	buffers buffers
	starts  driver.Starts
}

// ABIVersion is the host's own: the worker is the same program.
func (i *Instance) ABIVersion() int { return abi.Version }

// Methods implements driver.Instance.
func (i *Instance) Methods() []string { return slices.Clone(i.made.methods) }

// Signatures implements driver.Signed.
func (i *Instance) Signatures() []string { return slices.Clone(i.made.signatures) }

// Execute implements driver.Instance.
func (i *Instance) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	return i.ExecuteMetered(ctx, in, new(driver.Usage))
}

// ExecuteMetered implements driver.Metered: values are encoded anyway.
func (i *Instance) ExecuteMetered(ctx context.Context, in map[string]any, u *driver.Usage) (out map[string]any, err error) {
	*u = driver.Usage{Parts: u.Parts}
	err = i.execute(ctx, u.Parts, func(b []byte) ([]byte, error) { return wire.Append(b, in) }, func(answer []byte) error {
		out, err = wire.DecodeMap(answer)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ExecuteText implements driver.Textual.
func (i *Instance) ExecuteText(ctx context.Context, text, dst []byte, u *driver.Usage) (out []byte, err error) {
	*u = driver.Usage{Parts: u.Parts}
	out = dst
	err = i.execute(ctx, u.Parts, func(b []byte) ([]byte, error) { return wire.JSONMapToCBOR(b, text) }, func(answer []byte) error {
		out, err = wire.CBORMapToJSON(dst, answer)
		return err
	})
	if err != nil {
		return dst, err
	}
	return out, nil
}

// execute sends what encode makes and hands the answer to decode.
func (i *Instance) execute(ctx context.Context, parts *driver.Parts, encode func([]byte) ([]byte, error), decode func([]byte) error) error {
	b := i.buffers.get()
	began := clock(parts)
	input, err := encode((*b)[:0])
	if err != nil {
		return driver.BadInput(err)
	}
	encoded(parts, began)
	began = clock(parts)
	length := len(input) // the answer may take its place
	p, s, err := i.enter(ctx)
	if err != nil {
		return err
	}
	call := i.spec.Grant.Begin(ctx)
	answer, err := i.ask(ctx, p, s, message{kind: kindOf(parts), body: input}, call)
	if err == nil {
		crossed(parts, began, length, answer)
		began = clock(parts)
		if err = decode(answer.body); err != nil {
			err = driver.Faultf(problem.FaultABI, "the answer is not a map of the value domain: %v", err)
		}
		encoded(parts, began)
		i.buffers.keep(b, answer.body)
	}
	return call.End(err)
}

// Validate implements driver.Instance.
func (i *Instance) Validate(ctx context.Context) error {
	p, s, err := i.enter(ctx)
	if err != nil {
		return err
	}
	call := i.spec.Grant.Begin(ctx)
	defer call.Abort()
	_, err = i.ask(ctx, p, s, message{kind: kindValidate}, call)
	return err
}

// enter takes a slot of the live process.
func (i *Instance) enter(ctx context.Context) (*process, *slot, error) {
	if ctx.Err() != nil {
		return nil, nil, driver.Interrupted(ctx)
	}
	for {
		p, err := i.keeper.process(ctx)
		if err != nil {
			return nil, nil, err
		}
		s, err := p.end.take()
		switch {
		case err == nil:
			return p, s, nil
		case errors.Is(err, errFull):
			return nil, nil, problem.New(problem.Overloaded, "the worker process serves as many calls as it may").
				Want("fewer than %d", i.slots).Got("%d", i.slots)
		}
		// It ended just now. It has not been asked, so another one may be.
		i.keeper.crashed(p)
	}
}

// ask makes one call and reads its outcome. The buffer of m may be used for the
// answer: it is in shared memory when the answer comes.
func (i *Instance) ask(ctx context.Context, p *process, s *slot, m message, call *capability.Call) (message, error) {
	m.id = p.end.name(s)
	if at, ok := ctx.Deadline(); ok {
		m.arg = max(int64(time.Until(at)), 1)
	}
	if i.clocks {
		m.now = i.now().UnixNano()
	}
	if call != nil {
		s.visit.begin(ctx, m.id, call)
		defer s.visit.end()
	}
	answer, err := p.end.ask(ctx, s, m, m.body[:0])
	switch {
	case err == nil:
		return answer, outcome(ctx, answer)
	case errors.Is(err, errGone):
		<-p.died
		return message{}, driver.Faultf(problem.FaultCrashed, "the worker process ended while it served the call: %s", p.how)
	case errors.Is(err, errGarbled):
		i.keeper.expel(p, errGarbled.Error())
		return message{}, driver.Faultf(problem.FaultABI, "%v", errGarbled)
	}
	if n := p.end.abandoned.Load(); n >= mostAbandoned {
		i.keeper.replace(p, "too many calls did not return after their deadlines")
	}
	return message{}, err
}

// Starts implements driver.Started: of the first process. Its start, its opening of
// the artifact and the constructor are one step.
func (i *Instance) Starts() driver.Starts { return i.starts }

// House implements driver.Housed.
func (i *Instance) House() (engine, isolation string) { return "", manifest.IsolationProcess }

// Concurrency implements driver.Limited.
func (i *Instance) Concurrency() int { return i.slots }

// Stats implements driver.Reporter.
func (i *Instance) Stats() driver.Stats {
	st := driver.Stats{Restarts: i.keeper.restarts.Load()}
	p := i.keeper.live.Load()
	if p == nil {
		st.Trouble = i.keeper.trouble()
		return st
	}
	st.Instances, st.MemoryBytes = 1, p.resident()
	st.Abandoned = int(p.end.abandoned.Load())
	st.InUse = max(p.end.taken()-st.Abandoned, 0)
	return st
}

// Pid is the worker process's, 0 while there is none.
func (i *Instance) Pid() int {
	if p := i.keeper.live.Load(); p != nil {
		return p.pid
	}
	return 0
}

// Close ends the worker process. Calls that were given up end with it.
func (i *Instance) Close(ctx context.Context) error {
	i.keeper.close(ctx)
	return nil
}

var (
	_ driver.Instance = (*Instance)(nil)
	_ driver.Reporter = (*Instance)(nil)
	_ driver.Metered  = (*Instance)(nil)
	_ driver.Textual  = (*Instance)(nil)
	_ driver.Limited  = (*Instance)(nil)
	_ driver.Signed   = (*Instance)(nil)
	_ driver.Started  = (*Instance)(nil)
	_ driver.Housed   = (*Instance)(nil)
)
