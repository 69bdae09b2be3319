// Package child lets a host run a part of itself in a throw-away process: what
// may crash, never end or take all memory does it there. The child is the same
// program, started with arguments that make it call [Main] or [Serve].
//
// # Protocol
//
// The parent writes one line of JSON to the child's standard input, and behind
// it the input, which is raw bytes to the end:
//
//	{"nonce":"PVFDDSQ4…","question":{"pages":16}}
//	…
//
// The child answers with one line of JSON on file descriptor 3, before which it
// may note how far it is:
//
//	{"nonce":"PVFDDSQ4…","note":{"page":7}}
//	{"nonce":"PVFDDSQ4…","answer":{"ok":true}}
//
// An answer counts only with the nonce of its question: neither an exit code nor
// words on a standard stream prove that the work was done. If anything else came
// through the same descriptor there is no answer at all. Whether a child that
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
// The first process of a namespace is an odd place for code that nobody trusts:
// the kernel ignores signals that it sends to itself, and files that the host
// inherited are open in it. So a [Process] may be Attended: the first process is
// an attendant, the program once more, which passes on nothing but the standard
// streams and descriptor 3, starts the child proper, says how that ended and
// whether it left processes, and takes these along. It writes one line to
// descriptor 4, which the child does not have:
//
//	{"end":"signal: killed","left":true}
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
	// Attended puts an attendant before the child, at the price of one more
	// start of the program. It does nothing on systems other than Linux.
	Attended bool
}

// Result is what became of a child.
type Result struct {
	// Answer is the child's answer in JSON. It is nil if there was none, or none
	// with the nonce of the question, or if something else came with it.
	Answer json.RawMessage
	// Notes is what the child noted, in order.
	Notes []json.RawMessage
	// Stray is the beginning of what came in place of notes and the answer.
	Stray string
	// End says how the child ended; nil is the exit code 0.
	End error
	// Left says that processes which the child started still ran at its end.
	// Only an attendant sees that.
	Left bool
	// CPU is the time that it took of all processors.
	CPU time.Duration
	// Output is what it wrote to its standard streams, the beginning and the end
	// if it was much; Written is how many bytes it wrote.
	Output  string
	Written int64
}

// bounds of what a child may say, and how long its pipes may stay open after
// its end.
const (
	maxAnswer = 1 << 20
	maxOutput = 16 << 10
	pipeDelay = 2 * time.Second
)

// answerFile is the file descriptor of the answer in the child, reportFile that
// of the report in the attendant.
const (
	answerFile = 3
	reportFile = 4
)

// mark is in the environment of every child. Its value tells an attendant from
// a child proper.
const (
	mark      = "SWAPLINE_CHILD"
	markChild = "1"
	markFirst = "attendant"
)

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
	answers, err := listen()
	if err != nil {
		return Result{}, err
	}
	reports, err := listen()
	if err != nil {
		answers.abandon()
		return Result{}, err
	}
	said := &edges{limit: maxOutput}
	cmd, err := p.start(ctx, [][]byte{append(line, '\n'), input}, []*os.File{answers.w, reports.w}, said)
	if err != nil {
		answers.abandon()
		reports.abandon()
		return Result{}, err
	}
	answers.begin(maxAnswer)
	reports.begin(maxAnswer)
	end := cmd.Wait()
	killGroup(cmd)
	r := read(answers.end(), nonce)
	r.Output, r.Written = said.String(), said.written
	r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	r.End = end
	if report := reports.end(); p.attended() {
		r.End, r.Left = readReport(report, end)
	}
	return r, nil
}

func (p Process) attended() bool { return p.Attended && canAttend }

type asked struct {
	Nonce    string `json:"nonce"`
	Question any    `json:"question"`
}

// line is one line from the child: a note or the answer.
type line struct {
	Nonce  string          `json:"nonce"`
	Note   json.RawMessage `json:"note,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
}

// start starts the child in namespaces of its own, without them if the kernel
// says no.
func (p Process) start(ctx context.Context, input [][]byte, pipes []*os.File, out io.Writer) (*exec.Cmd, error) {
	role := markChild
	if p.attended() {
		role = markFirst
	} else {
		pipes = pipes[:1]
	}
	var err error
	for _, isolate := range []bool{true, false} {
		cmd := exec.CommandContext(ctx, p.Argv[0], p.Argv[1:]...)
		cmd.Stdin = io.MultiReader(bytes.NewReader(input[0]), bytes.NewReader(input[1]))
		cmd.Stdout, cmd.Stderr = out, out
		cmd.ExtraFiles = pipes
		cmd.Env = append(append([]string{}, p.Env...), mark+"="+role, "GOTRACEBACK=single")
		cmd.WaitDelay = pipeDelay
		confine(cmd, isolate, p.attended())
		if err = cmd.Start(); err == nil {
			return cmd, nil
		}
	}
	return nil, err
}

// read takes notes and the answer out of what the child sent.
func read(sent []byte, nonce string) (r Result) {
	const maxStray = 200
	for text := range bytes.Lines(sent) {
		var l line
		switch err := json.Unmarshal(text, &l); {
		case err != nil || l.Nonce != nonce || l.Answer != nil && r.Answer != nil:
			r.Stray += string(text[:min(len(text), maxStray-len(r.Stray))])
		case l.Answer != nil:
			r.Answer = l.Answer
		default:
			r.Notes = append(r.Notes, l.Note)
		}
	}
	if r.Stray != "" {
		r.Answer = nil
	}
	return r
}

// report is what an attendant says: how the child ended, "" for the exit code 0,
// and whether it left processes.
type report struct {
	End  string `json:"end"`
	Left bool   `json:"left"`
}

// readReport returns how the child itself ended. Without a report its attendant
// died, which the child must have done.
func readReport(text []byte, end error) (error, bool) {
	var r report
	switch err := json.Unmarshal(text, &r); {
	case err != nil:
		return fmt.Errorf("its attendant died: %w", errors.Join(end, err)), false
	case r.End != "":
		return errors.New(r.End), r.Left
	}
	return nil, r.Left
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
