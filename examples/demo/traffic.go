package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// traffic drives payments from several connections until it is stopped.
type traffic struct {
	cancel context.CancelFunc
	wait   sync.WaitGroup
	began  time.Time
	ended  time.Time

	mu      sync.Mutex
	served  map[string]*tally // by release and kind
	answers []time.Time       // completion of each answer
	failed  int
	mixed   int
	example string // of the first failure
}

// tally counts what one release answered.
type tally struct {
	version, kind string
	first         time.Time
	failures      int
	latencies     []time.Duration
	decisions     map[string]int
}

// answer is one response as a client saw it.
type answer struct {
	release, kind string
	generation    uint64
	body          struct {
		Model    string `json:"model"`
		Decision string `json:"decision"`
	}
}

func startTraffic(ctx context.Context, h *host, c config) *traffic {
	ctx, cancel := context.WithCancel(ctx)
	t := &traffic{cancel: cancel, began: time.Now(), served: map[string]*tally{}}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: c.conns}}
	interval := time.Duration(c.conns) * time.Second / time.Duration(c.rate)
	for i := range c.conns {
		t.wait.Add(1)
		go func() {
			defer t.wait.Done()
			t.drive(ctx, h, client, rand.New(rand.NewPCG(uint64(i), 42)), interval)
		}()
	}
	return t
}

// drive sends one payment after the other, paced by interval.
func (t *traffic) drive(ctx context.Context, h *host, client *http.Client, r *rand.Rand, interval time.Duration) {
	var seen uint64
	next := time.Now()
	for ctx.Err() == nil {
		body, err := json.Marshal(payment(r))
		if err != nil {
			panic(err)
		}
		began := time.Now()
		a, err := send(h, client, body)
		t.record(a, err, began, &seen)
		next = next.Add(interval)
		if wait := time.Until(next); wait > 0 {
			_ = pause(ctx, wait)
		} else {
			next = time.Now()
		}
	}
}

// send makes one request. It does not use the traffic's context: a request that
// has begun is finished and counted.
func send(h *host, client *http.Client, body []byte) (answer, error) {
	var a answer
	req, err := http.NewRequest(http.MethodPost, h.base+"/v1/strategies/"+strategy+"/execute", bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	a.release, a.kind = res.Header.Get("Swapline-Release"), res.Header.Get("Swapline-Kind")
	if res.StatusCode != http.StatusOK {
		return a, fmt.Errorf("status %d: %s", res.StatusCode, raw)
	}
	a.generation, err = strconv.ParseUint(res.Header.Get("Swapline-Generation"), 10, 64)
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(raw, &a.body)
}

// record counts an answer. An answer is mixed when its body was computed by
// another version than its headers name, or when a client sees an older
// generation than it saw before.
func (t *traffic) record(a answer, err error, began time.Time, seen *uint64) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.failLocked(a, err)
		return
	}
	t.answers = append(t.answers, now)
	if a.body.Model != strings.Replace(a.release, "@", "/", 1) || a.generation < *seen {
		t.mixed++
	}
	*seen = a.generation
	s := t.tallyLocked(a, now)
	s.latencies = append(s.latencies, now.Sub(began))
	s.decisions[a.body.Decision]++
}

// failLocked counts a failure for the release that answered it, if any did.
func (t *traffic) failLocked(a answer, err error) {
	t.failed++
	if t.example == "" {
		t.example = err.Error()
	}
	t.tallyLocked(a, time.Now()).failures++
}

func (t *traffic) tallyLocked(a answer, now time.Time) *tally {
	key := a.release + " " + a.kind
	s := t.served[key]
	if s == nil {
		s = &tally{version: a.release, kind: a.kind, first: now, decisions: map[string]int{}}
		t.served[key] = s
	}
	return s
}

// stop ends the traffic and waits for requests under way.
func (t *traffic) stop() {
	t.cancel()
	t.wait.Wait()
	t.ended = time.Now()
}

// longestGap is the longest time within [from, to] in which no answer arrived.
func (t *traffic) longestGap(from, to time.Time) time.Duration {
	sort.Slice(t.answers, func(i, j int) bool { return t.answers[i].Before(t.answers[j]) })
	var longest time.Duration
	last := from
	for _, at := range t.answers {
		if at.Before(from) {
			continue
		}
		if at.After(to) {
			break
		}
		longest = max(longest, at.Sub(last))
		last = at
	}
	return max(longest, to.Sub(last))
}
