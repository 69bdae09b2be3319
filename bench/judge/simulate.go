package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"
)

// result is what came of all trials of a scenario.
type result struct {
	Name     string    `json:"name"`
	Outcomes []outcome `json:"outcomes"`
	scenario *scenario
}

// simulate makes all trials of all scenarios, a few at a time. What comes out
// depends on the seed alone.
func simulate(ctx context.Context, all []*scenario, seed uint64, progress io.Writer) ([]*result, error) {
	results, jobs := plan(all)
	var done sync.WaitGroup
	var mu sync.Mutex // guards next
	next := 0
	take := func() (job, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == len(jobs) || ctx.Err() != nil {
			return job{}, false
		}
		next++
		fmt.Fprintf(progress, "\r\x1b[K%d of %d: %s", next, len(jobs), jobs[next-1].result.Name)
		return jobs[next-1], true
	}
	for range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			for j, ok := take(); ok; j, ok = take() {
				j.result.Outcomes[j.number] = newTrial(j.result.scenario, seed, j.number).run()
			}
		})
	}
	done.Wait()
	fmt.Fprint(progress, "\r\x1b[K")
	return results, ctx.Err()
}

// job is one trial.
type job struct {
	result *result
	number int
}

func plan(all []*scenario) (results []*result, jobs []job) {
	for _, s := range all {
		r := &result{Name: s.name, Outcomes: make([]outcome, s.runs), scenario: s}
		results = append(results, r)
		for n := range s.runs {
			jobs = append(jobs, job{r, n})
		}
	}
	return results, jobs
}

// ended counts the trials that ended so.
func (r *result) ended(how string) int {
	n := 0
	for _, o := range r.Outcomes {
		if o.End == how {
			n++
		}
	}
	return n
}

// found is the median of calls until a rollback, those without one being more than
// all others; ok tells whether half of the trials had one.
func (r *result) found() (calls int64, ok bool) {
	return middle(r.Outcomes, func(o outcome) int64 {
		if o.End == endRolledBack {
			return o.Calls
		}
		return 0
	})
}

// repeated is the same for the repeated test.
func (r *result) repeated() (calls int64, ok bool) {
	return middle(r.Outcomes, func(o outcome) int64 { return o.Naive })
}

// middle is the median of numbers of calls, where 0 stands for more than any.
func middle(all []outcome, calls func(outcome) int64) (int64, bool) {
	var found []int64
	for _, o := range all {
		if n := calls(o); n > 0 {
			found = append(found, n)
		}
	}
	at := len(all) / 2
	if at >= len(found) {
		return 0, false
	}
	slices.Sort(found)
	return found[at], true
}

func (r *result) repeatedAlarms() int {
	n := 0
	for _, o := range r.Outcomes {
		if o.Naive > 0 {
			n++
		}
	}
	return n
}

func (r *result) looks() int {
	n := 0
	for _, o := range r.Outcomes {
		n += o.Looks
	}
	return n / max(len(r.Outcomes), 1)
}

// took is the median time of a rollout on the clock of the trial.
func (r *result) took() time.Duration {
	all := make([]time.Duration, 0, len(r.Outcomes))
	for _, o := range r.Outcomes {
		all = append(all, o.Took)
	}
	slices.Sort(all)
	return all[len(all)/2]
}
