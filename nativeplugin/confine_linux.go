package nativeplugin

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// confine puts the child into a process group that dies with the host, and
// into new namespaces if asked to: without network, and of processes, so that
// whatever the child started ends with it, in whichever group it is.
func confine(cmd *exec.Cmd, isolate bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if !isolate {
		return
	}
	a := cmd.SysProcAttr
	a.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
}

// changed is when the content or the attributes of a file changed last.
func changed(info os.FileInfo) time.Time {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}
	}
	return time.Unix(st.Ctim.Unix())
}

// killGroup ends what the child may have left behind.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// bounds of the child itself.
const (
	childCPUSeconds = 60
	childMemory     = 4 << 30 // bytes of address space on top of what it starts with
)

// limitSelf bounds the memory, CPU time and core file of the child.
func limitSelf() error {
	for resource, limit := range map[int]uint64{
		syscall.RLIMIT_CORE: 0,
		syscall.RLIMIT_CPU:  childCPUSeconds,
		syscall.RLIMIT_AS:   addressSpace() + childMemory,
	} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	return nil
}

// addressSpace is what the process has mapped now, in bytes. The race detector
// maps terabytes.
func addressSpace() uint64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _, _ := strings.Cut(string(data), " ")
	n, _ := strconv.ParseUint(pages, 10, 64)
	return n * uint64(os.Getpagesize())
}
