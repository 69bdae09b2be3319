package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// battery runs all cases that were asked for on all engines.
func (o options) battery(stdout, stderr io.Writer) (tally, error) {
	total := tally{engines: len(o.engines)}
	cases := o.selected()
	if len(cases) == 0 {
		return total, fmt.Errorf("no case matches %s", o.cases)
	}
	guests, err := buildGuests(context.Background())
	if err != nil {
		return total, err
	}
	defer os.RemoveAll(guests)
	executable, err := os.Executable()
	if err != nil {
		return total, err
	}
	p := &printer{out: stdout, progress: progressOn(stderr), json: o.json}
	for _, name := range o.engines {
		s := &supervisor{executable: executable, guests: guests, engine: name, arguments: childArguments, silence: time.Minute}
		if err := s.run(cases, p, &total); err != nil {
			return total, err
		}
	}
	total.cases = len(cases)
	if o.json {
		total.print(stderr)
	} else {
		total.print(stdout)
	}
	return total, nil
}

func childArguments(engine, guests string) []string {
	return []string{childArgument, "-engine", engine, "-guests", guests}
}

func (o options) selected() []attack {
	var list []attack
	for _, a := range attacks() {
		if o.cases.MatchString(a.name) {
			list = append(list, a)
		}
	}
	return list
}

// run judges all cases on one engine.
func (s *supervisor) run(cases []attack, p *printer, total *tally) error {
	defer func() {
		if s.child != nil {
			_ = s.bury("the battery ends")
		}
	}()
	for i, a := range cases {
		p.working(s.engine, a.name, i, len(cases))
		v, err := s.judge(a)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.engine, a.name, err)
		}
		total.add(v)
		p.verdict(v)
	}
	controls, err := s.finish()
	p.controls(s.engine, controls)
	return err
}

// progressOn returns w if people watch it, else nothing that anybody sees.
func progressOn(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor is small
		return w
	}
	return io.Discard
}
