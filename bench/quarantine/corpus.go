package main

import (
	"slices"

	"github.com/swapline/swapline/runtime/problem"
)

// corpus lists the hostile plugins.
func corpus() []villain {
	return slices.Concat(enders(), panickers(), crashers(), hangers(), eaters(), changers(), shared(), leavers(), liars(), repeaters(), strangers())
}

// forever waits longer than any limit.
const forever = "time.Sleep(time.Hour)"

// enders end the process.
func enders() []villain {
	return []villain{
		{name: "exit-0-at-start", code: problem.QuarantineExit, start: "os.Exit(0)"},
		{name: "exit-1-at-start", code: problem.QuarantineExit, start: "os.Exit(1)"},
		{name: "log-fatal-at-start", code: problem.QuarantineExit, start: `log.Fatal("no database")`},
		{name: "exit-in-constructor", code: problem.QuarantineExit, construct: "os.Exit(0)"},
		{name: "exit-in-validate", code: problem.QuarantineExit, validate: "os.Exit(0)"},
		{name: "exit-in-golden-case", code: problem.QuarantineExit, execute: "os.Exit(0)"},
		{name: "exit-later", code: problem.QuarantineExit, construct: "time.AfterFunc(30*time.Millisecond, func() { os.Exit(0) })"},
		{name: "raw-exit-group", code: problem.QuarantineExit, start: "syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)"},
		{name: "exec-another-program", code: problem.QuarantineExit, construct: `_ = syscall.Exec("/bin/true", []string{"true"}, nil)`},
		{name: "exit-on-sigterm", code: problem.QuarantineExit,
			construct: "c := make(chan os.Signal, 1); signal.Notify(c, syscall.SIGTERM); go func() { <-c; os.Exit(0) }()"},
		{name: "goexit-at-start", code: problem.QuarantineGoexit, start: "runtime.Goexit()"},
		{name: "goexit-in-constructor", code: problem.QuarantineGoexit, construct: "runtime.Goexit()"},
		{name: "goexit-in-golden-case", code: problem.QuarantineGoexit, execute: "runtime.Goexit()"},
	}
}

// panickers panic where the host would recover it, and where it could not.
func panickers() []villain {
	return []villain{
		{name: "panic-at-start", code: problem.QuarantineInitPanic, start: `panic("no")`},
		{name: "panic-in-constructor", code: problem.ConstructorFailed, construct: `panic("no")`},
		{name: "panic-in-validate", code: problem.ValidateFailed, validate: `panic("no")`},
		{name: "panic-in-golden-case", code: problem.GoldenCaseFailed, execute: `panic("no")`},
		{name: "panic-in-late-goroutine", code: problem.QuarantineGoroutinePanic, construct: `go func() { time.Sleep(50 * time.Millisecond); panic("late") }()`},
		{name: "panic-in-timer", code: problem.QuarantineGoroutinePanic, execute: `time.AfterFunc(50*time.Millisecond, func() { panic("late") })`},
		{name: "panic-in-finalizer", code: problem.QuarantineGoroutinePanic, construct: `runtime.SetFinalizer(new([64]byte), func(*[64]byte) { panic("final") })`},
		{name: "nil-in-goroutine", code: problem.QuarantineGoroutinePanic, start: "go func() { var p *int; *p = 1 }(); " + forever},
		{name: "panic-that-panics", code: problem.QuarantineCrash, start: "go panic(worse{}); " + forever,
			decls: `type worse struct{}` + "\n\n" + `func (worse) Error() string { panic("worse") }`},
	}
}

// crashers end in the runtime or by a signal.
func crashers() []villain {
	return []villain{
		{name: "concurrent-map-writes", code: problem.QuarantineCrash, execute: "race(); " + forever,
			decls: "func race() {\n\tm := map[int]int{}\n\tfor range 4 {\n\t\tgo func() { for i := 0; ; i++ { m[i%100] = i } }()\n\t}\n}"},
		{name: "unlock-of-unlocked", code: problem.QuarantineCrash, construct: "new(sync.Mutex).Unlock()"},
		{name: "stack-overflow", code: problem.QuarantineCrash, execute: "deeper(0)",
			decls: "func deeper(n int) int { var room [4 << 10]byte; return deeper(n+1) + int(room[n%1024]) }"},
		{name: "wild-pointer", code: problem.QuarantineCrash, construct: "*(*int)(unsafe.Pointer(uintptr(0xdeadbeef000))) = 1"},
		{name: "kill-itself", code: problem.QuarantineCrash, construct: "_ = syscall.Kill(os.Getpid(), syscall.SIGKILL); " + forever},
		{name: "kill-its-group", code: problem.QuarantineCrash, construct: "_ = syscall.Kill(0, syscall.SIGKILL); " + forever},
		{name: "abort", code: problem.QuarantineCrash, construct: "_ = syscall.Kill(os.Getpid(), syscall.SIGABRT); " + forever},
		{name: "segfault-in-c", code: problem.QuarantineCrash, construct: "inC()", c: "static void in(void) { *(volatile int *)16 = 1; }"},
		{name: "abort-in-c", code: problem.QuarantineCrash, construct: "inC()", c: "#include <stdlib.h>\nstatic void in(void) { abort(); }"},
		{name: "exit-in-c", code: problem.QuarantineExit, construct: "inC()", c: "#include <stdlib.h>\nstatic void in(void) { exit(0); }"},
		{name: "thread-limit", code: problem.QuarantineCrash, construct: "debug.SetMaxThreads(1); for range 50 { go func() { runtime.LockOSThread(); select {} }() }; " + forever},
	}
}

// hangers do not come back.
func hangers() []villain {
	return []villain{
		{name: "endless-start", code: problem.QuarantineHang, start: "for n := 0; ; n++ { _ = n }"},
		{name: "deadlock-at-start", code: problem.QuarantineHang, start: "var m sync.Mutex; m.Lock(); m.Lock()"},
		{name: "blocked-constructor", code: problem.QuarantineHang, construct: "select {}"},
		{name: "deaf-validate", code: problem.QuarantineHang, validate: "<-ctx.Done(); select {}"},
		{name: "blocked-golden-case", code: problem.QuarantineHang, execute: "select {}"},
		{name: "endless-golden-case", code: problem.QuarantineHang, execute: "for n := 0; ; n++ { _ = n }"},
		{name: "stopped", code: problem.QuarantineHang, construct: "_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)"},
	}
}

// eaters take more than there is.
func eaters() []villain {
	return []villain{
		{name: "memory-at-start", code: problem.QuarantineMemory, start: "var keep [][]byte; for { keep = append(keep, make([]byte, 1<<28)) }"},
		{name: "memory-touched", code: problem.QuarantineMemory, execute: "var keep [][]byte; for { keep = append(keep, bytes.Repeat([]byte{1}, 1<<26)) }"},
		{name: "goroutines", code: problem.QuarantineLeftovers, construct: "for range 20_000 { go func() { select {} }() }"},
		{name: "open-files", code: problem.QuarantineLeftovers, construct: `for range 1000 { f, _ := os.Open("/dev/null"); files = append(files, f) }`,
			decls: "var files []*os.File"},
		{name: "fork-bomb", code: problem.QuarantineLeftovers, or: problem.QuarantineCrash,
			construct: `for range 2000 { if exec.Command("sleep", "1000").Start() != nil { break } }`},
		{name: "huge-output", code: problem.QuarantineOutput, start: `line := bytes.Repeat([]byte("x"), 1<<20); for range 64 { fmt.Println(string(line)) }`},
	}
}
