package child

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// canAttend says that this system has attendants.
const canAttend = true

// attend is the whole of an attendant. It ends the child when it is asked to,
// by SIGTERM, which the first process of a namespace gets like any other from
// outside.
func attend() int {
	runtime.LockOSThread() // the child dies with this thread
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	becomeReaper()
	inheritNothing()
	cmd := childProper()
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "child process:", err)
		return 2
	}
	_ = os.NewFile(answerFile, "answer").Close()
	go func() {
		<-asked
		killGroup(cmd)
	}()
	end := cmd.Wait()
	killGroup(cmd)
	left := takeAlong()
	text, _ := json.Marshal(report{End: endOf(end), Left: left})
	_, _ = os.NewFile(reportFile, "report").Write(text)
	return 0
}

// childProper is this program again, in a process group of its own: what it
// sends to its group does not reach the attendant.
func childProper() *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{os.NewFile(answerFile, "answer")}
	cmd.Env = append(os.Environ(), mark+"="+markChild)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

func endOf(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &exit):
		return exit.String()
	}
	return err.Error()
}

// maxTasks bounds the processes and threads of a namespace.
const maxTasks = 1024

// becomeReaper makes orphans of the child children of this process, as they are
// anyway in a namespace of processes. There it also bounds their number: a limit
// of the user does not bind the superuser.
func becomeReaper() {
	const setChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0)
	if os.Getpid() == 1 && boundsNamespaces(kernelRelease()) {
		_ = os.WriteFile("/proc/sys/kernel/pid_max", []byte(strconv.Itoa(maxTasks)), 0)
	}
}

// boundsNamespaces reports whether a kernel has one pid_max for each namespace.
// Before 6.14 there was one for the whole machine, and the superuser may set it
// from everywhere.
func boundsNamespaces(release string) bool {
	var major, minor int
	n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor)
	return n == 2 && (major > 6 || major == 6 && minor >= 14)
}

func kernelRelease() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return string(text)
}

// inheritNothing closes, at the start of the child, files that the host got from
// whoever started it.
func inheritNothing() {
	list, _ := os.ReadDir("/proc/self/fd")
	for _, e := range list {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > answerFile {
			syscall.CloseOnExec(fd)
		}
	}
}

// takeAlong ends what the child left behind and reports whether there was any.
// The end of a namespace's first process ends all others by itself.
func takeAlong() (left bool) {
	const rounds = 1000
	for range rounds {
		var status syscall.WaitStatus
		switch pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); {
		case err != nil:
			return left
		case pid > 0 && status.Signaled() && status.Signal() == syscall.SIGKILL:
			left = true // it ran until the child's group was killed
		case pid > 0:
		case os.Getpid() == 1:
			return true
		default:
			left = true
			killChildren()
			_, _ = syscall.Wait4(-1, nil, 0, nil)
		}
	}
	return true
}

// killChildren kills this process's children.
func killChildren() {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		if pid, parent := parentOf(f); parent == os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// parentOf reads a process's number and its parent's. Its name, which may hold
// anything, ends with the last parenthesis.
func parentOf(stat string) (pid, parent int) {
	text, _ := os.ReadFile(stat)
	number, _, _ := strings.Cut(string(text), " ")
	_, rest, _ := strings.Cut(string(text)[strings.LastIndexByte(string(text), ')')+1:], " ")
	if fields := strings.Fields(rest); len(fields) > 1 {
		parent, _ = strconv.Atoi(fields[1])
	}
	pid, _ = strconv.Atoi(number)
	return pid, parent
}
