// Command compare writes inputs for a comparison of builds of riskscore, one JSON
// object a line:
//
//	go run ./examples/compare -n 10000 -seed 1 > payments.ndjson
//	swapline compare native:examples/riskscore/v2 wazero:examples/riskscore/v2 --inputs payments.ndjson
//
// make compare does both, and writes the report to dist/compare.html.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/examples/compare/inputs"
)

func main() {
	n := flag.Int("n", 10_000, "how many inputs")
	seed := flag.Uint64("seed", 1, "what they are drawn from")
	flag.Parse()
	if err := write(os.Stdout, *n, *seed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write keeps the types that JSON alone has not: 1.0 is no integer.
func write(to io.Writer, n int, seed uint64) error {
	w := bufio.NewWriter(to)
	for _, in := range inputs.Make(n, seed) {
		line, err := wire.AppendJSON(nil, in)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return w.Flush()
}
