package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// villain is one hostile plugin: Go statements for where it is called, or a file
// that is no such plugin at all.
type villain struct {
	name string
	code problem.Code // with which it is refused
	or   problem.Code // another one that says as much; "" for none

	start, construct, validate, execute string // statements
	decls                               string // declarations beside them
	c                                   string // C code with a function in, which inC calls
	twice                               bool   // a first version of the same source loads; the second is hostile
	file                                func(*workshop) ([]byte, error)
}

// answer is what a strategy of the corpus answers if it does not lie.
const answer = 42

// files are the sources of the villain.
func (v villain) files() map[string]string {
	files := map[string]string{"main.go": v.source()}
	if v.c != "" {
		files["c.go"] = "package main\n\n/*\n" + v.c + "\n*/\nimport \"C\"\n\nfunc inC() { C.in() }\n"
	}
	return files
}

// source is the main package of the villain.
func (v villain) source() string {
	body := fmt.Sprintf(`type strategy struct{}

var _ = start()

func start() int {
	%s
	return 0
}

func NewStrategy(abi.Host) (abi.Strategy, error) {
	%s
	return strategy{}, nil
}

func (strategy) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	%s
	return map[string]any{"answer": int64(%d)}, nil
}

%s

func main() {}
`, v.start, v.construct, v.execute, answer, v.decls)
	if v.validate != "" {
		body += "\nfunc (strategy) Validate(ctx context.Context) error {\n\t" + v.validate + "\n\treturn nil\n}\n"
	}
	return "package main\n\n" + imports(body) + body
}

// methods are those that the manifest states.
func (v villain) methods() []string {
	if v.validate != "" {
		return []string{"Execute", "Validate"}
	}
	return []string{"Execute"}
}

// imports declares the packages that the code names.
func imports(body string) string {
	list := []string{"context", "github.com/swapline/swapline/abi"}
	for _, path := range []string{"bytes", "expvar", "flag", "fmt", "io", "log", "net/http", "os", "os/exec", "os/signal", "runtime", "runtime/debug",
		"sync", "syscall", "time", "unsafe", "crypto/tls"} {
		name := path[strings.LastIndexByte(path, '/')+1:]
		if slices.ContainsFunc(strings.FieldsFunc(body, isNoName), func(word string) bool { return strings.HasPrefix(word, name+".") }) {
			list = append(list, path)
		}
	}
	return declared(list)
}

func isNoName(r rune) bool { return strings.ContainsRune(" \t\n(){}[],;*&!=<>+-:", r) }

func declared(list []string) string {
	return "import (\n\t\"" + strings.Join(list, "\"\n\t\"") + "\"\n)\n\n"
}
