package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// witnessArgument is the first argument of the process that only has a heartbeat.
const witnessArgument = "witness"

// runWitness answers each line with the longest stall of its heartbeat since the
// line before, in nanoseconds.
func runWitness(in io.Reader, out io.Writer) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	h := new(heartbeat)
	go h.work(ctx)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fmt.Fprintln(out, int64(h.lap(ctx)))
	}
	return 0
}

// witness is a heartbeat in a process of its own. What stalls it is the machine,
// not this process.
type witness struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *bufio.Reader
}

func openWitness() (*witness, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &witness{cmd: exec.Command(executable, witnessArgument)} //nolint:gosec // this very program
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.answers = bufio.NewReader(out)
	return w, w.cmd.Start()
}

// lap returns the longest stall since the last lap.
func (w *witness) lap() (time.Duration, error) {
	if _, err := io.WriteString(w.in, "\n"); err != nil {
		return 0, err
	}
	line, err := w.answers.ReadString('\n')
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	return time.Duration(n), err
}

func (w *witness) close() error { return errors.Join(w.in.Close(), w.cmd.Wait()) }
