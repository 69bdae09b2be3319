package worker_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/nativeplugin/worker"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// wild does what its input's member "do" says.
type wild struct{ host abi.Host }

func newWild(h abi.Host) (abi.Strategy, error) {
	switch h.Config()["start"] {
	case "exit":
		os.Exit(5)
	case "points":
		return &exposing{}, nil
	case "error":
		return nil, abi.Reject("bad_config", "as you wish")
	case "never":
		time.Sleep(time.Hour)
	}
	return &wild{h}, nil
}

// exposing has rebindable points.
type exposing struct{ wild }

func (exposing) Points() []abi.Exposed { return nil }

func (w *wild) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	switch in["do"] {
	case "hold":
		<-ctx.Done()
		return nil, ctx.Err()
	case "sleep":
		time.Sleep(time.Duration(in["ms"].(int64)) * time.Millisecond)
	case "exit":
		os.Exit(3)
	case "goroutine":
		go func() { panic("nobody recovers this") }()
		select {}
	case "fatal":
		var mu sync.Mutex
		mu.Unlock()
	case "memory":
		var keep [][]byte
		for range 1 << 10 {
			b := make([]byte, 1<<24)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			keep = append(keep, b)
		}
		return map[string]any{"kept": len(keep)}, nil
	case "work":
		x := uint64(1)
		for i := range in["turns"].(int64) {
			x = x*6364136223846793005 + uint64(i)
		}
		return map[string]any{"odd": x&1 == 1}, nil
	case "allocate":
		var last []byte
		for range in["times"].(int64) {
			last = make([]byte, 1024, 1024+len(last)/1024)
		}
		return map[string]any{"n": len(last)}, nil
	case "big":
		part := strings.Repeat("x", 1<<20-16)
		list := make([]any, in["parts"].(int64))
		for i := range list {
			list[i] = part
		}
		return map[string]any{"list": list}, nil
	case "look":
		return look()
	case "garble":
		garble(uint64(in["seed"].(int64)))
	case "late":
		go func() {
			for ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			w.host.Log(abi.LevelInfo, "late", map[string]any{"error": w.host.(abi.State).Put(ctx, "k", "late").Error()})
		}()
	case "now":
		return map[string]any{"unix": w.host.Now().Unix()}, nil
	case "left":
		at, ok := ctx.Deadline()
		return map[string]any{"bounded": ok, "ms": time.Until(at).Milliseconds()}, nil
	case "http":
		return w.fetch(ctx, in["url"].(string))
	case "stray":
		return nil, w.host.(abi.State).Put(context.Background(), "k", 1)
	}
	return in, nil
}

// fetch sends four requests at a time.
func (w *wild) fetch(ctx context.Context, url string) (map[string]any, error) {
	bodies := make([]any, 4)
	failures := make([]error, len(bodies))
	var wg sync.WaitGroup
	for i := range bodies {
		wg.Go(func() {
			res, err := w.host.(abi.HTTP).Do(ctx, abi.HTTPRequest{Method: "POST", URL: url, Headers: map[string]string{"X-From": "wild"}, Body: []byte("hello")})
			bodies[i], failures[i] = string(res.Body)+res.Headers["X-Answer"], err
		})
	}
	wg.Wait()
	return map[string]any{"bodies": bodies}, errors.Join(failures...)
}

// look lists what the process has inherited.
func look() (map[string]any, error) {
	var files []any
	for fd := range 256 {
		if to, err := os.Readlink("/proc/self/fd/" + string(rune('0'+fd%10))); fd < 10 && err == nil {
			files = append(files, to)
		}
	}
	var env []any
	for _, v := range os.Environ() {
		env = append(env, v)
	}
	return map[string]any{"files": files, "env": env, "pid": os.Getpid()}, nil
}

// garble writes noise over all of the shared memory for a while.
func garble(seed uint64) {
	var info syscall.Stat_t
	if err := syscall.Fstat(3, &info); err != nil {
		panic(err)
	}
	b, err := syscall.Mmap(3, 0, int(info.Size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	r := rand.New(rand.NewPCG(seed, 0))
	for end := time.Now().Add(30 * time.Millisecond); time.Now().Before(end); {
		for range 1000 {
			at := r.IntN(4096)
			if r.IntN(2) == 0 { // headers of slots
				at = 4096 + r.IntN(len(b)/(64<<10)-1)*(64<<10) + r.IntN(64)
			}
			b[at] = byte(r.IntN(4))
			if r.IntN(4) == 0 {
				b[at] = byte(r.Uint32())
			}
		}
	}
}

// specOf is a release of one of the strategies that open knows.
func specOf(tb testing.TB, name string, config map[string]any) driver.Spec {
	tb.Helper()
	path := artifact(tb, tb.TempDir(), name)
	s, err := describe(path, name, config)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func describe(path, name string, config map[string]any) (driver.Spec, error) {
	content, err := os.ReadFile(path)
	return driver.Spec{
		Path: path, Log: slog.New(slog.DiscardHandler),
		Manifest: &manifest.Manifest{Name: name, Version: "1.0.0", Kind: "native", Config: config,
			Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(content)), Size: int64(len(content))}},
	}, err
}

func load(tb testing.TB, c worker.Config, spec driver.Spec) driver.Instance {
	tb.Helper()
	in, err := worker.Load(context.Background(), c, spec)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return in
}

func do(what string) map[string]any { return map[string]any{"do": what} }

func within(tb testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	tb.Cleanup(cancel)
	return ctx
}

// await waits until ok, within a minute.
func await(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for limit := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			tb.Fatalf("never: %s", what)
		}
	}
}

func wantFault(tb testing.TB, err error, code problem.Code, words ...string) {
	tb.Helper()
	var f *driver.Fault
	if !errors.As(err, &f) || f.Code != code {
		tb.Fatalf("%T %v, want the fault %s", err, err, code)
	}
	for _, w := range words {
		if !strings.Contains(f.Message, w) {
			tb.Errorf("the fault %q does not say %q", f.Message, w)
		}
	}
}

// answers checks that the instance echoes.
func answers(tb testing.TB, in driver.Instance) {
	tb.Helper()
	out, err := in.Execute(within(tb, time.Minute), map[string]any{"n": int64(7)})
	if err != nil || out["n"] != int64(7) {
		tb.Fatalf("it answers %v, %v", out, err)
	}
}

func pidOf(in driver.Instance) int { return in.(interface{ Pid() int }).Pid() }
