package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/rollout"
)

// scene is one rollout and how it must end.
type scene struct {
	title, version string
	policy         func() map[string]any // nil: the operator's
	end            rollout.Phase
	exit           int     // of swapline rollout wait
	weight         float64 // percent that it must have reached
}

func cases() []scene {
	return []scene{
		{"a good release", "1.1.0", nil, rollout.Promoted, 0, 100},
		{"4 % of the payments break it", "1.2.0", nil, rollout.RolledBack, 6, 1},
		{"5 % of its calls take ten times as long", "1.3.0", nil, rollout.RolledBack, 6, 0},
		{"it decides differently", "1.4.0", gated, rollout.Blocked, 7, 0},
	}
}

// endings counts how rollouts ended.
type endings struct{ promoted, rolledBack, blocked int }

func expected() (e endings) {
	for _, c := range cases() {
		e.add(c.end)
	}
	return e
}

func (e *endings) add(p rollout.Phase) {
	switch p {
	case rollout.Promoted:
		e.promoted++
	case rollout.RolledBack:
		e.rolledBack++
	case rollout.Blocked:
		e.blocked++
	}
}

// play is the demo under way.
type play struct {
	config
	host   *host
	ledger *ledger
	ended  endings
	scenes int
}

// patience is how long one rollout may take.
const patience = "200s"

// after is how long answers are awaited that were under way at the verdict.
const after = 300 * time.Millisecond

// withdrawal is the longest time from a verdict to the last call that begins on the
// release that was taken back.
const withdrawal = 100 * time.Millisecond

// act plays one rollout from its upload to its end.
func (p *play) act(ctx context.Context, s scene) error {
	p.scenes++
	p.ledger.forget()
	fmt.Fprintf(p.out, "\n%d. %s: %s\n", p.scenes, s.version, s.title)
	args := []string{"rollout", "start", strategy, s.version, "--reason", s.title}
	if s.policy != nil {
		file, err := p.host.write("policy-"+s.version+".json", s.policy())
		if err != nil {
			return err
		}
		args = append(args, "--policy", file)
	}
	if _, err := p.host.cli(ctx, "push", p.host.file(s.version), "--hold"); err != nil {
		return err
	}
	if _, err := p.host.cli(ctx, args...); err != nil {
		return err
	}
	_, err := p.host.cli(ctx, "rollout", "wait", strategy, "--timeout", patience)
	if code := exitOf(err); code != s.exit {
		p.ledger.fail("%s: swapline rollout wait ended with %d instead of %d: %v", s.version, code, s.exit, err)
	}
	if err := pause(ctx, after); err != nil {
		return err
	}
	return p.judge(ctx, s)
}

func exitOf(err error) int {
	var e *exec.ExitError
	switch {
	case errors.As(err, &e):
		return e.ExitCode()
	case err != nil:
		return -1
	}
	return 0
}

// explanation is what swapline rollout explain --json prints.
type explanation struct {
	Rollout   runtime.Rollout    `json:"rollout"`
	Decisions []runtime.Decision `json:"decisions"`
}

// judge compares how it ended with how it should, and tells it.
func (p *play) judge(ctx context.Context, s scene) error {
	raw, err := p.host.cli(ctx, "rollout", "explain", strategy, "--json")
	if err != nil {
		return err
	}
	var e explanation
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	r := e.Rollout
	p.ended.add(r.Phase)
	var reached float64
	for _, d := range e.Decisions {
		reached = max(reached, d.Weight)
		if d.Verdict != rollout.Hold {
			fmt.Fprintf(p.out, "   %5.1f s  %5.4g %%  %s\n", d.At.Sub(r.Started).Seconds(), d.Weight, d.Text)
		}
	}
	if r.Phase != s.end || r.Candidate.Version != s.version {
		p.ledger.fail("rollout of %s ended as %s, expected %s: %s", r.Candidate.Version, r.Phase, s.end, r.Reason)
	}
	if s.weight > 0 && reached != s.weight {
		p.ledger.fail("%s reached %g %%, expected %g %%", s.version, reached, s.weight)
	}
	p.tell(s, r, e.Decisions)
	return nil
}

// tell prints what the clients saw.
func (p *play) tell(s scene, r runtime.Rollout, decisions []runtime.Decision) {
	if r.Replay != nil && s.end == rollout.Blocked {
		for _, d := range r.Replay.Differences {
			fmt.Fprintf(p.out, "   %-12s differs in %d of %d answers: %s became %s\n", d.Pointer, d.Count, r.Replay.Compared, d.Stable, d.Candidate)
		}
	}
	customers, answers := p.ledger.stayed(s.version), p.ledger.answered(s.version)
	if s.end == rollout.Blocked && answers > 0 {
		p.ledger.fail("%s was blocked and gave %d answers", s.version, answers)
	}
	if s.end != rollout.Blocked && answers == 0 {
		p.ledger.fail("%s gave no answer", s.version)
	}
	fmt.Fprintf(p.out, "   => %s after %.1f s; it gave %d answers, to %d of the %d customers who come again, none of whom went back and forth\n",
		strings.ReplaceAll(string(r.Phase), "_", " "), r.Ended.Sub(r.Started).Seconds(), answers, customers, loyal)
	if s.end == rollout.RolledBack && len(decisions) > 0 {
		p.tellWithdrawal(s, decisions[len(decisions)-1].At)
	}
}

// tellWithdrawal measures from the verdict to the last call.
func (p *play) tellWithdrawal(s scene, verdict time.Time) {
	late := p.ledger.lastStart(s.version).Sub(verdict)
	order := "after"
	if late < 0 {
		order = "before"
	}
	fmt.Fprintf(p.out, "   => the last call on it began %.1f ms %s the verdict\n", late.Abs().Seconds()*1000, order)
	if late > withdrawal {
		p.ledger.fail("%s: a call began %s after the verdict", s.version, late)
	}
}

func (p *play) wrong() int {
	p.ledger.mu.Lock()
	defer p.ledger.mu.Unlock()
	return p.ledger.wrong
}

// report ends the output with the line for scripts.
func (p *play) report(took time.Duration) {
	l := p.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(p.out, "\n%d answers in %.0f s, all checked; %d faults of the broken release\n", l.answers, took.Seconds(), l.faults["1.2.0"])
	for _, w := range l.wrongs {
		fmt.Fprintf(p.out, "wrong: %s\n", w)
	}
	fmt.Fprintf(p.out, "demo-rollout: promoted=%d rolled_back=%d blocked=%d wrong=%d\n", p.ended.promoted, p.ended.rolledBack, p.ended.blocked, l.wrong)
}
