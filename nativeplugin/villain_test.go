package nativeplugin_test

// villain does what it is told: at its start by SWAPLINE_TEST_VILLAIN, in its
// constructor by the config's member "constructor", in Validate by "validate"
// and in Execute by the input's member "do".
func villain() strategySource {
	return strategySource{"main.go": villainMain, "deeds.go": villainDeeds}
}

const villainMain = `package main

import (
	"context"
	"os"

	"github.com/swapline/swapline/abi"
)

type strategy struct{ host abi.Host }

var _ = do(os.Getenv("SWAPLINE_TEST_VILLAIN"))

func NewStrategy(h abi.Host) (abi.Strategy, error) {
	what, _ := h.Config()["constructor"].(string)
	do(what)
	return &strategy{h}, nil
}

func (s *strategy) Validate(ctx context.Context) error {
	what, _ := s.host.Config()["validate"].(string)
	if what == "wait" {
		<-ctx.Done()
		return ctx.Err()
	}
	if what == "refuse" {
		return abi.Reject("not_ready", "no network")
	}
	do(what)
	return nil
}

func (s *strategy) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	what, _ := in["do"].(string)
	switch what {
	case "reject":
		return nil, abi.Reject("no", "as you wish")
	case "state":
		return nil, s.host.(abi.State).Put(ctx, "key", int64(1))
	case "now":
		return map[string]any{"year": int64(s.host.Now().Year())}, nil
	}
	do(what)
	return map[string]any{"did": what}, nil
}

func (s *strategy) Points() []abi.Exposed {
	what, _ := s.host.Config()["points"].(string)
	do(what)
	return nil
}

func main() {}
`

const villainDeeds = `package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	"unsafe"
)

var sink []any

// do does one deed.
func do(what string) int {
	deed := deeds[what]
	if deed != nil {
		deed()
	}
	return 0
}

var deeds = map[string]func(){
	"panic":     func() { panic("as you wish") },
	"exit":      func() { os.Exit(0) },
	"fatal":     func() { log.Fatal("no database") },
	"goexit":    runtime.Goexit,
	"endless":   func() { for { sink = nil } },
	"block":     func() { select {} },
	"nil":       func() { go func() { var p *int; *p = 1 }(); time.Sleep(time.Minute) },
	"late":      func() { time.AfterFunc(time.Millisecond, func() { panic("late") }) },
	"finalizer": func() { runtime.SetFinalizer(new([64]byte), func(*[64]byte) { panic("finalized") }) },
	"maps":      maps,
	"stack":     func() { fmt.Fprint(io.Discard, deeper(0)) },
	"memory":    func() { for { sink = append(sink, make([]byte, 1<<28)) } },
	"kill":      func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); time.Sleep(time.Minute) },
	"wild":      func() { go func() { *wild() = 1 }(); time.Sleep(time.Minute) },
	"forge":     func() { fmt.Fprintln(os.NewFile(3, "verdict"), "{\"nonce\":\"\",\"answer\":{\"stage\":\"done\"}}") },
	"close":     func() { for fd := 3; fd < 1024; fd++ { _ = syscall.Close(fd) } },
	"output":    func() { fmt.Print(string(make([]byte, 3<<20))) },
	"chdir":     func() { _ = os.Chdir("/") },
	"setenv":    func() { _ = os.Setenv("TZ", "UTC") },
	"umask":     func() { syscall.Umask(0o777) },
	"stdin":     func() { _ = syscall.Close(0); _, _ = os.Open("/dev/zero") },
	"gcpercent": func() { debug.SetGCPercent(-1) },
	"memlimit":  func() { debug.SetMemoryLimit(1 << 40) },
	"maxstack":  func() { debug.SetMaxStack(1 << 20) },
	"maxthread": func() { debug.SetMaxThreads(5000) },
	"maxprocs":  func() { runtime.GOMAXPROCS(1) },
	"profile":   func() { runtime.MemProfileRate = 1 },
	"rlimit":    func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 99, Max: 99}) },
	"ignore":    func() { signal.Ignore(syscall.SIGUSR1) },
	"reset":     func() { signal.Reset() },
	"graceful": func() {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		go func() { <-c; syscall.Exit(0) }()
	},
	"newprivs": func() {
		go func() { runtime.LockOSThread(); syscall.RawSyscall(syscall.SYS_PRCTL, 38, 1, 0); select {} }()
		time.Sleep(20 * time.Millisecond)
	},
	"undump":     func() { syscall.RawSyscall(syscall.SYS_PRCTL, 4, 0, 0) },
	"nice":       func() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19) },
	"transport":  func() { http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true} },
	"local":      func() { time.Local = time.FixedZone("here", 3600) },
	"log":        func() { log.SetOutput(io.Discard) },
	"register":   func() { flag.Bool("swapline-villain", false, ""); http.HandleFunc("/villain", nil2) },
	"goroutine":  func() { go func() { select {} }() },
	"goroutines": func() { for range 5000 { go func() { select {} }() } },
	"files":      func() { for range 500 { f, _ := os.Open("/dev/null"); sink = append(sink, f) } },
	"exec":       func() { _ = syscall.Exec("/bin/true", []string{"true"}, nil) },
	"leave":      func() { _ = exec.Command("sleep", "100").Start() },
}

func nil2(http.ResponseWriter, *http.Request) {}

func maps() {
	m := map[int]int{}
	for range 4 {
		go func() { for i := 0; ; i++ { m[i%100] = i } }()
	}
	time.Sleep(time.Minute)
}

func deeper(n int) int { var room [1 << 10]byte; return deeper(n+1) + int(room[n%1024]) }

func wild() *int { return (*int)(unsafe.Pointer(uintptr(0xdeadbeef000))) }
`
