package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// silence is how long a process may go without an acknowledgement before it is
// killed all the same.
const silence = 30 * time.Second

// scenario is something to kill: a process that changes what is on the disk and
// prints one line on standard output for each change, after it was acknowledged.
type scenario struct {
	name string
	// command makes the process; it has not been started.
	command func() *exec.Cmd
	// attend, if set, works with the process while it lives, and makes the
	// acknowledgements of it: lines are what the process prints, closed when it
	// ends, and so must be the result.
	attend func(pid int, lines <-chan string) (acks <-chan string)
	// start is about how long the process takes before its first change.
	start time.Duration
	// check looks at the disk after a kill. acks are the lines that the process
	// printed since the last check. It notes what it finds in t; its error is
	// that of a check that could not be done.
	check func(acks []string, t tally) error
	// finish, if set, looks once more when nothing is killed any longer.
	finish func(t tally)
	// end removes everything.
	end func()
}

// tally is what all checks found; each finding counts once, however often it is
// seen.
type tally struct {
	kills              int
	lost, inconsistent map[string]bool
}

func newTally() tally { return tally{lost: map[string]bool{}, inconsistent: map[string]bool{}} }

func (t tally) lose(format string, args ...any) { t.lost[fmt.Sprintf(format, args...)] = true }

func (t tally) contradict(format string, args ...any) {
	t.inconsistent[fmt.Sprintf(format, args...)] = true
}

// tell lists the findings.
func (t tally) tell(w io.Writer, seed uint64) {
	for _, s := range slices.Sorted(maps.Keys(t.lost)) {
		fmt.Fprintln(w, "lost:", s)
	}
	for _, s := range slices.Sorted(maps.Keys(t.inconsistent)) {
		fmt.Fprintln(w, "inconsistent:", s)
	}
	if len(t.lost)+len(t.inconsistent) > 0 {
		fmt.Fprintln(w, "seed:", seed)
	}
}

// killLoop starts, kills and checks.
func (s scenario) killLoop(kills int, m moments, t tally, progress io.Writer) error {
	acked := 0
	for i := range kills {
		acks, err := s.killOnce(m, t)
		if err != nil {
			return err
		}
		if err := s.check(acks, t); err != nil {
			return err
		}
		acked += len(acks)
		fmt.Fprintf(progress, "\r%s: kill %d of %d, %d acknowledged, %d lost, %d inconsistent ",
			s.name, i+1, kills, acked, len(t.lost), len(t.inconsistent))
	}
	if s.finish != nil {
		s.finish(t)
	}
	fmt.Fprintln(progress)
	return nil
}

// killOnce runs the process up to a random moment and returns what it
// acknowledged.
func (s scenario) killOnce(m moments, t tally) ([]string, error) {
	cmd := s.command()
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := make(chan string, 1<<16)
	go readLines(out, lines)
	var acknowledged <-chan string = lines
	if s.attend != nil {
		acknowledged = s.attend(cmd.Process.Pid, lines)
	}
	acks, ended := m.wait(s.start, acknowledged)
	_ = cmd.Process.Kill()
	for line := range acknowledged {
		acks = append(acks, line)
	}
	_ = cmd.Wait()
	if ended {
		t.contradict("%s: the process ended by itself: %s", s.name, strings.TrimSpace(complaint.String()))
	}
	return acks, nil
}

// readLines passes on whole lines; the rest of a line that the kill cut is not
// an acknowledgement.
func readLines(r io.Reader, lines chan<- string) {
	defer close(lines)
	b := bufio.NewReader(r)
	for {
		line, err := b.ReadString('\n')
		if err != nil {
			return
		}
		lines <- strings.TrimSuffix(line, "\n")
	}
}

// moments chooses when to kill: half of the time soon after the start, which
// hits its opening, else some time after one of the first
// acknowledgements.
type moments struct{ random *rand.Rand }

func newMoments(seed uint64) moments {
	return moments{rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // moments, not secrets
}

// wait returns at the moment to kill, with the lines so far; ended says that the
// process was faster.
func (m moments) wait(start time.Duration, lines <-chan string) (acks []string, ended bool) {
	after, delay := 0, m.upTo(start)
	if m.random.IntN(2) == 0 {
		after, delay = 1+m.random.IntN(30), m.upTo(4*time.Millisecond)
	}
	quiet := time.After(silence)
	for len(acks) < after {
		select {
		case line, ok := <-lines:
			if !ok {
				return acks, true
			}
			acks = append(acks, line)
		case <-quiet:
			return acks, false
		}
	}
	time.Sleep(delay)
	return acks, false
}

// upTo returns a duration below limit: its order of magnitude is as random as
// its digits.
func (m moments) upTo(limit time.Duration) time.Duration {
	return time.Duration(m.random.Int64N(int64(limit) >> m.random.IntN(12)))
}
