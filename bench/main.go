// Command bench measures what a call through the runtime costs, for every kind
// of release and every language, against a direct call of the same function in
// one run, and prints a line for each figure:
//
//	bench: name=execute.c.request value=5230 unit=cpu-ns ratio=1.9 against=execute.direct
//
// Then come what it takes to start a guest, to compile, to switch and to keep a
// strategy loaded, and how the figures that issue 3 promises were met:
//
//	bench: target=execute.c.request want=<=6 got=5.23 unit=us ok
//
// All of it is written as JSON, too. How it measures is in package measure: the
// ratios are the result, times belong to the machine, whose speed the first
// lines show. A target that a slow machine misses is no error. Languages whose
// compiler is not installed are left out, which a line says. -profile writes a CPU
// profile of every row. bench/peers is the same against other runtimes.
//
//	go build -trimpath -o bin/bench ./bench && bin/bench -json bench.json
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/scene"
)

// options are the flags.
type options struct {
	json, root string
	plan       measure.Plan
	switches   int
	idle       int
	only       *regexp.Regexp
}

func main() {
	scene.RunProbe()
	if code, ok := runIdle(os.Args[1:]); ok {
		os.Exit(code)
	}
	o := options{}
	flag.StringVar(&o.json, "json", "bench.json", "`file` for the figures as JSON")
	flag.StringVar(&o.root, "root", ".", "`folder` of the module's sources")
	flag.IntVar(&o.plan.Rounds, "rounds", 15, "rounds of each row")
	flag.DurationVar(&o.plan.Round, "time", 40*time.Millisecond, "length of one round")
	flag.StringVar(&o.plan.Profiles, "profile", "", "`folder` for a CPU profile of each row")
	flag.IntVar(&o.switches, "switches", 20, "switches to measure for each kind")
	flag.IntVar(&o.idle, "idle", 20, "strategies to load for the cost of an idle one")
	only := flag.String("only", "", "`pattern` of the rows to measure, beside the direct call")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(*only); err == nil {
		err = run(context.Background(), o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything and writes the report.
func run(ctx context.Context, o options) error {
	r := &measure.Report{Prefix: "bench", Out: os.Stdout}
	guests := scene.Guests(ctx, o.root, func(label, why string) {
		fmt.Printf("bench: skipped=%s because=%q\n", label, why)
	})
	for _, part := range []func(context.Context, options, map[string][]byte, *measure.Report) error{
		executeFigures, overheadFigures, rolloutFigures, startFigures, idleFigures,
	} {
		if err := part(ctx, o, guests, r); err != nil {
			return err
		}
	}
	judge(r)
	return r.Write(o.json)
}
