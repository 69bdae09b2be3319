package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// pace is the time between two calls of the good strategy.
const pace = 2 * time.Millisecond

// witness calls the good strategy without a pause and knows what the process was
// like.
type witness struct {
	answers atomic.Int64
	mu      sync.Mutex
	wrong   []string // guarded by mu
	before  map[string]string
	stop    chan struct{}
	stopped chan struct{}
}

func watch(ask func() error) *witness {
	w := &witness{stop: make(chan struct{}), stopped: make(chan struct{})}
	go w.call(ask)
	return w
}

func (w *witness) call(ask func() error) {
	defer close(w.stopped)
	for t := time.NewTicker(pace); ; {
		select {
		case <-w.stop:
			t.Stop()
			return
		case <-t.C:
		}
		w.answers.Add(1)
		if err := ask(); err != nil {
			w.mu.Lock()
			w.wrong = append(w.wrong, err.Error())
			w.mu.Unlock()
		}
	}
}

func (w *witness) end() { close(w.stop); <-w.stopped }

// accept takes the process as it is for what it should be.
func (w *witness) accept() { w.before = settled(nil) }

// noticed says what is not as it was, and which answers were wrong.
func (w *witness) noticed() []string {
	now := settled(w.before)
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.wrong
	w.wrong = nil
	for _, name := range worse(w.before, now) {
		list = append(list, fmt.Sprintf("%s was %q, is %q", name, w.before[name], now[name]))
	}
	for _, name := range counted() {
		w.before[name] = strconv.Itoa(min(number(w.before[name]), number(now[name])))
	}
	return list
}

// counted are the parts of which fewer are no harm: what an earlier change had
// started may end later.
func counted() []string { return []string{"goroutines", "descriptors"} }

// worse lists what is not as it was.
func worse(before, now map[string]string) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(now)) {
		fewer := slices.Contains(counted(), name) && number(now[name]) < number(before[name])
		if now[name] != before[name] && !fewer {
			list = append(list, name)
		}
	}
	return list
}

func number(text string) int { n, _ := strconv.Atoi(text); return n }

// settled looks until the process is as it was, or for two seconds: goroutines
// and descriptors of a change that has just ended take a moment to go. Without a
// state to wait for it waits until nothing moves any more.
func settled(before map[string]string) map[string]string {
	const looks, still = 400, 20
	now, same := condition(), 0
	for range looks {
		if before != nil && len(worse(before, now)) == 0 || before == nil && same == still {
			break
		}
		time.Sleep(5 * time.Millisecond)
		last := now
		if now = condition(); maps.Equal(now, last) {
			same++
		} else {
			same = 0
		}
	}
	return now
}

// condition is what a plugin could have changed.
func condition() map[string]string {
	c := map[string]string{"environment": strings.Join(os.Environ(), "\n"), "goroutines": fmt.Sprint(goruntime.NumGoroutine())}
	c["folder"], _ = os.Getwd()
	files, _ := filepath.Glob("/proc/self/fd/*")
	c["descriptors"] = fmt.Sprint(len(files))
	limits, _ := os.ReadFile("/proc/self/limits")
	c["limits"] = string(limits)
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		if slices.Contains([]string{"Umask", "SigIgn", "SigCgt", "NoNewPrivs", "TracerPid", "CapEff"}, name) {
			c[name] = strings.TrimSpace(value)
		}
	}
	samples := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}, {Name: "/sched/gomaxprocs:threads"}}
	metrics.Read(samples)
	for _, s := range samples {
		c[s.Name] = fmt.Sprint(s.Value.Uint64())
	}
	children, _ := filepath.Glob("/proc/self/task/*/children")
	for _, f := range children {
		text, _ := os.ReadFile(f)
		c["children"] += string(text)
	}
	return c
}
