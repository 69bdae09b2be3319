// Command swapline is the whole product in one binary: the server, the tools of
// strategy authors and the tools of operators.
//
//	swapline serve                     serve on 127.0.0.1, zero configuration
//	swapline new myrisk                start a strategy
//	swapline build --kind wasm myrisk  build it
//	swapline sign  ...                 sign it
//	swapline push  ...                 upload, validate, switch
//	swapline exec  myrisk '{"amount":1}'
//
// It is the only place where drivers, runtime, server and the telemetry SDK
// meet.
package main

import (
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main with everything that a test wants to replace.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if code, ok := runChild(args); ok {
		return code
	}
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, flip: newFlipper, at: func(string) {}}
	return a.execute(args)
}
