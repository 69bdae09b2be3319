package worker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swapline/swapline/runtime/child"
)

// process is a worker as the host sees it.
type process struct {
	end    *end
	memory *memory
	slots  []*slot // for calls
	alive  *os.File
	pid    int
	output output
	// ended is closed when nobody uses the process any more; died before, when
	// the operating system says that it ended, and how is set then.
	died, ended chan struct{}
	how         string
	fate        atomic.Pointer[string] // why the host ended it
}

// launch starts a process with an empty memory of so many slots.
func launch(c Config, slots int, answer func(p *process) func(message, []byte) message, overdue func(*process)) (*process, error) {
	if child.Nested() {
		return nil, errors.New("a worker process may not start another; does the program call worker.Main?")
	}
	m, err := newMemory(sizeOf(slots))
	if err != nil {
		return nil, err
	}
	p := &process{memory: m, died: make(chan struct{}), ended: make(chan struct{})}
	if err := p.lay(slots); err != nil {
		return nil, errors.Join(err, m.close())
	}
	p.end.answer, p.end.grace = answer(p), c.Patience
	p.end.overdue = func() { overdue(p) }
	p.end.processors = int32(runtime.GOMAXPROCS(0))
	started := make(chan error, 1)
	go p.run(c, started)
	if err := <-started; err != nil {
		return nil, errors.Join(err, m.close())
	}
	return p, nil
}

// lay lays the memory out.
func (p *process) lay(slots int) error {
	f := p.memory.front()
	f.slots.Store(uint32(slots))
	f.magic.Store(magic)
	f, down, up, err := p.memory.halves()
	if err != nil {
		return err
	}
	p.slots = down.slots
	p.end = &end{asks: down, serves: up, bell: &f.host, far: &f.worker, stray: message{kind: kindFault}}
	return nil
}

// run starts the process and stays until it ended. The kernel kills a process with
// the thread that started it, so this goroutine keeps its thread.
func (p *process) run(c Config, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, w, err := os.Pipe()
	if err != nil {
		started <- err
		return
	}
	p.alive = w
	cmd, err := p.exec(c, r)
	_ = r.Close()
	if err != nil {
		started <- errors.Join(err, w.Close())
		return
	}
	p.pid = cmd.Process.Pid
	p.end.start()
	started <- nil
	end := cmd.Wait()
	p.kill() // what it may have started
	p.how = p.words(end)
	p.end.hangUp()
	close(p.died)
	p.end.settle()
	_ = w.Close()
	_ = p.memory.close()
	close(p.ended)
}

// pipeDelay is how long a process that ended may leave its streams open to others.
const pipeDelay = 200 * time.Millisecond

// exec starts the program in namespaces of its own, without them if the kernel
// says no. The network stays: strategies in this process's place have it.
func (p *process) exec(c Config, alive *os.File) (cmd *exec.Cmd, err error) {
	for _, apart := range []bool{true, false} {
		cmd = exec.Command(c.Argv[0], c.Argv[1:]...)
		cmd.Stdout, cmd.Stderr = &p.output, &p.output
		cmd.ExtraFiles = []*os.File{p.memory.file, alive}
		cmd.Env = append(append([]string{}, c.Env...), "SWAPLINE_CHILD=1", "GOTRACEBACK=single")
		cmd.WaitDelay = pipeDelay
		cmd.SysProcAttr = attributes(apart)
		if err = cmd.Start(); err == nil {
			return cmd, nil
		}
	}
	return nil, err
}

func attributes(apart bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if apart {
		a.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	return a
}

// words says how the process ended.
func (p *process) words(end error) string {
	if why := p.fate.Load(); why != nil {
		return *why
	}
	how := "exit code 0"
	if end != nil {
		how = end.Error()
	}
	return how + p.output.quote()
}

// kill ends the process and its group.
func (p *process) kill() { _ = syscall.Kill(-p.pid, syscall.SIGKILL) }

// drain waits until nobody waits for a call any more, at most so long.
func (p *process) drain(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	look := time.NewTicker(drainTime)
	defer look.Stop()
	for p.end.taken() > int(p.end.abandoned.Load()) {
		select {
		case <-look.C:
		case <-p.died:
			return
		case <-ctx.Done():
			return
		}
	}
}

// stop lets the process end by itself, and kills it if it does not soon.
func (p *process) stop(ctx context.Context) {
	_ = p.alive.Close()
	limit := time.NewTimer(stopTime)
	defer limit.Stop()
	select {
	case <-p.died:
	case <-ctx.Done():
	case <-limit.C:
	}
	p.kill()
	<-p.ended
}

// How long a process may take to end by itself, and how often a process that is to
// end is looked at.
const (
	stopTime  = 500 * time.Millisecond
	drainTime = 5 * time.Millisecond
)

// processor is the processor time of all threads of the process, those that ended
// included; false if the kernel does not tell.
func (p *process) processor() (time.Duration, bool) {
	const scheduled = 2 // CPUCLOCK_SCHED of linux/posix-timers.h: time on a processor, ns
	var t unix.Timespec
	if err := unix.ClockGettime(^int32(p.pid)<<3|scheduled, &t); err != nil { //nolint:gosec // process numbers are below 2^22
		return 0, false
	}
	return time.Duration(t.Nano()), true
}

// resident is the memory of the process, 0 if it cannot be told.
func (p *process) resident() int64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/statm")
	fields := strings.Fields(string(b))
	if err != nil || len(fields) < 2 {
		return 0
	}
	n, _ := strconv.ParseInt(fields[1], 10, 64)
	return n * int64(os.Getpagesize())
}
