package main

import (
	"fmt"
	"strings"
)

// strategy is the main package of a plugin that fits.
const strategy = `package main

import (
	"context"

	"github.com/swapline/swapline/abi"
)

type strategy struct{}

func (strategy) Execute(context.Context, map[string]any) (map[string]any, error) { return nil, nil }

func NewStrategy(abi.Host) (abi.Strategy, error) { return strategy{}, nil }

func main() {}
`

// hostSources are the program that opens plugins: it has the contract, a module
// with a version and a library without one. It prints a line for each file.
func hostSources(sums string) sources {
	return sources{
		"go.mod": "module example.com/drift/host\n\ngo 1.26.0\n\nrequire golang.org/x/mod v0.42.0\n",
		"go.sum": sums,
		"main.go": `package main

import (
	"fmt"
	"os"
	"plugin"
	"strings"

	"example.com/drift/lib"
	"github.com/swapline/swapline"
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"golang.org/x/mod/semver"
)

var _ abi.Constructor

func main() {
	lib.Count()
	semver.Compare("v1.0.0", "v1.0.1")
	if _, err := swapline.Contract(); err != nil {
		panic(err)
	}
	if _, err := wire.Append(nil, nil); err != nil {
		panic(err)
	}
	for _, file := range os.Args[1:] {
		if _, err := plugin.Open(file); err != nil {
			fmt.Println("error:", strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println("` + opened + `")
	}
}
`}
}

// library is a package whose one variable holds n numbers. Nothing that others
// see of it depends on n.
func library(n int) sources {
	return sources{
		"go.mod": "module example.com/drift/lib\n\ngo 1.26.0\n",
		"lib.go": fmt.Sprintf("package lib\n\nvar state [%d]int\n\nfunc Count() int { return count() }\n\n//go:noinline\nfunc count() int { state[len(state)-1]++; return state[0] }\n", n),
	}
}

// within puts files into a folder.
func within(folder string, files sources) sources {
	moved := sources{}
	for name, content := range files {
		moved[folder+"/"+name] = content
	}
	return moved
}

// using is a file of the main package that imports a package and calls it.
func using(pkg, call string) string {
	return fmt.Sprintf("package main\n\nimport %q\n\nvar _ = %s\n", pkg, call)
}

// workspace is a go.work with the plugin itself and other folders.
func workspace(folders ...string) string {
	return "go 1.26.0\nuse (\n\t.\n\t" + strings.Join(folders, "\n\t") + "\n)\n"
}

// inC is a file of the main package with C code, linked with flags.
func inC(code, flags string) string {
	return "package main\n\n// " + code + "\n// static int drift_one(void) { return 1; }\n// #cgo LDFLAGS: " + flags + "\nimport \"C\"\n\nvar _ = C.drift_one()\n"
}
