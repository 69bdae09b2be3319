package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/server"
)

// Environment of a test binary that is started as the program.
const (
	asProgram = "SWAPLINE_TEST_PROGRAM"
	faultFile = "SWAPLINE_TEST_FAULT" // names a file that says "step action"
)

// misfortune does what the fault file says when a process comes to its step. Without
// the file nothing happens.
func misfortune(step string) {
	path := os.Getenv(faultFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return
	}
	at, action, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
	if at != step {
		return
	}
	_ = os.WriteFile(path+".met", []byte(step), 0o600)
	switch action {
	case "exit":
		os.Exit(3)
	case "hang":
		select {}
	case "wait": // until somebody takes the file away
		for err == nil {
			time.Sleep(5 * time.Millisecond)
			_, err = os.Stat(path)
		}
	}
}

// process is the real program, started as its users do.
type process struct {
	t      *testing.T
	data   string
	token  string // "" is that of the data folder
	cmd    *exec.Cmd
	out    *lines
	fault  string
	ended  chan error
	client *http.Client
}

// startProcess starts it with the compiled modules that lie beside the artifact:
// compiling is what costs most here.
func startProcess(t *testing.T, artifact string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, data: t.TempDir(), out: &lines{}, ended: make(chan error, 1)}
	p.fault = filepath.Join(p.data, "fault")
	compiled := filepath.Join(filepath.Dir(artifact), "cache")
	if err := os.CopyFS(filepath.Join(p.data, "cache"), os.DirFS(compiled)); err != nil {
		t.Fatal(err)
	}
	p.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}
	p.cmd = exec.Command(os.Args[0], append([]string{"serve", "--data", p.data, "--listen", "127.0.0.1:0", "--renew-grace", "1m"}, args...)...)
	p.cmd.Env = append(append(os.Environ(), asProgram+"=1", faultFile+"="+p.fault, "SWAPLINE_TOKEN="), env...)
	p.cmd.Stdout, p.cmd.Stderr = pipeInto(t, p.out), pipeInto(t, p.out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(p.end)
	p.until("it serves", func() bool { return p.pid() == p.cmd.Process.Pid })
	return p
}

// another has connections of its own.
func (p *process) another() *process {
	return &process{t: p.t, data: p.data, client: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}
}

// pipeInto is the write end of a pipe into out: a process that outlives the first one
// keeps it open, and exec.Cmd.Wait must not wait for that.
func pipeInto(t *testing.T, out io.Writer) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	go func() { _, _ = io.Copy(out, r); r.Close() }()
	return w
}

// end ends the first process and the one that serves.
func (p *process) end() {
	p.client.CloseIdleConnections()
	if pid := p.pid(); pid > 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = p.cmd.Process.Kill()
	if strings.Contains(p.out.String(), "DATA RACE") {
		p.t.Error("a process had a data race")
	}
	if p.t.Failed() {
		p.t.Log(p.out.String())
	}
}

// pid is the number of the process that serves.
func (p *process) pid() int {
	r, err := dataFolder(p.data).server()
	if err != nil {
		return 0
	}
	return r.PID
}

func (p *process) address() string {
	r, err := dataFolder(p.data).server()
	if err != nil {
		p.t.Fatal(err)
	}
	return r.Address
}

func (p *process) until(what string, done func() bool) {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// breaks makes the processes of the next renewal fail.
func (p *process) breaks(step, action string) {
	write(p.t, p.fault, step+" "+action)
	_ = os.Remove(p.fault + ".met")
}

func (p *process) heals() { _ = os.Remove(p.fault) }

// met reports whether a process came to the step that breaks.
func (p *process) met() bool {
	_, err := os.Stat(p.fault + ".met")
	return err == nil
}

// ask sends a request with the folder's token.
func (p *process) ask(method, path string, body io.Reader) (int, []byte, error) {
	token := p.token
	if token == "" {
		b, err := os.ReadFile(dataFolder(p.data).path("token"))
		if err != nil {
			return 0, nil, err
		}
		token = strings.TrimSpace(string(b))
	}
	r, err := http.NewRequestWithContext(context.Background(), method, "http://"+p.address()+path, body)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := p.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}

// renew asks for a renewal; the code is that of the refusal.
func (p *process) renew() (server.Renewal, problem.Code, string) {
	p.t.Helper()
	status, b, err := p.ask(http.MethodPost, "/v1/host/renew", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	var out struct {
		server.Renewal
		Code   problem.Code
		Detail string
	}
	if err := json.Unmarshal(b, &out); err != nil || (status == http.StatusOK) != (out.Code == "") {
		p.t.Fatalf("%d %s", status, b)
	}
	return out.Renewal, out.Code, out.Detail
}

// mustRenew renews as soon as the process before has ended.
func (p *process) mustRenew() server.Renewal {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		r, code, detail := p.renew()
		switch {
		case code == "":
			p.until("the new process is announced", func() bool { return p.pid() == r.PID })
			return r
		case code != problem.RenewalBusy || time.Now().After(end):
			p.t.Fatalf("%s: %s", code, detail)
		}
	}
}

// count executes the counter and returns what it says.
func (p *process) count(add int) (int, error) {
	status, b, err := p.ask(http.MethodPost, "/v1/strategies/counter/execute", bytes.NewReader(fmt.Appendf(nil, `{"add": %d}`, add)))
	if err != nil || status != http.StatusOK {
		return 0, fmt.Errorf("%d %s %w", status, b, err)
	}
	var out struct{ N int }
	return out.N, json.Unmarshal(b, &out)
}

// counterModule is a release of a strategy that counts in its state, not signed
// yet.
func counterModule(t *testing.T) (artifact string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "counter")
	must(t, t.TempDir(), "new", "counter", "--dir", dir)
	write(t, filepath.Join(dir, "strategy.json"), `{"name": "counter", "version": "1.0.0", "methods": ["Execute"], "capabilities": ["state"],
		"limits": {"timeout_ms": 20000, "concurrency": 1}, "config": {},
		"golden": [{"name": "rehearsed", "input": {"add": 1}, "output": {"n": 1}}]}`)
	write(t, filepath.Join(dir, "main.go"), counterSource)
	must(t, t.TempDir(), "build", dir, "--out", dir)
	artifact = filepath.Join(dir, "counter-1.0.0.wasm")
	if err := os.Mkdir(filepath.Join(dir, "cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	compiled := t.Run("the module is compiled once", func(t *testing.T) {
		p := startProcess(t, artifact, nil)
		p.deploy(artifact)
		if err := os.CopyFS(filepath.Join(dir, "cache"), os.DirFS(filepath.Join(p.data, "cache"))); err != nil {
			t.Fatal(err)
		}
	})
	if !compiled {
		t.FailNow() // every case would compile it again
	}
	return artifact
}

const counterSource = `package main

import (
	"context"

	"github.com/swapline/swapline/abi"
	guest "github.com/swapline/swapline/guests/go"
)

type counter struct{ state abi.State }

func NewStrategy(h abi.Host) (abi.Strategy, error) { return counter{h.(abi.State)}, nil }

func (c counter) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	v, _, err := c.state.Get(ctx, "n")
	if err != nil {
		return nil, err
	}
	n, _ := v.(int64)
	add, _ := in["add"].(int64)
	if n += add; add != 0 {
		err = c.state.Put(ctx, "n", n)
	}
	return map[string]any{"n": n}, err
}

var _ = guest.Register(NewStrategy)

func main() {}
`

// deploy signs a module with the process's key and pushes it.
func (p *process) deploy(artifact string) {
	p.t.Helper()
	copied := filepath.Join(p.data, filepath.Base(artifact))
	for _, suffix := range []string{"", ".strategy.json"} {
		b, err := os.ReadFile(artifact + suffix)
		if err != nil {
			p.t.Fatal(err)
		}
		write(p.t, copied+suffix, string(b))
	}
	must(p.t, p.data, "sign", copied)
	p.command("push", copied)
}

// command runs swapline and ends the test if it fails.
func (p *process) command(args ...string) {
	p.t.Helper()
	if out, err := p.run(args...); err != nil {
		p.t.Fatalf("swapline %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// run runs swapline in a process of its own, which leaves no connections.
func (p *process) run(args ...string) ([]byte, error) {
	cmd := exec.Command(os.Args[0], append(args, "--data", p.data)...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "SWAPLINE_TOKEN="+p.token)
	return cmd.CombinedOutput()
}

// load counts on many connections until it is told to stop.
type load struct {
	p    *process
	quit chan struct{}
	all  sync.WaitGroup

	mu     sync.Mutex
	values map[int]int // how often each number was answered
	errors []error
}

func (p *process) load(workers int) *load {
	l := &load{p: p, quit: make(chan struct{}), values: map[int]int{}}
	for range workers {
		l.all.Go(l.work)
	}
	return l
}

func (l *load) work() {
	for {
		select {
		case <-l.quit:
			return
		default:
		}
		n, err := l.p.count(1)
		l.mu.Lock()
		if err != nil {
			l.errors = append(l.errors, err)
		} else {
			l.values[n]++
		}
		l.mu.Unlock()
	}
}

func (l *load) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.values)
}

// goesOn waits for some more answers.
func (l *load) goesOn() {
	l.p.t.Helper()
	from := l.answered()
	l.p.until("the load goes on", func() bool { return l.answered() >= from+50 })
}

// stop ends the load: every request was answered, every number once, and the
// state holds the last.
func (l *load) stop() {
	t := l.p.t
	t.Helper()
	close(l.quit)
	l.all.Wait()
	for i, err := range l.errors {
		if i < 5 {
			t.Errorf("a request failed: %v", err)
		}
	}
	for n := 1; n <= len(l.values); n++ {
		if l.values[n] != 1 {
			t.Errorf("number %d was answered %d times", n, l.values[n])
		}
	}
	if n, err := l.p.count(0); err != nil || n != len(l.values) {
		t.Errorf("the state holds %d after %d answers: %v", n, len(l.values), err)
	}
	if t.Failed() {
		t.Log("of", len(l.values), "answers")
	}
}

// openStoreOf opens the store of a data folder that nobody uses any more.
func openStoreOf(data string) (io.Closer, error) {
	return boltstore.Open(dataFolder(data).path("store"))
}
