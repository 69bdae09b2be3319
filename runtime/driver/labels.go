package driver

import (
	"context"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strconv"

	"github.com/swapline/swapline/abi"
)

// The pprof labels of goroutines that run code of a release, and of those that
// they start. They are in CPU and goroutine profiles.
const (
	LabelStrategy = "strategy"
	LabelRelease  = "release" // the version
	LabelDigest   = "digest"  // of the release's payload, short
	// LabelLoad tells the times apart at which one release was loaded. A
	// goroutine without it was started when the code came into the process.
	LabelLoad = "load"
)

// Labels returns a context that carries the labels of the loaded release, for
// pprof.SetGoroutineLabels.
func (s Spec) Labels() context.Context {
	return pprof.WithLabels(context.Background(), pprof.Labels(LabelStrategy, s.Manifest.Name, LabelRelease, s.Manifest.Version,
		LabelDigest, s.Digest.Short(), LabelLoad, s.Load()))
}

// CodeLabels is Labels for what belongs to the release's code and not to one
// loading of it.
func (s Spec) CodeLabels() context.Context {
	return pprof.WithLabels(context.Background(), pprof.Labels(LabelStrategy, s.Manifest.Name, LabelRelease, s.Manifest.Version,
		LabelDigest, s.Digest.Short()))
}

// Load names this loading of the release within the process.
func (s Spec) Load() string { return strconv.FormatInt(s.Loaded.UnixNano(), 36) }

// FunctionOf is the full name of a Go strategy's Execute, as profiles and stacks
// show it; that of a plugin begins with the release's own import path.
func FunctionOf(s abi.Strategy) string {
	m, ok := reflect.TypeOf(s).MethodByName(abi.MethodExecute)
	if !ok {
		return ""
	}
	if f := runtime.FuncForPC(m.Func.Pointer()); f != nil {
		return f.Name()
	}
	return ""
}
