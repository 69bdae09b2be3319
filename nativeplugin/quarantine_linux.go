package nativeplugin

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// systemFacts are what the kernel knows of the process. Of its threads every
// value counts that one of them has.
func systemFacts(facts map[string]string) {
	limits, _ := os.ReadFile("/proc/self/limits")
	for line := range strings.Lines(string(limits)) {
		const width = 26 // of the first column
		if len(line) > width {
			facts["limit "+strings.TrimSpace(line[:width])] = strings.Join(strings.Fields(line[width:]), " ")
		}
	}
	statusFacts(facts)
	for _, file := range []string{"oom_score_adj", "personality", "timerslack_ns"} {
		text, _ := os.ReadFile("/proc/self/" + file)
		facts["the process's "+file] = strings.TrimSpace(string(text))
	}
	for _, file := range []string{"root", "ns/mnt", "ns/net", "ns/pid_for_children", "ns/uts", "ns/user"} {
		facts["the process's "+file], _ = os.Readlink("/proc/self/" + file)
	}
	const dumpable = 3 // PR_GET_DUMPABLE
	d, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, dumpable, 0, 0)
	facts["the process's flag dumpable"] = strconv.Itoa(int(d))
}

// statusFacts are the fields of a thread's status that a plugin could change,
// with what people call them.
func statusFacts(facts map[string]string) {
	threads, _ := filepath.Glob("/proc/self/task/*/status")
	names := map[string]string{
		"Umask": "umask", "Uid": "user", "Gid": "group", "Groups": "groups", "SigIgn": "set of ignored signals",
		"SigCgt": "set of handled signals", "NoNewPrivs": "flag no_new_privs", "Seccomp": "seccomp mode", "CapEff": "set of capabilities",
		"CapBnd": "bounding set of capabilities", "TracerPid": "tracer", "Cpus_allowed": "set of processors",
	}
	for field, value := range distinct(threads, slices.Collect(maps.Keys(names))) {
		facts["the process's "+names[field]] = value
	}
	blocked := distinct([]string{"/proc/self/status"}, []string{"SigBlk"})
	facts["the process's set of blocked signals"] = blocked["SigBlk"]
	facts["the process's nice value"] = niceValues()
}

// niceValues are those of all threads: the 19th field of their stat, behind the
// name, which may hold anything.
func niceValues() string {
	const field = 19 - 3
	found := map[string]bool{}
	files, _ := filepath.Glob("/proc/self/task/*/stat")
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])); len(fields) > field {
			found[fields[field]] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), " or ")
}

// distinct reads fields of status files and joins the values that there are.
func distinct(files, fields []string) map[string]string {
	found := map[string]map[string]bool{}
	for _, f := range fields {
		found[f] = map[string]bool{}
	}
	for _, file := range files {
		text, _ := os.ReadFile(file) // a thread may be gone
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			if found[name] != nil {
				found[name][strings.Join(strings.Fields(value), " ")] = true
			}
		}
	}
	joined := map[string]string{}
	for name, values := range found {
		joined[name] = strings.Join(slices.Sorted(maps.Keys(values)), " or ")
	}
	return joined
}

// openDescriptors lists descriptors and what they are.
func openDescriptors() map[string]string {
	list := map[string]string{}
	files, _ := filepath.Glob("/proc/self/fd/*")
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil {
			list[filepath.Base(f)] = to
		}
	}
	return list
}

// memoryOfProcess returns bytes that are resident now, and the most there were.
func memoryOfProcess() (now, most int64) {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kilobytes, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "VmRSS:":
			now = kilobytes << 10
		case "VmHWM:":
			most = kilobytes << 10
		}
	}
	return now, most
}

// watch gets the signals that a host handles.
type watch chan os.Signal

func hostSignals() []syscall.Signal {
	return []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM}
}

func watchSignals() watch {
	w := make(watch, 1)
	for _, s := range hostSignals() {
		signal.Notify(w, s)
	}
	return w
}

// signalLimit is how long a signal may take on a busy machine.
const signalLimit = 5 * time.Second

// raise sends this process the signals that a host handles. Who took their
// handlers away kills it with them; so does a plugin that ends the process at
// a signal by itself.
func (t *trial) raise() error {
	for _, s := range hostSignals() {
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			return err
		}
		select {
		case <-t.signals:
		case <-time.After(signalLimit):
			return fmt.Errorf("signal %q does not reach the host any more", s)
		}
	}
	return nil
}
