package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/risk"
	"github.com/swapline/swapline/nativeplugin/worker"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// workerArgument makes this program a worker of isolation "process".
const workerArgument = "worker"

// runWorker is the worker's process: the strategy is part of the program, as it is
// in go-plugin's.
func runWorker() int {
	return worker.Main(func(worker.Artifact) (abi.Constructor, error) { return risk.New, nil })
}

// configured is a host with nothing but a config.
type configured struct {
	abi.Host
	config map[string]any
}

// Config implements abi.Host.
func (c configured) Config() map[string]any { return c.config }

// separate is one way to run the strategy in a process of its own.
type separate struct {
	name  string
	pid   int
	call  func() error
	close func()
}

// callers are how many goroutines call at a time.
func callers() []int { return []int{1, 16} }

// price is what one call costs: time, and processor time of both processes.
type price struct{ wall, host, worker float64 }

func (p price) cpu() float64 { return p.host + p.worker }

// processFigures compares a worker process with go-plugin: the same strategy, the
// same input, a map in and a map out. The opponent is the fastest of the ways in
// which users of go-plugin carry maps. The rows that end with wire carry ours over
// its channels; what both sides then have in common, reading and writing the
// encoding and the strategy itself, bounds how far they can be apart.
func processFigures(ctx context.Context, root string, release *risk.Release, plan measure.Plan, r *measure.Report) (err error) {
	subjects, err := openSeparate(ctx, root, release)
	defer func() {
		for _, s := range subjects {
			s.close()
		}
	}()
	if err != nil {
		return err
	}
	var closing []string
	for _, n := range callers() {
		prices, err := alternate(subjects, n, plan)
		if err != nil {
			return err
		}
		reportPrices(subjects, prices, n, r)
		theirs := fastest(prices, false)
		ratio := prices[theirs].wall / prices[ours].wall
		closing = append(closing, fmt.Sprintf("callers=%d opponent=%s faster=%.2f cpu=%.2f same_encoding=%.2f", n, theirs, ratio,
			prices[theirs].cpu()/prices[ours].cpu(), prices[fastest(prices, true)].wall/prices[ours].wall))
		if n == 1 {
			r.Least("process", ratio, 3, "times")
		}
	}
	fmt.Printf("process: %s\n", strings.Join(closing, " "))
	return nil
}

// ours is the name of the worker's row.
const ours = "swapline.process"

func reportPrices(subjects []*separate, prices map[string]price, n int, r *measure.Report) {
	for _, s := range subjects {
		p, row, against := prices[s.name], fmt.Sprintf("%s.%d", s.name, n), fmt.Sprintf("%s.%d", ours, n)
		r.Compare(row+".wall", p.wall, "ns", against+".wall")
		r.Compare(row+".cpu", p.cpu(), "cpu-ns", against+".cpu")
		r.Add(row+".cpu.host", p.host, "cpu-ns")
		r.Add(row+".cpu.worker", p.worker, "cpu-ns")
	}
}

// fastest is go-plugin's fastest row, of those that carry our encoding or of the
// others.
func fastest(prices map[string]price, sameEncoding bool) (name string) {
	for row, p := range prices {
		if row != ours && strings.HasSuffix(row, ".wire") == sameEncoding && (name == "" || p.wall < prices[name].wall) {
			name = row
		}
	}
	return name
}

func openSeparate(ctx context.Context, root string, release *risk.Release) (list []*separate, err error) {
	own, err := openOwn(ctx, release)
	if err != nil {
		return nil, err
	}
	list = append(list, own)
	for _, way := range ways() {
		client, e, err := openGoPlugin(root, way)
		if err != nil {
			return list, err
		}
		s := &separate{name: "goplugin." + way, pid: pidOf(client), close: client.Kill, call: func() error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := e.execute(ctx, release.Input)
			return err
		}}
		list = append(list, s)
		if err := agreeWith(ctx, release, e); err != nil {
			return list, fmt.Errorf("%s: %w", way, err)
		}
	}
	return list, nil
}

func pidOf(c *goplugin.Client) int { return c.ReattachConfig().Pid }

// agreeWith checks that go-plugin's strategy answers the golden cases.
func agreeWith(ctx context.Context, release *risk.Release, e executor) error {
	for _, c := range release.Golden {
		out, err := e.execute(ctx, c.Input)
		if c.Output != nil && (err != nil || !wire.Equal(any(out), any(c.Output))) {
			return fmt.Errorf("%s: it answers %v, %w; not %v", c.Name, out, err, c.Output)
		}
		if c.Output == nil && err == nil {
			return fmt.Errorf("%s: it answers %v", c.Name, out)
		}
	}
	return nil
}

// openOwn starts a worker process.
func openOwn(ctx context.Context, release *risk.Release) (*separate, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(os.TempDir(), "none")
	in, err := worker.Load(ctx, worker.Config{Argv: []string{self, workerArgument}, Env: os.Environ()}, driver.Spec{
		Path: path,
		Manifest: &manifest.Manifest{Name: "risk", Version: "2.0.0", Config: release.Config,
			Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(nil)), Size: 1}},
	})
	if err != nil {
		return nil, err
	}
	s := &separate{name: ours, close: func() { _ = in.Close(ctx) }}
	s.pid = in.Pid()
	s.call = func() error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := in.ExecuteMetered(ctx, release.Input, new(driver.Usage))
		return err
	}
	return s, nil
}

// alternate measures all subjects in turn; the best round of each counts.
func alternate(subjects []*separate, n int, plan measure.Plan) (map[string]price, error) {
	best := map[string]price{}
	for range plan.Rounds {
		for _, s := range subjects {
			p, err := s.round(n, plan.Round)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			if known, ok := best[s.name]; ok {
				p = price{min(p.wall, known.wall), min(p.host, known.host), min(p.worker, known.worker)}
			}
			best[s.name] = p
		}
	}
	return best, nil
}

// round calls from n goroutines for about so long.
func (s *separate) round(n int, length time.Duration) (price, error) {
	runtime.GC()
	var calls atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, n)
	host, other, start := processor(os.Getpid()), processor(s.pid), time.Now()
	for range n {
		wg.Go(func() {
			for time.Since(start) < length {
				if err := s.call(); err != nil {
					failed <- err
					return
				}
				calls.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	host, other = processor(os.Getpid())-host, processor(s.pid)-other
	select {
	case err := <-failed:
		return price{}, err
	default:
	}
	if calls.Load() == 0 {
		return price{}, errors.New("no call in a round")
	}
	each := func(d time.Duration) float64 { return float64(d) / float64(calls.Load()) }
	return price{wall: each(took), host: each(host), worker: each(other)}, nil
}

// processor is the processor time of a process, of this user.
func processor(pid int) time.Duration {
	var t unix.Timespec
	const whole = 2 // CPUCLOCK_SCHED of all threads
	if err := unix.ClockGettime(int32(^pid<<3|whole), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
