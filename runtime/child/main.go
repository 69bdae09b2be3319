package child

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// maxQuestion bounds the line of the question.
const maxQuestion = 64 << 20

// Limits bound the process that applies them. A field of 0 sets no bound; a core
// file is never written.
type Limits struct {
	// CPU is the time on all processors, in whole seconds.
	CPU time.Duration
	// AddressSpace is what may be mapped, Data what of it may be written to and
	// belongs to nobody else: in bytes, on top of what is there already. A
	// program that reserves addresses first, as Go does, exceeds Data by at most
	// one allocation; the next one fails.
	AddressSpace, Data int64
	// FileSize is the most bytes of one file, Files the most open files.
	FileSize, Files int64
	// Tasks is how many processes and threads may be added to those that the
	// user has. The kernel does not bound the superuser so; an attendant bounds
	// him where it knows how.
	Tasks int64
	// Background gives way to the rest of the machine, for processors and when
	// memory runs out.
	Background bool
}

// Main is the whole of a child: it reads the question, lets serve answer it and
// returns the exit code. It ends without an answer if serve returns an error.
// What is left of goroutines ends with the process.
func Main[Q any](serve func(question Q, input io.Reader) (any, error)) int {
	return Serve(func(q Q, p *Parent) (any, error) { return serve(q, p.Input) })
}

// Serve is Main for work of which the parent shall know how far it came, however
// it ends.
func Serve[Q any](serve func(question Q, parent *Parent) (any, error)) int {
	if os.Getenv(mark) == markFirst {
		return attend()
	}
	if err := answerOne(serve); err != nil {
		fmt.Fprintln(os.Stderr, "child process:", err)
		return 2
	}
	return 0
}

// Parent is who asked.
type Parent struct {
	// Input is what came behind the question.
	Input io.Reader

	nonce string
	mu    sync.Mutex
	out   io.Writer // guarded by mu
}

// Note sends a note at once. It is safe for concurrent use.
func (p *Parent) Note(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return p.send(line{Nonce: p.nonce, Note: text})
}

func (p *Parent) send(l line) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return json.NewEncoder(p.out).Encode(l)
}

func answerOne[Q any](serve func(Q, *Parent) (any, error)) error {
	p := &Parent{out: answerPipe()}
	in := bufio.NewReader(os.Stdin)
	p.Input = in
	text, err := readLine(in)
	if err != nil {
		return fmt.Errorf("no question: %w", err)
	}
	var q struct {
		Nonce    string `json:"nonce"`
		Question Q      `json:"question"`
	}
	if err := json.Unmarshal(text, &q); err != nil {
		return fmt.Errorf("no question: %w", err)
	}
	p.nonce = q.Nonce
	v, err := serve(q.Question, p)
	if err != nil {
		return err
	}
	if text, err = json.Marshal(v); err != nil {
		return err
	}
	return p.send(line{Nonce: p.nonce, Answer: text})
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for len(line) < maxQuestion {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
	return nil, errors.New("it is too long")
}
