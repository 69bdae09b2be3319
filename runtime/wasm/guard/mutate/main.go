// Command mutate feeds damaged modules to package guard, and what passes to the
// engine, in a child process that may die:
//
//	mutate -n 1000000 [-seed N] module.wasm...
//
// It prints one line and exits with 1 unless nothing died and nothing panicked:
//
//	mutants: n=1000000 accepted=12345 compiled=12001 deaths=0 panics=0 slow=0 seed=1
//
// accepted passed guard, compiled were accepted by the engine too; slow took
// more than ten seconds to compile. Without modules it uses a small one that
// has every section.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/swapline/swapline/runtime/wasm/guard/mutants"
)

func main() { os.Exit(run()) }

func run() int {
	if mutants.IsChild() {
		return mutants.Child()
	}
	n := flag.Int("n", 100_000, "number of mutants")
	seed := flag.Int64("seed", time.Now().UnixNano(), "seed of the random numbers")
	flag.Parse()
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	r, err := mutants.Run(mutants.Config{Command: []string{self}, N: *n, Seed: *seed, Files: flag.Args()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(r)
	if !r.OK() {
		return 1
	}
	return 0
}
