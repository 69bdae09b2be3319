package main

import (
	"errors"
	"time"

	"github.com/spf13/pflag"

	"github.com/swapline/swapline/runtime"
)

// withdrawOptions say which faults take a release out of service.
type withdrawOptions struct {
	faults int
	share  float64
	window time.Duration
}

func (o *withdrawOptions) flags(f *pflag.FlagSet) {
	f.IntVar(&o.faults, "withdraw-faults", 10, "`number` of faults that take a release out of service, if the next two hold as well; 0: none do")
	f.Float64Var(&o.share, "withdraw-share", 0.5, "`part` of all calls, up to 1, that they must be")
	f.DurationVar(&o.window, "withdraw-window", 10*time.Second, "`time` within which they must happen")
}

// policy refuses what would silently mean something else.
func (o withdrawOptions) policy() (runtime.FaultPolicy, error) {
	if o.faults == 0 {
		return runtime.FaultPolicy{Faults: -1}, nil
	}
	if o.faults < 0 || o.window <= 0 || !(o.share > 0 && o.share <= 1) {
		return runtime.FaultPolicy{}, usageError{errors.New("--withdraw-faults is 0 or more, --withdraw-share above 0 and at most 1, --withdraw-window above 0")}
	}
	return runtime.FaultPolicy{Faults: o.faults, Share: o.share, Window: o.window}, nil
}
