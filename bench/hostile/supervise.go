package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/wasm/guestbuild"
)

// supervisor runs children and outlives them.
type supervisor struct {
	executable, guests string
	engine             string
	arguments          func(engine, guests string) []string
	silence            time.Duration // how long a child may say nothing

	child *child
}

// child is a running process.
type child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	reports chan report
	stderr  *bytes.Buffer
}

// moduleRoot is the folder of the module that this program was built from.
func moduleRoot(ctx context.Context) (string, error) {
	file, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	return filepath.Dir(strings.TrimSpace(string(file))), err
}

// buildGuests makes the Go guests that children load.
func buildGuests(ctx context.Context) (folder string, err error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	if folder, err = os.MkdirTemp("", "swapline-hostile-"); err != nil {
		return "", err
	}
	for file, dir := range map[string]string{riskFile: "bench/risk/plugin", misbehaveFile: "guests/misbehave", earlyFile: "guests/misbehave/early"} {
		if _, err := guestbuild.Build(ctx, guestbuild.Config{Dir: filepath.Join(root, dir), Output: filepath.Join(folder, file)}); err != nil {
			return "", errors.Join(err, os.RemoveAll(folder))
		}
	}
	return folder, nil
}

// start makes a child and waits until it is ready.
func (s *supervisor) start() error {
	cmd := exec.Command(s.executable, s.arguments(s.engine, s.guests)...) //nolint:gosec // this very program
	c := &child{cmd: cmd, reports: make(chan report), stderr: new(bytes.Buffer)}
	cmd.Stderr = c.stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if c.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go c.read(out)
	s.child = c
	r, err := s.hear()
	if err == nil && r.Error != "" {
		err = errors.New(r.Error)
	}
	if err != nil {
		return fmt.Errorf("%s: the battery does not start: %w", s.engine, err)
	}
	return nil
}

func (c *child) read(out io.Reader) {
	defer close(c.reports)
	for d := json.NewDecoder(bufio.NewReader(out)); ; {
		var r report
		if d.Decode(&r) != nil {
			return
		}
		c.reports <- r
	}
}

// hear returns the child's next report. An error says how the child ended; then
// there is no child any more.
func (s *supervisor) hear() (report, error) {
	select {
	case r, ok := <-s.child.reports:
		if ok {
			return r, nil
		}
		return report{}, s.bury("")
	case <-time.After(s.silence):
		return report{}, s.bury("it said nothing for " + s.silence.String())
	}
}

// bury ends the child and says why.
func (s *supervisor) bury(why string) error {
	c := s.child
	s.child = nil
	_ = c.cmd.Process.Kill()
	for range c.reports { //nolint:revive // drained, so that its reader ends
	}
	err := c.cmd.Wait()
	if why == "" {
		why = fmt.Sprint(err)
	}
	return fmt.Errorf("%s; %s", why, firstLines(c.stderr.String(), 2))
}

func firstLines(text string, n int) string {
	lines := strings.SplitN(strings.TrimSpace(text), "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], " | ")
}

// judge lets a child judge the case, and makes one if there is none.
func (s *supervisor) judge(a attack) (verdict, error) {
	if s.child == nil {
		if err := s.start(); err != nil {
			return verdict{}, err
		}
	}
	v := verdict{Case: a.name, Engine: s.engine, Want: a.want}
	begun := time.Now()
	_, err := io.WriteString(s.child.in, a.name+"\n")
	r, dead := s.hear()
	switch {
	case dead != nil:
		v.Crash, v.CallMS = dead.Error(), ms(time.Since(begun))
		return v, nil
	case err != nil:
		return v, err
	case r.Verdict == nil:
		return v, errors.New(r.Error)
	}
	return *r.Verdict, nil
}

// finish lets the child end and returns what it tells about its controls.
func (s *supervisor) finish() (map[string]controlVerdict, error) {
	if s.child == nil {
		return nil, nil
	}
	if err := s.child.in.Close(); err != nil {
		return nil, err
	}
	r, err := s.hear()
	if err != nil {
		return nil, err
	}
	if r.Error != "" {
		return nil, errors.New(r.Error)
	}
	for late := range s.child.reports {
		err = errors.Join(err, errors.New(late.Error))
	}
	err = errors.Join(err, s.child.cmd.Wait())
	s.child = nil
	return r.Controls, err
}
