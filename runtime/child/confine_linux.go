package child

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// confine puts the child into a process group that dies with the host, and
// into new namespaces if asked to: without network, and of processes, so that
// whatever the child started ends with it, in whichever group it is. An
// attendant is asked to end the child, as it alone finds all of it.
func confine(cmd *exec.Cmd, isolate, attended bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	end := syscall.SIGKILL
	if attended {
		end = syscall.SIGTERM
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, end) }
	if !isolate {
		return
	}
	a := cmd.SysProcAttr
	a.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
}

// killGroup ends what the child may have left behind.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// answerPipe is where the answer goes. What the child starts does not inherit
// it.
func answerPipe() *os.File {
	syscall.CloseOnExec(answerFile)
	return os.NewFile(answerFile, "answer")
}

// Apply bounds the calling process, once and for good.
func (l Limits) Apply() error {
	mapped, tasks := mappedNow(), tasksLimit(l.Tasks)
	for _, r := range []struct {
		resource int
		set      bool
		limit    uint64
	}{
		{syscall.RLIMIT_CORE, true, 0},
		{syscall.RLIMIT_CPU, l.CPU > 0, uint64((l.CPU + time.Second - 1) / time.Second)},
		{syscall.RLIMIT_AS, l.AddressSpace > 0, mapped.all + uint64(l.AddressSpace)},
		{syscall.RLIMIT_DATA, l.Data > 0, mapped.data + uint64(l.Data)},
		{syscall.RLIMIT_FSIZE, l.FileSize > 0, uint64(l.FileSize)},
		{syscall.RLIMIT_NOFILE, l.Files > 0, uint64(l.Files)},
		{rlimitTasks, tasks > 0, tasks},
	} {
		if !r.set {
			continue
		}
		if err := syscall.Setrlimit(r.resource, &syscall.Rlimit{Cur: r.limit, Max: r.limit}); err != nil {
			return os.NewSyscallError("setrlimit", err)
		}
	}
	if l.Background {
		giveWay()
	}
	return nil
}

// rlimitTasks is RLIMIT_NPROC, which package syscall lacks.
const rlimitTasks = 6

// tasksLimit adds to the processes and threads that this user has. It is 0 for
// the superuser, whom such a limit does not bind.
func tasksLimit(more int64) uint64 {
	if os.Getuid() == 0 || more <= 0 {
		return 0
	}
	n := uint64(more)
	folders, _ := filepath.Glob("/proc/[0-9]*/task/[0-9]*")
	for _, f := range folders {
		var s syscall.Stat_t
		if syscall.Stat(f, &s) == nil && int(s.Uid) == os.Getuid() {
			n++
		}
	}
	return n
}

// giveWay lets all threads of the process run after others', and makes it the
// first that the kernel ends when memory runs out. Both are courtesies: without
// them the limits hold as well.
func giveWay() {
	const politely = 10
	_ = syscall.Setpriority(syscall.PRIO_PGRP, 0, politely)
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0o600)
}

// mapped counts bytes of address space: all, and what is private and writable.
type mapped struct{ all, data uint64 }

// mappedNow is what the process has mapped. The race detector maps terabytes.
func mappedNow() mapped {
	text, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 6 {
		return mapped{}
	}
	pages := func(i int) uint64 {
		n, _ := strconv.ParseUint(fields[i], 10, 64)
		return n * uint64(os.Getpagesize())
	}
	return mapped{all: pages(0), data: pages(5)}
}
