// Package mutants damages modules at random and watches what the guard and an
// engine make of them. The work is done in a child process, because the
// question is whether a mutant can end a process; the parent starts a new child
// behind the mutant at which one died.
//
// A mutant is made from its seed and number alone, so a finding is repeated
// with the same seed and modules.
package mutants

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// Config is one run.
type Config struct {
	Command []string // starts the child, which must call Child
	N       int      // mutants
	Seed    int64
	Files   []string // modules to damage; none means a small built-in one
}

// Report is what a run found.
type Report struct {
	N, Accepted, Compiled, Deaths, Panics, Slow int
	Seed                                        int64
}

// OK reports whether nothing died, panicked or hung.
func (r Report) OK() bool { return r.Deaths == 0 && r.Panics == 0 && r.Slow == 0 }

// String is the line that a run ends with.
func (r Report) String() string {
	return fmt.Sprintf("mutants: n=%d accepted=%d compiled=%d deaths=%d panics=%d slow=%d seed=%d",
		r.N, r.Accepted, r.Compiled, r.Deaths, r.Panics, r.Slow, r.Seed)
}

// environment tells a child what to do.
const environment = "SWAPLINE_MUTANTS"

// maxDeaths ends a run that is hopeless.
const maxDeaths = 20

// Run runs children until n mutants are done.
func Run(c Config) (Report, error) {
	r := Report{Seed: c.Seed}
	for r.N < c.N && r.Deaths < maxDeaths {
		before := r.N
		err := r.child(c)
		switch {
		case errors.Is(err, exec.ErrNotFound):
			return r, err
		case err == nil && r.N == before:
			return r, errors.New("the child ended without an outcome")
		case err != nil:
			fmt.Fprintf(os.Stderr, "mutant %d of seed %d ended the process: %v\n", r.N, c.Seed, err)
			r.Deaths++
			r.N++
		}
	}
	return r, nil
}

// child runs one child from mutant r.N on. Each line it prints is the outcome
// of one mutant.
func (r *Report) child(c Config) error {
	cmd := exec.Command(c.Command[0], c.Command[1:]...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %d %s", environment, c.Seed, r.N, c.N, strings.Join(c.Files, string(os.PathListSeparator))))
	tail := &tail{}
	cmd.Stderr = tail
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		r.count(lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, tail)
	}
	return nil
}

// Outcomes of one mutant.
const (
	refused  = "refused"
	accepted = "accepted" // by the guard, not by the engine
	compiled = "compiled"
	slow     = "slow"
	panicked = "panicked"
)

func (r *Report) count(outcome string) {
	switch outcome {
	case refused:
	case accepted:
		r.Accepted++
	case compiled:
		r.Accepted++
		r.Compiled++
	case slow:
		r.Accepted++
		r.Slow++
	case panicked:
		r.Panics++
	default:
		return
	}
	r.N++
}

// tail keeps the first bytes of what a child says when it dies.
type tail struct{ b []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	const most = 400
	t.b = append(t.b, p[:min(len(p), most-min(most, len(t.b)))]...)
	return len(p), nil
}

// String returns what was kept.
func (t *tail) String() string { return string(t.b) }

// IsChild reports whether this process was started by Run.
func IsChild() bool { return os.Getenv(environment) != "" }

// parseJob reads what Run asked for.
func parseJob(s string) (seed int64, from, to int, files []string, err error) {
	fields := strings.SplitN(s, " ", 4)
	if len(fields) != 4 {
		return 0, 0, 0, nil, errors.New("not a job: " + s)
	}
	seed, err1 := strconv.ParseInt(fields[0], 10, 64)
	from, err2 := strconv.Atoi(fields[1])
	to, err3 := strconv.Atoi(fields[2])
	if fields[3] != "" {
		files = strings.Split(fields[3], string(os.PathListSeparator))
	}
	return seed, from, to, files, errors.Join(err1, err2, err3)
}
