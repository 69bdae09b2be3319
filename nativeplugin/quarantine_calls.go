package nativeplugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
)

// Time for Validate in the child, and for a call to return, or to crash, after
// its context has ended.
const (
	validateLimit = 2 * time.Second
	returnGrace   = 2 * time.Second
)

// claims asks for points and bindings. What they are is for the host to judge;
// here it counts whether the process survives the question.
func (t *trial) claims() error {
	if !driver.Rebinds(t.strategy) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), validateLimit)
	defer cancel()
	_, err := t.calls.Claims(ctx, t.strategy)
	var f failure
	if err = failureOf(err); errors.As(err, &f) && f.how != howPanic {
		return f
	}
	return nil
}

// validate runs Validate only to see whether the process survives it: there is
// no network here, so that what it says means nothing. It counts in the host.
func (t *trial) validate() error {
	v, ok := t.strategy.(abi.Validator)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(capability.Rehearsal(context.Background()), validateLimit)
	defer cancel()
	err := t.spec.Trial(ctx, func(ctx context.Context) error { return t.calls.Validate(ctx, v) })
	var f failure
	switch err := failureOf(err); {
	case !errors.As(err, &f):
		return nil
	case f.how == howHang && t.returns():
		return nil
	default:
		return f
	}
}

// returns waits for a call that was given up. One that waits for a network has
// to see the end of its context.
func (t *trial) returns() bool {
	for end := time.Now().Add(returnGrace); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if t.calls.Abandoned() == 0 {
			return true
		}
	}
	return false
}

// golden runs the manifest's cases as the host does before it activates a
// release, but for the deadline: a first call in a fresh process is slow.
func (t *trial) golden() error {
	for i, c := range t.ask.Golden {
		if i > 0 {
			if err := t.enter(step{Stage: stageGolden, Case: i}); err != nil {
				return err
			}
		}
		if err := t.goldenCase(c); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) goldenCase(c goldenCase) error {
	in, err := wire.DecodeMap(c.Input)
	if err != nil {
		return err
	}
	want, err := wire.DecodeMap(c.Output)
	if err != nil && c.Rejected == "" {
		return err
	}
	ctx, cancel := context.WithTimeout(capability.Rehearsal(context.Background()), t.ask.CaseLimit)
	defer cancel()
	got, err := t.spec.Session(ctx, func(ctx context.Context) (map[string]any, error) {
		return t.calls.Execute(ctx, t.strategy, in)
	})
	err = c.judge(got, want, err)
	var f failure
	if errors.As(err, &f) && f.how == howHang {
		t.returns() // what takes long to crash the process is no hang
	}
	return err
}

// judge compares as the host does.
func (c goldenCase) judge(got, want map[string]any, err error) error {
	var business *abi.Error
	switch {
	case errors.As(err, &business):
		if business.Code != c.Rejected {
			return fmt.Errorf("business error %s instead of %s", business.Code, c.wanted(want))
		}
		return nil
	case err != nil:
		return failureOf(err)
	case c.Rejected != "" || !wire.Equal(got, want):
		return fmt.Errorf("%s instead of %s", shown(got), c.wanted(want))
	}
	return nil
}

func (c goldenCase) wanted(output map[string]any) string {
	if c.Rejected != "" {
		return "business error " + c.Rejected
	}
	return shown(output)
}

// shown is a value as JSON, cut to what fits into a message.
func shown(m map[string]any) string {
	const room = 400
	text, err := wire.AppendJSON(nil, m)
	if err != nil {
		return err.Error()
	}
	if len(text) > room {
		return strings.ToValidUTF8(string(text[:room]), "") + "…"
	}
	return string(text)
}
