package main

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

// What a resident plugin's release does.
const (
	useLive     = "live"
	useDraining = "draining"
	useRetired  = "retired"
)

// residentCount is how many plugins this process holds until it ends.
func (h *host) residentCount() int {
	if d := h.native(); d != nil {
		return d.Status().Plugins
	}
	return 0
}

// residents lists them for GET /v1/host.
func (h *host) residents(ctx context.Context) server.Residents {
	d := h.native()
	if d == nil {
		return server.Residents{}
	}
	s := d.Status()
	out := server.Residents{Count: s.Plugins, Limit: s.MaxPlugins, RenewAt: h.options.renewThreshold(s.MaxPlugins),
		FileBytes: s.MemoryBytes, MemoryBytes: s.GrowthBytes}
	if s.Degraded != nil {
		out.Degraded = s.Degraded.Error()
	}
	uses := h.uses(ctx)
	for _, p := range d.Residents() {
		out.Items = append(out.Items, residentOf(p, uses[p.Artifact]))
	}
	return out
}

func residentOf(p nativeplugin.Resident, use string) server.Resident {
	if use == "" {
		use = useRetired
	}
	return server.Resident{Strategy: p.Strategy, Version: p.Version, Artifact: string(p.Artifact), ImportPath: p.ImportPath,
		FileBytes: p.FileBytes, MemoryBytes: p.MemoryBytes, Opened: p.Opened, Use: use}
}

// uses says what the artifacts of all releases that can still answer are used
// for.
func (h *host) uses(ctx context.Context) map[manifest.Digest]string {
	m := map[manifest.Digest]string{}
	for _, name := range h.rt.Strategies() {
		s, err := h.rt.Status(ctx, name)
		if err != nil {
			continue
		}
		for _, d := range s.Draining {
			if m[d.Release.Artifact] == "" {
				m[d.Release.Artifact] = useDraining
			}
		}
		if s.Stable != nil && s.Stable.Active {
			m[s.Stable.Artifact] = useLive
		}
	}
	return m
}

// measure offers the residents as metrics.
func (h *host) measure() error {
	d := h.native()
	if d == nil {
		return nil
	}
	m := h.tel.meter().Meter("github.com/swapline/swapline/cmd/swapline")
	plugins, err1 := m.Int64ObservableGauge("swapline.resident.plugins", metric.WithUnit("{plugin}"),
		metric.WithDescription("Plugins that the process holds until it ends"))
	memory, err2 := m.Int64ObservableGauge("swapline.resident.memory", metric.WithUnit("By"),
		metric.WithDescription("What the process grew by when they were opened"))
	limit, err3 := m.Int64ObservableGauge("swapline.resident.limit", metric.WithUnit("{plugin}"),
		metric.WithDescription("How many there may be"))
	_, err4 := m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := d.Status()
		o.ObserveInt64(plugins, int64(s.Plugins))
		o.ObserveInt64(memory, s.GrowthBytes)
		o.ObserveInt64(limit, int64(s.MaxPlugins))
		return nil
	}, plugins, memory, limit)
	return errors.Join(err1, err2, err3, err4)
}

// pressure is what a process is renewed for.
type pressure struct {
	resident, threshold int // a threshold of 0 is never reached
	degraded            bool
	inUse               func() int // of the resident ones; asked when it matters
}

// due reports why a process should be renewed now, "" if it should not.
func (p pressure) due() string {
	switch {
	case p.degraded:
		return "degraded"
	case p.threshold == 0 || p.resident < p.threshold:
		return ""
	case p.inUse() >= p.resident:
		return "" // a new process would hold them all again
	}
	return "plugin limit"
}

func (h *host) pressure(ctx context.Context) pressure {
	d := h.native()
	if d == nil {
		return pressure{}
	}
	s := d.Status()
	return pressure{resident: s.Plugins, threshold: h.options.renewThreshold(s.MaxPlugins), degraded: s.Degraded != nil,
		inUse: func() int { return h.inUse(ctx) }}
}

func (h *host) inUse(ctx context.Context) int {
	n := 0
	for _, r := range h.residents(ctx).Items {
		if r.Use != useRetired {
			n++
		}
	}
	return n
}

// watchPressure renews the process when it should be, not more often than the
// operator's pause, and ever more rarely while that fails.
func (r *renewer) watchPressure(ctx context.Context, last time.Time) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	pause := r.host.options.renewPause
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.moved:
			return
		case <-look.C:
		}
		if time.Since(last) < pause {
			continue
		}
		why := r.host.pressure(ctx).due()
		if why == "" {
			continue
		}
		last = time.Now()
		if _, err := r.renew(ctx, why); err != nil && problem.CodeOf(err) != problem.RenewalBusy {
			pause = min(2*max(pause, time.Second), time.Hour)
		}
	}
}
