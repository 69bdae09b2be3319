package worker

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// The worker's files besides the standard streams.
const (
	memoryFile = 3
	hostFile   = 4 // a pipe that ends with the host
)

// Main is the whole of a worker process: the program calls it when it was started
// with Config.Argv, and exits with its result. open makes the constructor of a
// release; it is called once.
func Main(open Opener) int {
	unix.CloseOnExec(memoryFile)
	unix.CloseOnExec(hostFile)
	f := os.NewFile(memoryFile, "memory")
	m, err := mapMemory(f)
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker process:", err)
		return 2
	}
	front, down, up, err := m.halves()
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker process:", err)
		return 2
	}
	s := &servant{open: open, born: time.Now()}
	s.end = &end{asks: up, serves: down, bell: &front.worker, far: &front.host,
		answer: s.answer, stray: ended(), processors: int32(runtime.GOMAXPROCS(0))}
	s.end.start()
	_, _ = io.Copy(io.Discard, os.NewFile(hostFile, "host"))
	return 0
}
