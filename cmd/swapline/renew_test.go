package main

import (
	"errors"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// TestRenewal runs the real program. Its cases share one build of a strategy.
func TestRenewal(t *testing.T) {
	counter := counterModule(t)
	for name, test := range map[string]func(*testing.T, string){
		"under load nothing is lost and nothing is doubled":             renewalUnderLoad,
		"while it runs changes are refused and all else goes on":        changesDuringRenewal,
		"a signal during a renewal ends both processes":                 signalDuringRenewal,
		"a signal to the old process after it ends the new one":         signalAfterRenewal,
		"SIGHUP renews and the files of supervisors follow":             renewalBySignal,
		"a token of the environment reaches the new process unseen":     tokenReachesSuccessor,
		"a store that does not come back costs changes only until then": storeCannotBeReopened,
		"a strategy that does not come back stops it":                   strategyDoesNotComeBack,
		"connections that are kept alive without a request live on":     idleConnections,
		"the new process watches the folder, and no two do":             folderIsWatchedOn,
		"state in memory is not thrown away":                            stateInMemoryStays,
		"an experiment goes on with all that it measured":               experimentGoesOn,
		"an old process that dies in the middle leaves the new alone":   oldProcessDies,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, counter) })
	}
	ends, hangs := []string{"begin", "loaded", "ready", "go", "state", "flipped", "commit"}, []string{"begin", "go", "commit"}
	if raced() { // processes start slowly, and their ways are the same
		ends, hangs = []string{"loaded", "commit"}, nil
	}
	for _, step := range ends {
		t.Run("a new process that ends at "+step+" changes nothing", func(t *testing.T) { t.Parallel(); failingSuccessor(t, counter, step, "exit") })
	}
	for _, step := range hangs {
		t.Run("a new process that hangs at "+step+" changes nothing", func(t *testing.T) { t.Parallel(); failingSuccessor(t, counter, step, "hang") })
	}
}

// raced reports whether the race detector is on.
func raced() bool {
	b, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(b.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func renewalUnderLoad(t *testing.T, counter string) {
	p := startProcess(t, counter, nil)
	p.deploy(counter)
	l := p.load(16)
	for range 2 {
		l.goesOn()
		before := p.pid()
		if r := p.mustRenew(); r.PID == before || r.Held <= 0 || r.Steady < r.Held {
			t.Errorf("%+v after process %d", r, before)
		}
		l.goesOn()
		p.client.CloseIdleConnections()
	}
	l.stop()
	if err := <-p.ended; err != nil {
		t.Errorf("the first process: %v", err)
	}
	if n := strings.Count(p.out.String(), "curl -H"); n != 1 {
		t.Errorf("%d welcomes", n)
	}
}

// failingSuccessor breaks the new process at a step, under load.
func failingSuccessor(t *testing.T, counter, step, action string) {
	limit := "20s"
	if step == "begin" && action == "hang" {
		limit = "1s"
	}
	p := startProcess(t, counter, nil, "--renew-limit", limit)
	p.deploy(counter)
	l := p.load(2)
	l.goesOn()
	p.breaks("new:"+step, action)
	p.until("the new process came to the step", func() bool { // unless it was too slow for the limit
		if _, code, detail := p.renew(); code != problem.RenewalFailed || detail == "" {
			t.Fatalf("%q: %s", code, detail)
		}
		return p.met()
	})
	if p.pid() != p.cmd.Process.Pid {
		t.Error("another process is announced")
	}
	l.goesOn()
	p.command("list")
	p.heals()
	switch {
	case limit == "1s": // too short for a new process on a busy machine
	case step == "flipped": // the library may see its end before its word
		_, _, _ = p.renew()
	default:
		if _, code, detail := p.renew(); (code == "") == (step == "commit") {
			t.Errorf("afterwards: %s %s", code, detail)
		}
	}
	l.goesOn()
	l.stop()
}

func changesDuringRenewal(t *testing.T, counter string) {
	p := startProcess(t, counter, nil)
	p.deploy(counter)
	l := p.load(4)
	p.breaks("new:loaded", "wait")
	first := make(chan problem.Code, 1)
	go func() { _, code, _ := p.renew(); first <- code }()
	p.until("the new process has loaded", p.met)
	l.goesOn()
	if _, code, _ := p.renew(); code != problem.RenewalBusy {
		t.Errorf("a second renewal: %q", code)
	}
	if status, b, err := p.ask(http.MethodPost, "/v1/strategies/counter/rollback", strings.NewReader("{}")); err != nil || status != 503 || !strings.Contains(string(b), string(problem.HostRenewing)) {
		t.Errorf("a change: %d %s %v", status, b, err)
	}
	for _, path := range []string{"/v1/strategies", "/v1/strategies/counter", "/v1/strategies/counter/releases", "/v1/host", "/metrics", "/readyz?verbose"} {
		if status, b, err := p.ask(http.MethodGet, path, nil); err != nil || status != 200 {
			t.Errorf("%s: %d %s %v", path, status, b, err)
		}
	}
	p.heals()
	if code := <-first; code != "" {
		t.Errorf("the first renewal: %s", code)
	}
	l.goesOn()
	l.stop()
	p.client.CloseIdleConnections()
	p.until("the old process has ended", func() bool { return !alive(p.cmd.Process.Pid) || ended(p.ended) })
	p.command("switch", "counter", "1.0.0")
}

func ended(c chan error) bool {
	select {
	case err := <-c:
		c <- err
		return true
	default:
		return false
	}
}

func signalDuringRenewal(t *testing.T, counter string) {
	p := startProcess(t, counter, nil)
	p.deploy(counter)
	p.breaks("new:ready", "wait")
	go func() { _, _, _ = p.ask(http.MethodPost, "/v1/host/renew", nil) }()
	p.until("the new process is ready", p.met)
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := <-p.ended; err != nil {
		t.Errorf("the old process: %v", err)
	}
	p.until("the store is free", func() bool {
		h, err := openStoreOf(p.data)
		if err == nil {
			_ = h.Close()
		}
		return err == nil
	})
	if _, err := os.Stat(dataFolder(p.data).path("server.json")); err == nil {
		t.Error("a server is announced")
	}
}

func signalAfterRenewal(t *testing.T, counter string) {
	p := startProcess(t, counter, nil)
	p.deploy(counter)
	if n, err := p.count(1); err != nil || n != 1 { // its connection keeps the old process
		t.Fatalf("%d %v", n, err)
	}
	r := p.another().mustRenew()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.until("the new process has ended", func() bool { return !alive(r.PID) })
	if err := <-p.ended; err != nil {
		t.Errorf("the old process: %v", err)
	}
}

func renewalBySignal(t *testing.T, counter string) {
	heard := make(chan os.Signal, 1) // who starts the tests with it ignored (nohup) starts the program so, too
	signal.Notify(heard, syscall.SIGHUP)
	defer signal.Stop(heard)
	pidFile := filepath.Join(t.TempDir(), "pid")
	p := startProcess(t, counter, nil, "--pid-file", pidFile)
	says := func() int {
		b, _ := os.ReadFile(pidFile)
		n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
		return n
	}
	first := p.pid()
	p.until("the file is written", func() bool { return says() == first })
	_ = p.cmd.Process.Signal(syscall.SIGHUP)
	p.until("another process serves", func() bool { return p.pid() != first })
	second := p.pid()
	p.until("the file follows", func() bool { return says() == second })
	if err := <-p.ended; err != nil {
		t.Errorf("the old process: %v", err)
	}
	_ = syscall.Kill(second, syscall.SIGTERM)
	p.until("the file is gone", func() bool { _, err := os.Stat(pidFile); return err != nil })
}

func tokenReachesSuccessor(t *testing.T, counter string) {
	const token = "a-token-of-the-environment"
	p := startProcess(t, counter, []string{"SWAPLINE_TOKEN=" + token})
	p.token = token
	p.deploy(counter)
	r := p.mustRenew()
	if n, err := p.count(1); err != nil || n != 1 {
		t.Errorf("%d %v", n, err)
	}
	for _, file := range []string{"environ", "cmdline"} {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(r.PID), file))
		if err != nil || strings.Contains(string(b), token) {
			t.Errorf("the token is in %s: %v", file, err)
		}
	}
	if strings.Contains(p.out.String(), token) {
		t.Error("the token was printed")
	}
}

// storeCannotBeReopened: its file is away in the moment in which the old process
// wants it back.
func storeCannotBeReopened(t *testing.T, counter string) {
	p := startProcess(t, counter, nil)
	p.deploy(counter)
	l := p.load(4)
	policy := dataFolder(p.data).path("trust", "policy.dsse")
	text, err := os.ReadFile(policy)
	if err != nil {
		t.Fatal(err)
	}
	write(t, policy, "{}") // the new process does not start with this one
	p.breaks("old:back", "wait")
	refused := make(chan problem.Code, 1)
	go func() { _, code, _ := p.renew(); refused <- code }()
	p.until("it goes back", p.met)
	file := dataFolder(p.data).path("store", "store.db")
	if err := errors.Join(os.Rename(file, file+".aside"), os.Mkdir(file, 0o700)); err != nil {
		t.Fatal(err)
	}
	p.heals()
	if code := <-refused; code != problem.RenewalFailed {
		t.Errorf("%q", code)
	}
	l.goesOn()
	p.command("list")
	release := filepath.Join(p.data, "counter-1.0.0.wasm")
	if out, err := p.run("push", release); err == nil {
		t.Errorf("a change without a store: %s", out)
	}
	write(t, policy, string(text))
	if err := errors.Join(os.Remove(file), os.Rename(file+".aside", file)); err != nil {
		t.Fatal(err)
	}
	p.command("push", release)
	l.goesOn()
	p.mustRenew()
	l.goesOn()
	l.stop()
}

// strategyDoesNotComeBack: its artifact is damaged on the disk while it serves.
func strategyDoesNotComeBack(t *testing.T, counter string) {
	p := startProcess(t, counter, nil)
	p.deploy(counter)
	files, err := filepath.Glob(dataFolder(p.data).path("store", "artifacts", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	if err := os.Rename(files[0], files[0]+".aside"); err != nil {
		t.Fatal(err)
	}
	_, code, detail := p.renew()
	if code != problem.RenewalFailed || !strings.Contains(detail, "counter") {
		t.Errorf("%s: %s", code, detail)
	}
	if n, err := p.count(1); err != nil || n != 1 || p.pid() != p.cmd.Process.Pid {
		t.Errorf("%d %v", n, err)
	}
}

// idleConnections: a connection without a request at the moment of the renewal
// is answered afterwards, and told to end.
func idleConnections(t *testing.T, counter string) {
	p := startProcess(t, counter, nil)
	p.deploy(counter)
	if n, err := p.count(1); err != nil || n != 1 { // leaves a connection
		t.Fatalf("%d %v", n, err)
	}
	other := p.another()
	if r := other.mustRenew(); r.PID == p.cmd.Process.Pid {
		t.Error("not renewed")
	}
	if ended(p.ended) {
		t.Error("the old process left its client alone")
	}
	if n, err := p.count(1); err != nil || n != 2 {
		t.Errorf("on the old connection: %d %v", n, err)
	}
	other.client.CloseIdleConnections()
	select {
	case err := <-p.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the old process stays")
	}
}

// folderIsWatchedOn: what is in the folder is served by the first process, stays
// as it is, and what comes later is served by the second one.
func folderIsWatchedOn(t *testing.T, counter string) {
	dir := t.TempDir()
	p := startProcess(t, counter, nil, "--dir", dir)
	put := func(version string) {
		description, err1 := os.ReadFile(counter + ".strategy.json")
		module, err2 := os.ReadFile(counter)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version+".wasm.strategy.json"), strings.Replace(string(description), "1.0.0", version, 1))
		write(t, filepath.Join(dir, version+".wasm"), string(module))
		p.command("sign", filepath.Join(dir, version+".wasm"))
	}
	serves := func(version string) func() bool {
		return func() bool {
			_, b, err := p.ask(http.MethodGet, "/v1/strategies/counter", nil)
			return err == nil && strings.Contains(string(b), `"version":"`+version+`"`) && strings.Contains(string(b), `"stable"`)
		}
	}
	put("1.0.0")
	p.until("the first release is served", serves("1.0.0"))
	p.mustRenew()
	put("2.0.0") // it has the same artifact
	p.until("the second release is served", serves("2.0.0"))
	deployments := func() int { return strings.Count(p.out.String(), `"msg":"release deployed"`) }
	p.until("both are told of", func() bool { return deployments() >= 2 }) // after they serve
	if n := deployments(); n != 2 {
		t.Errorf("%d deployments", n)
	}
}

func stateInMemoryStays(t *testing.T, counter string) {
	p := startProcess(t, counter, nil, "--state", "memory")
	p.deploy(counter)
	if n, err := p.count(1); err != nil || n != 1 {
		t.Fatalf("%d %v", n, err)
	}
	if _, code, detail := p.renew(); code != problem.RenewalFailed || !strings.Contains(detail, "memory") {
		t.Errorf("%s %s", code, detail)
	}
	if n, err := p.count(0); err != nil || n != 1 {
		t.Errorf("%d %v", n, err)
	}
}

// oldProcessDies: before the hand-over the new one ends, too; after it, it serves.
func oldProcessDies(t *testing.T, counter string) {
	for step, survives := range map[string]bool{"new:loaded": false, "new:flipped": true} {
		p := startProcess(t, counter, nil)
		p.deploy(counter)
		if n, err := p.count(1); err != nil || n != 1 {
			t.Fatalf("%d %v", n, err)
		}
		p.breaks(step, "wait")
		go func() { _, _, _ = p.ask(http.MethodPost, "/v1/host/renew", nil) }()
		p.until("the new process is there", p.met)
		old := p.cmd.Process.Pid
		_ = p.cmd.Process.Kill()
		<-p.ended
		p.heals()
		if survives {
			p.until("the new process serves", func() bool { return p.pid() != old })
			if n, err := p.count(1); err != nil || n != 2 {
				t.Errorf("%s: %d %v", step, n, err)
			}
			continue
		}
		p.until("the store is free", func() bool {
			h, err := openStoreOf(p.data)
			if err == nil {
				_ = h.Close()
			}
			return err == nil
		})
	}
}
