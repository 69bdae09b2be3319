package child

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
	// Background gives way to the rest of the machine, for processors and when
	// memory runs out.
	Background bool
}

// Main is the whole of a child: it reads the question, lets serve answer it and
// returns the exit code. It ends without an answer if serve returns an error.
// What is left of goroutines ends with the process.
func Main[Q any](serve func(question Q, input io.Reader) (any, error)) int {
	if err := answerOne(serve); err != nil {
		fmt.Fprintln(os.Stderr, "child process:", err)
		return 2
	}
	return 0
}

func answerOne[Q any](serve func(Q, io.Reader) (any, error)) error {
	out := answerPipe()
	in := bufio.NewReader(os.Stdin)
	line, err := readLine(in)
	if err != nil {
		return fmt.Errorf("no question: %w", err)
	}
	var q struct {
		Nonce    string `json:"nonce"`
		Question Q      `json:"question"`
	}
	if err := json.Unmarshal(line, &q); err != nil {
		return fmt.Errorf("no question: %w", err)
	}
	v, err := serve(q.Question, in)
	if err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(answer{q.Nonce, text})
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
