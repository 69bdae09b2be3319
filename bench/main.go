// Command bench measures the runtime against a direct call of the same Go
// function, side by side in one run, and prints one line a figure:
//
//	bench: name=execute.memory value=1840 unit=ns/op ratio=1.45 against=execute.direct
//
// The same figures are written as JSON. Rounds of all subjects alternate and the
// best round of each counts, so that a machine that slows down in between does
// not favour one of them. Absolute times belong to the machine; the ratios are
// the result.
//
//	go build -trimpath -o bin/bench ./bench && bin/bench -json bench.json
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
)

// probeArgument makes this binary the throw-away child of the native driver.
const probeArgument = "native-probe"

// figure is one measured value.
type figure struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Ratio   float64 `json:"ratio,omitempty"`
	Against string  `json:"against,omitempty"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == probeArgument {
		os.Exit(nativeplugin.ProbeMain())
	}
	testing.Init()
	out := flag.String("json", "bench.json", "`file` for the figures as JSON")
	rounds := flag.Int("rounds", 5, "rounds of each subject")
	each := flag.String("time", "300ms", "length of one round")
	switches := flag.Int("switches", 40, "switches to measure for each kind")
	flag.Parse()
	if err := flag.Set("test.benchtime", *each); err != nil {
		fail(err)
	}
	figures, err := measure(context.Background(), *rounds, *switches)
	if err != nil {
		fail(err)
	}
	if err := write(*out, figures); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

// write prints the figures and stores them.
func write(path string, figures []figure) error {
	for _, f := range figures {
		line := fmt.Sprintf("bench: name=%s value=%.4g unit=%s", f.Name, f.Value, f.Unit)
		if f.Against != "" {
			line += fmt.Sprintf(" ratio=%.2f against=%s", f.Ratio, f.Against)
		}
		fmt.Println(line)
	}
	raw, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o644)
}
