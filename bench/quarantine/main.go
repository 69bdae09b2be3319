// Command quarantine lets hostile Go plugins loose on a host and looks what becomes of
// it. Every one of them is a built file of its own with one misdeed, in its
// start, its constructor, Validate or a golden case; each is deployed through a
// real runtime.Runtime in one host process, which serves a good strategy at the
// same time.
//
//	go run ./bench/quarantine
//
// A plugin is caught if its deploy is refused with the code that belongs to its
// misdeed, and the host has not noticed: all answers of the good strategy were
// right, and working directory, environment, umask, limits, signals, settings of
// the Go runtime, files and goroutines are what they were. After every ten, and
// at the end, a good plugin that was never loaded must load and answer.
//
// The host is a child of the tool: if it dies, that is counted, and another goes
// on behind the plugin that killed it. The last line sums up, and the exit code
// is 0 if it says that all were caught:
//
//	quarantine: plugins=64 caught=64 host_crashes=0 later_good_load=ok
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/swapline/swapline/nativeplugin"
)

// Hidden first arguments: the roles in which the tool starts itself.
const (
	roleProbe = "native-probe"
	roleHost  = "quarantine-host"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == roleProbe:
		os.Exit(nativeplugin.ProbeMain())
	case len(os.Args) == 2 && os.Args[1] == roleHost:
		os.Exit(hostMain(os.Stdin, os.Stdout))
	}
	os.Exit(run())
}

func run() int {
	only := flag.String("only", "", "comma-separated names of the plugins to try; all by default")
	keep := flag.String("keep", "", "folder to build in, which is kept; a temporary one by default")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := &tally{out: os.Stdout}
	if err := t.measure(ctx, chosen(corpus(), *only), *keep); err != nil {
		fmt.Fprintln(os.Stderr, "quarantine:", err)
		return 1
	}
	t.sum()
	if !t.good() {
		return 1
	}
	return 0
}

func chosen(list []villain, only string) []villain {
	if only == "" {
		return list
	}
	var some []villain
	for _, v := range list {
		for name := range strings.SplitSeq(only, ",") {
			if v.name == name {
				some = append(some, v)
			}
		}
	}
	return some
}
