// Command peers measures the runtime against other ways to run the same guest,
// in one run, and prints a line for each figure:
//
//	peers: name=extism.c value=105000 unit=cpu-ns ratio=20.1 against=swapline.c.request
//
// Extism's Go SDK runs the C code of guests/c/examples/riskscore with the same
// encoding; only transport/extism.c differs, which carries the bytes. Both sides
// go from a map to a map. extism.c runs without a time limit, extism.c.limit with
// one, as every call of a release has. The row bare.c is the module on the engine
// without anything around it, its bytes encoded beforehand: what is above it is
// the host's.
//
// The rows swapline.process and goplugin compare a worker process (isolation
// "process") with hashicorp/go-plugin over gRPC and over net/rpc: the same strategy
// in a process of its own, with 1 and with 16 callers, the processor time of both
// processes together. The run of these rows closes with
//
//	process: callers=1 opponent=goplugin.netrpc.json faster=3.5 cpu=4.1 same_encoding=2.9 callers=16 ...
//
// The rows that begin with meter compare modules as they are, metered, and with
// the engine's own check for the end of a context.
//
// It is a module of its own, so that its dependencies stay out of Swapline's:
//
//	go build -C bench/peers -trimpath -o ../../bin/peers . && bin/peers -json peers.json
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/risk"
	"github.com/swapline/swapline/bench/scene"
	"github.com/swapline/swapline/runtime/wasm/guestbuild"
)

func main() {
	scene.RunProbe()
	runRoles()
	var plan measure.Plan
	json := flag.String("json", "peers.json", "`file` for the figures as JSON")
	root := flag.String("root", ".", "`folder` of Swapline's sources")
	only := flag.String("only", "", "process: only what runs in processes of its own")
	flag.IntVar(&plan.Rounds, "rounds", 15, "rounds of each row")
	flag.DurationVar(&plan.Round, "time", 40*time.Millisecond, "length of one round")
	flag.StringVar(&plan.Profiles, "profile", "", "`folder` for a CPU profile of each row")
	flag.Parse()
	if err := run(context.Background(), *root, *json, *only, plan); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// runRoles ends the process if it was started as a plugin.
func runRoles() {
	if len(os.Args) == 2 && os.Args[1] == workerArgument {
		os.Exit(runWorker())
	}
	if len(os.Args) == 3 && strings.HasPrefix(os.Args[1], goPluginArgument) {
		if err := runGoPlugin(os.Args[2], os.Args[1] == goPluginArgument); err != nil {
			fmt.Fprintln(os.Stderr, "peers:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// run measures everything and writes the report. Without a C compiler there is
// no peer to measure.
func run(ctx context.Context, root, json, only string, plan measure.Plan) error {
	r := &measure.Report{Prefix: "peers", Out: os.Stdout}
	release, err := risk.Read(root)
	if err != nil {
		return err
	}
	if err := processFigures(ctx, root, release, plan, r); err != nil || only == "process" {
		return errors.Join(err, r.Write(json))
	}
	guests := scene.Guests(ctx, root, func(label, why string) {
		fmt.Printf("peers: skipped=%s because=%q\n", label, why)
	}, "c", "go")
	if guests["c"] != nil {
		if err := callFigures(ctx, root, release, guests["c"], plan, r); err != nil {
			return err
		}
	}
	if err := meterFigures(ctx, release, guests, plan, r); err != nil {
		return err
	}
	return r.Write(json)
}

// peerGuest builds the C guest with the peer's transport.
func peerGuest(ctx context.Context, root string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "swapline-peer-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	for _, pattern := range []string{"guests/c/examples/riskscore/*.[ch]", "bench/peers/transport/*.c"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			if err := os.WriteFile(filepath.Join(folder, filepath.Base(name)), text, 0o600); err != nil {
				return nil, err
			}
		}
	}
	module := filepath.Join(folder, "peer.wasm")
	if _, err := guestbuild.Build(ctx, guestbuild.Config{Dir: folder, Output: module}); err != nil {
		return nil, err
	}
	return os.ReadFile(module)
}
