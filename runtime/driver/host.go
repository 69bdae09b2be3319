package driver

import (
	"context"
	"fmt"
	"log/slog"
	"sort"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// Host returns what a Go strategy of this release gets at construction. It is
// for drivers that run Go code in this process; it fails if the manifest's
// config is outside of the wire domain.
func (s Spec) Host() (abi.Host, error) {
	if _, err := wire.NormalizeMap(s.Manifest.Config); err != nil {
		return nil, problem.New(problem.ValueDomain, "the config of %s is outside of the value domain: %w", s.Manifest.Name, err)
	}
	return &goHost{spec: s}, nil
}

type goHost struct{ spec Spec }

// Config returns a fresh copy, so a strategy that writes to it disturbs nobody.
func (h *goHost) Config() map[string]any {
	c, err := wire.NormalizeMap(h.spec.Manifest.Config)
	if err != nil || c == nil {
		return map[string]any{}
	}
	return c
}

// Log writes the fields in the order of their names, in a group: a strategy must
// not overwrite what the host says about the line.
func (h *goHost) Log(level abi.Level, message string, fields map[string]any) {
	if h.spec.Log == nil || !h.spec.Grant.Has(abi.CapabilityLog) {
		return
	}
	attrs := make([]slog.Attr, 0, len(fields))
	for k, v := range fields {
		attrs = append(attrs, slog.Any(k, loggable(v)))
	}
	sort.Slice(attrs, func(i, j int) bool { return attrs[i].Key < attrs[j].Key })
	level = min(max(level, abi.LevelDebug), abi.LevelError)
	h.spec.Log.LogAttrs(context.Background(), slog.Level(level), message, slog.Attr{Key: "fields", Value: slog.GroupValue(attrs...)})
}

// loggable copies v, because a log handler may keep it.
func loggable(v any) any {
	n, err := wire.Normalize(v)
	if err != nil {
		return fmt.Sprintf("(%T is outside of the value domain)", v)
	}
	return n
}

// Now returns the host's clock in UTC; without the capability the time at which
// the release was issued.
func (h *goHost) Now() time.Time {
	if !h.spec.Grant.Has(abi.CapabilityClock) {
		return h.spec.Manifest.Issued.UTC()
	}
	if h.spec.Now == nil {
		return time.Now().UTC()
	}
	return h.spec.Now().UTC()
}

// MethodsOf lists the contract methods that a Go strategy implements, sorted.
func MethodsOf(s abi.Strategy) []string {
	if _, ok := s.(abi.Validator); ok {
		return []string{abi.MethodExecute, abi.MethodValidate}
	}
	return []string{abi.MethodExecute}
}

var _ abi.Host = (*goHost)(nil)
