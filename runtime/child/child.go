// Package child lets a host run a part of itself in a throw-away process: what
// may crash, never end or take all memory does it there. The child is the same
// program, started with arguments that make it call [Main].
//
// # Protocol
//
// The parent writes one line of JSON to the child's standard input, and behind
// it the input, which is raw bytes to the end:
//
//	{"nonce":"PVFDDSQ4…","question":{"pages":16}}
//	…
//
// The child answers with one line of JSON on file descriptor 3:
//
//	{"nonce":"PVFDDSQ4…","answer":{"ok":true}}
//
// An answer counts only with the nonce of its question: neither an exit code nor
// words on a standard stream prove that the work was done. Whether a child that
// answered may die afterwards is the caller's to say; see [Result].
//
// # Confinement
//
// A child gets no environment but what [Process] lists. On Linux it has a
// process group and, where the kernel allows, new namespaces for users,
// processes, networks and IPC; all that it started is killed when it ends, and
// it is killed when its parent ends. [Limits] bounds what it uses. On other
// systems there is only the end of the context.
//
// A child cannot start children of its own: a program that forgets to call
// [Main] would start itself without end.
package child

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// Process says what to start.
type Process struct {
	// Argv is the program and its arguments.
	Argv []string
	// Env is all of its environment.
	Env []string
}

// Result is what became of a child.
type Result struct {
	// Answer is the child's answer in JSON. It is nil if there was none, or none
	// with the nonce of the question.
	Answer json.RawMessage
	// End says how the child ended; nil is the exit code 0.
	End error
	// CPU is the time that it took of all processors.
	CPU time.Duration
	// Output is the beginning of what it wrote to its standard streams.
	Output string
}

// bounds of what a child may say, and how long its pipes may stay open after
// its end.
const (
	maxAnswer = 1 << 20
	maxOutput = 16 << 10
	pipeDelay = 2 * time.Second
)

// answerFile is the file descriptor of the answer in the child.
const answerFile = 3

// mark is in the environment of every child.
const mark = "SWAPLINE_CHILD"

// Nested reports whether this process is a child itself.
func Nested() bool { return os.Getenv(mark) != "" }

// Ask starts the process, asks it and waits for its end. The question is sent as
// JSON. When ctx ends the child is killed. The error says that nothing ran.
//
// On Linux the calling goroutine keeps its thread until then: the kernel kills a
// child with the thread that started it.
func (p Process) Ask(ctx context.Context, question any, input []byte) (Result, error) {
	if Nested() {
		return Result{}, errors.New("a child process may not start another; does the program call child.Main?")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	nonce := rand.Text()
	line, err := json.Marshal(asked{nonce, question})
	if err != nil {
		return Result{}, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return Result{}, err
	}
	defer r.Close()
	out := &head{limit: maxOutput}
	cmd, err := p.start(ctx, [][]byte{append(line, '\n'), input}, w, out)
	if err = errors.Join(err, w.Close()); err != nil {
		return Result{}, err
	}
	answered := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(io.LimitReader(r, maxAnswer))
		answered <- b
	}()
	end := cmd.Wait()
	killGroup(cmd)
	_ = r.SetReadDeadline(time.Now().Add(pipeDelay))
	return Result{
		Answer: open(<-answered, nonce), End: end, Output: out.kept.String(),
		CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
	}, nil
}

type asked struct {
	Nonce    string `json:"nonce"`
	Question any    `json:"question"`
}

type answer struct {
	Nonce  string          `json:"nonce"`
	Answer json.RawMessage `json:"answer"`
}

// start starts the child in namespaces of its own, without them if the kernel
// says no.
func (p Process) start(ctx context.Context, input [][]byte, w *os.File, out io.Writer) (*exec.Cmd, error) {
	var err error
	for _, isolate := range []bool{true, false} {
		cmd := exec.CommandContext(ctx, p.Argv[0], p.Argv[1:]...)
		cmd.Stdin = io.MultiReader(bytes.NewReader(input[0]), bytes.NewReader(input[1]))
		cmd.Stdout, cmd.Stderr = out, out
		cmd.ExtraFiles = []*os.File{w}
		cmd.Env = append(append([]string{}, p.Env...), mark+"=1", "GOTRACEBACK=single")
		cmd.WaitDelay = pipeDelay
		confine(cmd, isolate)
		if err = cmd.Start(); err == nil {
			return cmd, nil
		}
	}
	return nil, err
}

// open takes the answer out of its line, nil if the nonce is another.
func open(line []byte, nonce string) json.RawMessage {
	var a answer
	if err := json.Unmarshal(line, &a); err != nil || a.Nonce != nonce {
		return nil
	}
	return a.Answer
}

// Ended describes the end of a child in words.
func (r Result) Ended() string {
	var exit *exec.ExitError
	switch {
	case r.End == nil:
		return "exit code 0"
	case errors.As(r.End, &exit):
		return exit.String()
	}
	return fmt.Sprint(r.End)
}

// Killed reports whether the child ended by SIGKILL.
func (r Result) Killed() bool { return r.Ended() == "signal: killed" }
