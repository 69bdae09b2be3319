package main

import "github.com/swapline/swapline/runtime/problem"

// changed is a villain whose misdeed is in the constructor and changes the
// process.
func changed(name, deed string) villain {
	return villain{name: name, code: problem.QuarantineChanged, construct: deed}
}

// changers change what the kernel or the Go runtime keeps for the process.
func changers() []villain {
	return []villain{
		changed("chdir", `_ = os.Chdir("/")`),
		changed("setenv", `_ = os.Setenv("HOME", "/nowhere")`),
		changed("clearenv", "os.Clearenv()"),
		changed("umask", "syscall.Umask(0)"),
		changed("setrlimit", "_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64})"),
		changed("nice", "_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19)"),
		changed("signal-ignore", "signal.Ignore(syscall.SIGUSR1, syscall.SIGTERM)"),
		changed("signal-reset", "signal.Reset()"),
		changed("gc-percent", "debug.SetGCPercent(-1)"),
		changed("memory-limit", "debug.SetMemoryLimit(1 << 40)"),
		changed("gomaxprocs", "runtime.GOMAXPROCS(1)"),
		changed("max-stack", "debug.SetMaxStack(64 << 10)"),
		changed("max-threads", "debug.SetMaxThreads(5000)"),
		changed("prctl-on-one-thread", `go func() { runtime.LockOSThread(); syscall.RawSyscall(syscall.SYS_PRCTL, 38, 1, 0); select {} }(); time.Sleep(20*time.Millisecond)`),
		changed("undumpable", "syscall.RawSyscall(syscall.SYS_PRCTL, 4, 0, 0)"),
		changed("traced", "go func() { runtime.LockOSThread(); syscall.RawSyscall(syscall.SYS_PTRACE, 0, 0, 0); select {} }(); time.Sleep(20*time.Millisecond)"),
		changed("other-stdin", `_ = syscall.Close(0); _, _ = os.Open("/dev/zero")`),
	}
}

// shared set variables of the standard library.
func shared() []villain {
	return []villain{
		changed("default-transport", "http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}"),
		changed("default-client", "http.DefaultClient = &http.Client{}"),
		changed("default-mux", "http.DefaultServeMux = http.NewServeMux()"),
		changed("local-time", `time.Local = time.FixedZone("here", 3600)`),
		changed("log-output", "log.SetOutput(io.Discard)"),
		changed("arguments", "os.Args = nil"),
		changed("command-line", `flag.CommandLine = flag.NewFlagSet("mine", flag.ContinueOnError)`),
		changed("stdout", "os.Stdout = nil"),
	}
}

// leavers leave something running, or the descriptors of the child in pieces.
func leavers() []villain {
	return []villain{
		{name: "child-process", code: problem.QuarantineLeftovers, execute: `_ = exec.Command("sleep", "1000").Start()`},
		{name: "daemon", code: problem.QuarantineLeftovers,
			construct: `c := exec.Command("sleep", "1000"); c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}; _ = c.Start()`},
		{name: "close-everything", code: problem.QuarantineExit, construct: "for fd := range 4096 { _ = syscall.Close(fd) }"},
	}
}

// liars answer wrongly or pretend that all was well.
func liars() []villain {
	return []villain{
		{name: "wrong-answer", code: problem.GoldenCaseFailed, execute: `return map[string]any{"answer": int64(41)}, nil`},
		{name: "business-error", code: problem.GoldenCaseFailed, execute: `return nil, abi.Reject("no", "not today")`},
		{name: "other-methods", code: problem.MethodSetMismatch, decls: "func (strategy) Validate(context.Context) error { return nil }"},
		{name: "forged-verdict", code: problem.QuarantineForged, start: forge + "; os.Exit(0)"},
		{name: "forged-verdict-that-stays", code: problem.QuarantineForged, start: forge},
		{name: "verdict-on-stdout", code: problem.QuarantineExit,
			start: `fmt.Println("{\"nonce\":\"\",\"answer\":{\"stage\":\"done\",\"methods\":[\"Execute\"]}}"); os.Exit(0)`},
		{name: "noise-on-the-pipe", code: problem.QuarantineForged, execute: `_, _ = syscall.Write(3, bytes.Repeat([]byte("noise"), 1<<20))`},
	}
}

const forge = `_, _ = syscall.Write(3, []byte("{\"nonce\":\"\",\"answer\":{\"stage\":\"done\",\"methods\":[\"Execute\"]}}\n"))`

// repeaters register what a process has once: the first version loads.
func repeaters() []villain {
	return []villain{
		{name: "flag-again", code: problem.QuarantineClash, twice: true, start: `flag.Bool("quarantine-again", false, "")`},
		{name: "expvar-again", code: problem.QuarantineClash, twice: true, start: `expvar.NewInt("quarantine-again")`},
		{name: "http-pattern-again", code: problem.QuarantineClash, twice: true, start: `http.HandleFunc("/quarantine-again", func(http.ResponseWriter, *http.Request) {})`},
	}
}
