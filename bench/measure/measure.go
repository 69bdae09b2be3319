// Package measure times several ways to do the same work against each other, in
// one run on one machine that may be busy with other things.
//
// Rounds of all subjects alternate, each a few dozen milliseconds long, and the
// best round of each counts: what disturbs a machine makes calls slower, never
// faster. Beside the clock's time stands the processor's, of all threads of this
// process, the collector's included: others on the machine hardly change it.
// Absolute times belong to the machine, so a [Report] carries a calibration; the
// ratios of one run are the result.
//
//	costs, err := measure.Plan{Rounds: 20, Round: 40 * time.Millisecond}.Run([]measure.Subject{
//		{Name: "direct", Call: direct},
//		{Name: "runtime", Call: through},
//	})
//	fmt.Println(costs["runtime"].CPU / costs["direct"].CPU)
package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Subject is one way to do the work.
type Subject struct {
	Name string
	// Call does the work once. Its first error ends the run.
	Call func() error
}

// Cost is what one call takes: nanoseconds of the clock and of the processor,
// allocations and their bytes. Each is that of the best round.
type Cost struct{ Wall, CPU, Allocs, Bytes float64 }

// Plan says how to measure.
type Plan struct {
	Rounds int           // of each subject
	Round  time.Duration // length of one, about
	// Profiles is a folder for one CPU profile a subject, "" for none. They are
	// taken after the rounds, which they would slow down.
	Profiles string
}

// Run measures the subjects and returns their costs by name.
func (p Plan) Run(subjects []Subject) (map[string]Cost, error) {
	calls := make([]int, len(subjects))
	costs := map[string]Cost{}
	for i, s := range subjects {
		var err error
		if calls[i], err = p.calls(s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	for range p.Rounds {
		for i, s := range subjects {
			c, err := s.round(calls[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			costs[s.Name] = c.Best(costs[s.Name])
		}
	}
	return costs, p.profile(subjects, calls)
}

// calls finds how many calls make a round, and warms the subject up.
func (p Plan) calls(s Subject) (int, error) {
	n := 1
	for {
		c, err := s.round(n)
		if err != nil {
			return 0, err
		}
		took := c.CPU * float64(n)
		if took >= float64(p.Round)/4 {
			return max(1, int(float64(p.Round)/c.CPU)), nil
		}
		n *= 4
	}
}

// round makes n calls.
func (s Subject) round(n int) (Cost, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used, start := cpu(), time.Now()
	for range n {
		if err := s.Call(); err != nil {
			return Cost{}, err
		}
	}
	took, used := time.Since(start), cpu()-used
	runtime.ReadMemStats(&after)
	each := func(d uint64) float64 { return float64(d) / float64(n) }
	return Cost{
		Wall: each(uint64(took)), CPU: each(uint64(used)),
		Allocs: each(after.Mallocs - before.Mallocs), Bytes: each(after.TotalAlloc - before.TotalAlloc),
	}, nil
}

// Best takes the lower of each figure.
func (c Cost) Best(known Cost) Cost {
	if known == (Cost{}) {
		return c
	}
	return Cost{min(c.Wall, known.Wall), min(c.CPU, known.CPU), min(c.Allocs, known.Allocs), min(c.Bytes, known.Bytes)}
}

// cpu is the processor time of this process.
func cpu() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err) // every Linux has this clock
	}
	return time.Duration(t.Nano())
}

// profiled is how long a subject runs under the profiler.
const profiled = 2 * time.Second

func (p Plan) profile(subjects []Subject, calls []int) error {
	if p.Profiles == "" {
		return nil
	}
	if err := os.MkdirAll(p.Profiles, 0o755); err != nil {
		return err
	}
	for i, s := range subjects {
		if err := s.profile(filepath.Join(p.Profiles, strings.ReplaceAll(s.Name, "/", "-")+".pprof"), calls[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s Subject) profile(path string, calls int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	for start := time.Now(); time.Since(start) < profiled; {
		if _, err := s.round(calls); err != nil {
			return err
		}
	}
	return nil
}
