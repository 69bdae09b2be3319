package nativeplugin_test

// scorer is a strategy with a helper package whose body and API change between
// the versions, state in the helper, and an embedded file.
func scorer(version string) strategySource {
	s := strategySource{
		"rates.csv": "version," + version + "\n",
		"main.go": `package main

import (
	"context"
	_ "embed"

	"example.com/strategy/internal/score"
	"github.com/swapline/swapline/abi"
)

//go:embed rates.csv
var rates string

type strategy struct{ host abi.Host }

func NewStrategy(h abi.Host) (abi.Strategy, error) { return &strategy{h}, nil }

func (s *strategy) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if in["panic"] == true {
		panic("as you wish")
	}
	amount, _ := in["amount"].(int64)
	return map[string]any{"score": CALL, "rates": rates, "calls": score.Calls(), "max": s.host.Config()["max"]}, nil
}

func main() {}
`}
	if version == "v1" {
		s["internal/score/score.go"] = "package score\n\nvar calls int64\n\nfunc Calls() int64 { calls++; return calls }\n\nfunc Of(amount int64) int64 { return amount * 2 }\n"
		s["main.go"] = replace(s["main.go"], "CALL", "score.Of(amount)")
		return s
	}
	s["validate.go"] = `package main

import (
	"context"

	"github.com/swapline/swapline/abi"
)

func (s *strategy) Validate(context.Context) error { return abi.Reject("not_ready", "as you wish") }
`
	s["internal/score/score.go"] = `package score

var calls [64]int64

func Calls() int64 { calls[0]++; return calls[0] }

type Weight struct{ Factor, Bonus int64 }

func Of(amount int64, w Weight) int64 { return amount*w.Factor + w.Bonus }
`
	s["main.go"] = replace(s["main.go"], "CALL", "score.Of(amount, score.Weight{Factor: 10, Bonus: 1})")
	return s
}

// mischief does at its start what SWAPLINE_TEST_START says, and in its
// constructor what the config says.
func mischief() strategySource {
	return strategySource{"main.go": `package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/swapline/swapline/abi"
)

type strategy struct{}

func (strategy) Execute(context.Context, map[string]any) (map[string]any, error) { return nil, nil }

var _ = start()

func start() int {
	switch os.Getenv("SWAPLINE_TEST_START") {
	case "panic":
		panic("start refused")
	case "exit":
		os.Exit(0)
	case "endless":
		select {}
	case "nil":
		go func() { var p *int; *p = 1 }()
		select {}
	case "forge":
		fmt.Fprintln(os.NewFile(3, "verdict"), "{\"nonce\":\"\",\"stage\":\"constructed\"}")
		os.Exit(0)
	case "live":
		if len(os.Args) != 2 {
			panic("only when live")
		}
	}
	return 1
}

func NewStrategy(h abi.Host) (abi.Strategy, error) {
	switch h.Config()["constructor"] {
	case "panic":
		panic("constructor refused")
	case "error":
		return nil, abi.Reject("bad_config", "max is missing")
	case "nothing":
		return nil, nil
	case "exit":
		os.Exit(0)
	case "environment":
		return nil, abi.Reject("seen", fmt.Sprint(os.Environ()))
	case "orphan":
		c := exec.Command("sleep", fmt.Sprint(h.Config()["seconds"]))
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		return nil, abi.Reject("left", fmt.Sprint(c.Start()))
	case "memory":
		var keep [][]byte
		for range 32 { // 8 GiB
			keep = append(keep, make([]byte, 1<<28))
		}
		return nil, abi.Reject("unlimited", fmt.Sprint(len(keep)))
	}
	return strategy{}, nil
}

func main() {}
`}
}

// plain is the smallest strategy; the constructor line can be replaced.
func plain(constructor string) strategySource {
	return strategySource{"main.go": `package main

import (
	"context"

	"github.com/swapline/swapline/abi"
)

type strategy struct{}

func (strategy) Execute(context.Context, map[string]any) (map[string]any, error) { return nil, nil }

var host abi.Host

` + constructor + `

func main() {}
`}
}

const goodConstructor = "func NewStrategy(h abi.Host) (abi.Strategy, error) { host = h; return strategy{}, nil }"
