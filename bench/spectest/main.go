// Command spectest runs the WebAssembly core test suite as it is, and once more
// with each rewriter that modules go through at upload, on every engine of the
// build. Each action must end the same way. `make spectest` runs it:
//
//	go run -tags wasmtime ./bench/spectest
//
// The suite comes with the source of wazero, in the versions 1 and 2 of the
// specification, without SIMD. What package guard refuses is left out, and so are
// calls that pass references.
//
// It prints a line for each engine and rewriter: modules are those given to the
// rewriter, rewritten those that it changed, run those that started. The last line
// is for scripts, and the exit status is 1 unless nothing differs:
//
//	spectest: modules=3923 differs=0
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

func main() {
	every := flag.Int("every", 1, "run only each n-th script")
	flag.Parse()
	os.Exit(run(*every))
}

func run(every int) int {
	all, err := machines()
	if err != nil {
		return status(tally{}, err)
	}
	defer closeAll(all)
	return status(suite(os.Stdout, all, every))
}

func status(sum tally, err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, "spectest:", err)
		return 1
	}
	return min(sum.differs, 1)
}

// named is a machine with its name.
type named struct {
	name string
	machine
	close func()
}

// machines are the engines of the build.
func machines() ([]named, error) {
	e, err := wazeroengine.New(wazeroengine.Config{})
	if err != nil {
		return nil, err
	}
	all := []named{{wazeroengine.Name, engine{e}, func() { _ = e.Close(context.Background()) }}}
	if e, err := wasmtimeengine.New(wasmtimeengine.Config{}); err == nil {
		all = append(all, named{wasmtimeengine.Name, engine{e}, func() { _ = e.Close(context.Background()) }})
	}
	return all, nil
}

func closeAll(all []named) {
	for _, m := range all {
		m.close()
	}
}

// suite runs each n-th script, and tells of what differs.
func suite(out io.Writer, all []named, every int) (sum tally, err error) {
	paths, err := scripts()
	if err != nil {
		return sum, err
	}
	for _, m := range all {
		tallies, err := compare(out, m, paths, every)
		if err != nil {
			return sum, err
		}
		for i, r := range rewriters() {
			t := tallies[i]
			fmt.Fprintf(out, "%-12s %-16s modules=%d rewritten=%d run=%d actions=%d differs=%d\n", m.name, r.name, t.modules, t.rewritten, t.run, t.actions, t.differs)
			sum.modules, sum.differs = t.modules, sum.differs+t.differs
		}
	}
	if sum.modules < 3000/every {
		err = errors.New("the suite is not there in full")
	}
	fmt.Fprintf(out, "spectest: modules=%d differs=%d\n", sum.modules, sum.differs)
	return sum, err
}

// compare runs the scripts on one machine and returns what each rewriter did.
func compare(out io.Writer, m named, paths []string, every int) ([]tally, error) {
	list := rewriters()
	sums := make([]tally, len(list))
	for i := 0; i < len(paths); i += every {
		s, err := readScript(paths[i])
		if err != nil {
			return nil, err
		}
		if err := s.compare(out, m, list, sums); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

// compare runs one script in one world for each rewriter, beside one without.
func (s script) compare(out io.Writer, m named, list []rewriter, sums []tally) error {
	plain := newWorld(m, rewriter{})
	defer plain.close()
	worlds := make([]*world, len(list))
	for i, r := range list {
		worlds[i] = newWorld(m, r)
		defer worlds[i].close()
	}
	for _, c := range s.Commands {
		if err := s.step(out, plain, worlds, c); err != nil {
			return err
		}
	}
	for i, w := range worlds {
		sums[i].add(w.tally)
	}
	return nil
}

// step runs one command in all worlds.
func (s script) step(out io.Writer, plain *world, worlds []*world, c command) error {
	want, err := plain.run(s, c)
	if err != nil {
		return err
	}
	for _, w := range worlds {
		got, err := w.run(s, c)
		if err != nil {
			return err
		}
		if want != "" {
			w.tally.actions++
		}
		if got != want {
			w.tally.differs++
			fmt.Fprintf(out, "%s, %s:%d: %s %s: %s, as it is %s\n", w.rewriter.name, filepath.Base(s.Path), c.Line, c.Type, c.Action.Field, got, want)
		}
	}
	return nil
}
