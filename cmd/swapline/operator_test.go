package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/server"
)

// named answers with its name; it says no to {"reject": ...}.
type named string

func (n named) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if in["reject"] != nil {
		return nil, abi.Reject("bad_amount", "amount must be positive")
	}
	return map[string]any{"answer": string(n)}, nil
}

// world is a data folder with a server over strategies of kind "memory".
type world struct {
	t    *testing.T
	data dataFolder
	key  trust.Key
	rt   *runtime.Runtime
	log  *bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Setenv("SWAPLINE_ADDRESS", "")
	t.Setenv("SWAPLINE_TOKEN", "")
	w := &world{t: t, data: dataFolder(t.TempDir()), log: &bytes.Buffer{}}
	w.ok(w.data.prepare())
	s, err := boltstore.Open(w.data.path("store"))
	w.ok(err)
	policy, err := w.data.openPolicy(t.Context(), s, time.Now(), slog.New(slog.DiscardHandler))
	w.ok(err)
	w.key, err = w.data.developmentKey()
	w.ok(err)
	make := func(name string) abi.Constructor {
		return func(abi.Host) (abi.Strategy, error) { return named(name), nil }
	}
	d := memdriver.New(map[string]abi.Constructor{"one": make("one"), "two": make("two"), "careful": newCareful})
	w.rt, err = runtime.Open(t.Context(), runtime.Config{Store: s, Policy: policy, HostVersion: hostVersion,
		Drivers: map[manifest.Kind]driver.Driver{memdriver.Kind: d}, Log: slog.New(slog.DiscardHandler)})
	w.ok(err)
	token, err := w.data.token()
	w.ok(err)
	h, err := server.New(server.Config{Runtime: w.rt, Token: token})
	w.ok(err)
	web := httptest.NewServer(h)
	w.ok(w.data.announce(running{Address: strings.TrimPrefix(web.URL, "http://"), PID: os.Getpid()}))
	t.Cleanup(func() {
		web.Close()
		w.ok(w.rt.Close(context.Background()))
		w.ok(s.Close())
	})
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// release writes a signed release into dir and returns the artifact's file.
func (w *world) release(dir, constructor, version string, sequence int64) string {
	w.t.Helper()
	artifact := []byte(constructor + "\nversion " + version + "\n")
	now := time.Now().UTC().Truncate(time.Second)
	m := &manifest.Manifest{
		Name: "risk", Version: version, Sequence: sequence, Kind: memdriver.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(artifact)), Size: int64(len(artifact))},
		Methods:  []string{abi.MethodExecute}, Config: map[string]any{},
		Golden:    []manifest.GoldenCase{{Name: "any", Input: map[string]any{}, Output: map[string]any{"answer": constructor}}},
		NotBefore: now.Add(-time.Hour), Issued: now.Add(-time.Hour), Expires: now.Add(time.Hour),
	}
	if constructor == "careful" {
		m.Methods = append(m.Methods, abi.MethodValidate)
	}
	payload, err := m.Encode()
	w.ok(err)
	envelope, err := trust.Sign(manifest.PayloadType, payload, w.key)
	w.ok(err)
	file := write(w.t, filepath.Join(dir, "risk-"+version+".mem"), string(artifact))
	write(w.t, file+envelopeSuffix, string(envelope))
	return file
}

func (w *world) must(args ...string) string { w.t.Helper(); return must(w.t, string(w.data), args...) }
func (w *world) command(args ...string) commandResult {
	w.t.Helper()
	return command(w.t, string(w.data), args...)
}

func (w *world) answers(who string) {
	w.t.Helper()
	if got := w.must("exec", "risk"); got != `{"answer":"`+who+`"}`+"\n" {
		w.t.Errorf("exec printed %q, want the answer of %s", got, who)
	}
}

// TestOperatorsWalk is what an operator does on a day with a new release.
func TestOperatorsWalk(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	one, two := w.release(dir, "one", "1.0.0", 1), w.release(dir, "two", "2.0.0", 2)

	if out := w.must("list"); !strings.Contains(out, "swapline push") {
		t.Errorf("an empty list does not say what to do: %q", out)
	}
	if out := w.must("push", one, "--dry-run"); !strings.Contains(out, "nothing was changed") {
		t.Errorf("%q", out)
	}
	if out := w.must("push", one); !strings.Contains(out, "answers now, generation 1") || !strings.Contains(out, "passed ") {
		t.Errorf("%q", out)
	}
	w.answers("one")
	if out := w.must("push", two+envelopeSuffix, "--hold"); !strings.Contains(out, "swapline switch risk") {
		t.Errorf("%q", out)
	}
	w.answers("one")
	if out := w.must("switch", "risk", "2.0.0", "--reason", "tested"); !strings.Contains(out, "generation 2, instead of 1.0.0") {
		t.Errorf("%q", out)
	}
	w.answers("two")
	w.must("rollback", "risk")
	w.answers("one")
	if out := w.must("list"); !strings.Contains(out, "risk") || !strings.Contains(out, "1.0.0") {
		t.Errorf("%q", out)
	}
	if out := w.must("list", "risk"); strings.Count(out, "\n") != 3 || !strings.Contains(out, "*") {
		t.Errorf("%q", out)
	}
	if out := w.must("get", "risk"); !strings.Contains(out, "tested") || !strings.Contains(out, "rollback") {
		t.Errorf("%q", out)
	}
	if out := w.must("get", "risk", "2.0.0"); !strings.Contains(out, "risk@2.0.0") {
		t.Errorf("%q", out)
	}
	for _, args := range [][]string{{"list"}, {"list", "risk"}, {"get", "risk"}, {"get", "risk", "1.0.0"}, {"rollback", "risk", "2.0.0"}} {
		if out := w.must(append(args, "--json")...); !json.Valid([]byte(out)) {
			t.Errorf("%v --json printed %q", args, out)
		}
	}
}

func TestExecReadsFilesAndStandardInputAndTellsWhoAnswered(t *testing.T) {
	w := newWorld(t)
	w.must("push", w.release(t.TempDir(), "one", "1.0.0", 1))
	input := write(t, filepath.Join(t.TempDir(), "in.json"), `{"a": 1}`)
	for _, arg := range []string{"@" + input, `{"a": 1}`} {
		r := w.command("exec", "risk", arg, "--headers")
		if r.code != exitOK || !strings.Contains(r.stderr, "Swapline-Release: risk@1.0.0") || !strings.Contains(r.stderr, "Swapline-Generation: 1") {
			t.Errorf("%s: %+v", arg, r)
		}
	}
	var stdout, stderr bytes.Buffer
	if code := run([]string{"exec", "risk", "-", "--data", string(w.data)}, strings.NewReader(`{}`), &stdout, &stderr); code != exitOK {
		t.Errorf("standard input: %d %s", code, &stderr)
	}
}

func TestExitCodes(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	one := w.release(dir, "one", "1.0.0", 10)
	w.must("push", one)
	forged := w.release(t.TempDir(), "two", "2.0.0", 20)
	write(t, forged, "two\nchanged after signing\n")
	for name, c := range map[string]struct {
		args []string
		code int
		why  string
	}{
		"no argument":            {[]string{"exec"}, exitUsage, "arg"},
		"unknown flag":           {[]string{"list", "--nonsense"}, exitUsage, "nonsense"},
		"no such file":           {[]string{"push", filepath.Join(dir, "nothing.mem")}, exitUsage, "swapline sign"},
		"address that is none":   {[]string{"list", "--address", "ftp://x"}, exitUsage, "address"},
		"nobody listens":         {[]string{"list", "--address", "127.0.0.1:1"}, exitError, "swapline serve"},
		"unknown strategy":       {[]string{"exec", "nobody"}, exitError, "unknown_strategy"},
		"business error":         {[]string{"exec", "risk", `{"reject":1}`}, exitError, "bad_amount: amount must be positive"},
		"not JSON":               {[]string{"exec", "risk", `amount=1`}, exitError, "bad_json"},
		"wrong token":            {[]string{"list", "--token", strings.Repeat("x", 20)}, exitAuth, "unauthenticated"},
		"forged artifact":        {[]string{"push", forged}, exitInvalid, "artifact_"},
		"older release":          {[]string{"push", w.release(t.TempDir(), "two", "0.1.0", 1)}, exitInvalid, "sequence_rollback"},
		"stale generation":       {[]string{"rollback", "risk", "--if-generation", "7"}, exitConflict, "stale_generation"},
		"stale push":             {[]string{"push", w.release(t.TempDir(), "two", "3.0.0", 30), "--if-generation", "0"}, exitConflict, "stale_generation"},
		"public without a token": {[]string{"serve", "--listen", "0.0.0.0:0"}, exitUsage, "--token-file"},
		"data folder in use":     {[]string{"serve", "--listen", "127.0.0.1:0"}, exitError, "store_locked"},
		"folder that is none":    {[]string{"serve", "--dir", one, "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, exitUsage, "not a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			data := []string{"--data", string(w.data)}
			var stdout, stderr bytes.Buffer
			code := run(append(data, c.args...), strings.NewReader(""), &stdout, &stderr)
			refused(t, commandResult{code, stdout.String(), stderr.String()}, c.code, c.why)
			if strings.Contains(stderr.String(), testSecret(w)) {
				t.Errorf("the token is in %q", &stderr)
			}
		})
	}
	w.answers("one")
}

func testSecret(w *world) string {
	token, err := w.data.token()
	w.ok(err)
	return token
}

func TestProblemsOfTheServerArriveWhole(t *testing.T) {
	w := newWorld(t)
	r := w.command("get", "nobody", "--json")
	var p map[string]string
	if err := json.Unmarshal([]byte(r.stderr), &p); err != nil || p["code"] != string(problem.UnknownStrategy) || p["cure"] == "" {
		t.Errorf("%v %s", err, r.stderr)
	}
}

func TestDataFolderIsClosedToOthers(t *testing.T) {
	w := newWorld(t)
	err := filepath.WalkDir(string(w.data), func(path string, d os.DirEntry, err error) error {
		w.ok(err)
		info, err := d.Info()
		w.ok(err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return nil
	})
	w.ok(err)
}

// watch runs the folder's loop body by hand, so that nothing depends on time.
func (w *world) watch(dir string) *releaseFolder {
	log := slog.New(slog.NewTextHandler(w.log, nil))
	return &releaseFolder{dir: dir, runtime: w.rt, log: log, done: map[string]pairState{}, last: map[string]pairState{}}
}

// looks looks twice: files count once they have settled.
func (w *world) looks(f *releaseFolder) string {
	w.log.Reset()
	f.scan(w.t.Context())
	f.scan(w.t.Context())
	return w.log.String()
}

func TestFolderDeploysInOrderOfSequenceOnce(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	w.release(dir, "one", "1.9.0", 9)
	w.release(dir, "two", "1.10.0", 10) // comes first by file name
	f := w.watch(dir)
	out := w.looks(f)
	if strings.Count(out, "release deployed") != 2 || strings.Index(out, "1.9.0") > strings.Index(out, "1.10.0") {
		t.Fatalf("%s", out)
	}
	w.answers("two")
	if out := w.looks(f); out != "" {
		t.Errorf("the second look did something: %s", out)
	}
	// After a restart an operator's rollback stands.
	w.must("rollback", "risk")
	if out := w.looks(w.watch(dir)); strings.Count(out, "release already known") != 2 {
		t.Errorf("%s", out)
	}
	w.answers("one")
}

func TestFolderWithBadFilesServesTheGoodOnes(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	w.release(dir, "one", "1.0.0", 1)
	forged := w.release(dir, "two", "2.0.0", 2)
	write(t, forged, "two\nchanged after signing\n")
	write(t, filepath.Join(dir, "noise.dsse"), "noise")
	write(t, filepath.Join(dir, "noise"), "noise")
	write(t, filepath.Join(dir, "alone.dsse"), "an envelope without its artifact")
	w.ok(os.Mkdir(filepath.Join(dir, "folder.dsse"), 0o700))
	write(t, filepath.Join(dir, "huge"), "x")
	w.ok(os.WriteFile(filepath.Join(dir, "huge.dsse"), make([]byte, maxSigned+1), 0o600))
	out := w.looks(w.watch(dir))
	for _, want := range []string{"release deployed", "code=envelope_malformed", "code=artifact_", "code=body_too_large"} {
		if !strings.Contains(out, want) {
			t.Errorf("no event with %q in:\n%s", want, out)
		}
	}
	if n := strings.Count(out, "\n"); n != 4 {
		t.Errorf("%d events, want one for each of four pairs:\n%s", n, out)
	}
	w.answers("one")
}

func TestFolderWaitsForFilesThatAreStillWritten(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	file := w.release(dir, "one", "1.0.0", 1)
	whole, err := os.ReadFile(file)
	w.ok(err)
	write(t, file, string(whole[:3]))
	f := w.watch(dir)
	if wait := f.scan(t.Context()); wait != settle {
		t.Errorf("the next look is in %s", wait)
	}
	write(t, file, string(whole))
	f.scan(t.Context())
	if w.log.Len() != 0 {
		t.Fatalf("an unsettled file was tried: %s", w.log)
	}
	f.scan(t.Context())
	w.answers("one")
}

// TestFolderIsWatched runs the real loop with notifications.
func TestFolderIsWatched(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	stop, err := watchFolder(t.Context(), dir, w.rt, slog.New(slog.DiscardHandler))
	w.ok(err)
	w.release(dir, "one", "1.0.0", 1)
	w.until(func() bool { return len(w.rt.Strategies()) == 1 })
	w.answers("one")
	w.ok(stop(t.Context()))
}

// until waits generously for what happens by itself.
func (w *world) until(done func() bool) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("it did not happen")
		}
	}
}

func TestPolicyIsAdoptedOnlyFromTheOneInForce(t *testing.T) {
	data := dataFolder(t.TempDir())
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(data.prepare())
	log := slog.New(slog.DiscardHandler)
	open := func() (int64, error) {
		s, err := boltstore.Open(data.path("store"))
		check(err)
		defer s.Close()
		p, err := data.openPolicy(t.Context(), s, time.Now(), log)
		return p.Version(), err
	}
	put := func(key trust.Key, version int64) {
		doc := trust.DevelopmentPolicy(key, time.Now())
		doc.Version = version
		payload, err := doc.Encode()
		check(err)
		envelope, err := trust.Sign(trust.PayloadType, payload, key)
		check(err)
		check(os.WriteFile(data.path("trust", "policy.dsse"), envelope, 0o600))
	}
	mine, err := data.developmentKey()
	check(err)
	stranger, err := trust.GenerateKey("mallory")
	check(err)
	steps := []struct {
		name    string
		put     func()
		version int64
		code    problem.Code
	}{
		{"first start", func() {}, 1, ""},
		{"restart", func() {}, 1, ""},
		{"a stranger's policy", func() { put(stranger, 2) }, 0, problem.KeyUnknown},
		{"a successor", func() { put(mine, 3) }, 3, ""},
		{"restart with it", func() {}, 3, ""},
		{"an older one", func() { put(mine, 2) }, 0, problem.PolicyRollback},
		{"rubbish", func() { check(os.WriteFile(data.path("trust", "policy.dsse"), []byte("{"), 0o600)) }, 0, problem.EnvelopeMalformed},
	}
	for _, s := range steps {
		s.put()
		version, err := open()
		if version != s.version || problem.CodeOf(err) != s.code {
			t.Errorf("%s: version %d, error %v", s.name, version, err)
		}
	}
}

func TestTokenIsMadeOnceAndLong(t *testing.T) {
	data := dataFolder(t.TempDir())
	first, err := data.token()
	if err != nil || len(first) < 43 {
		t.Fatalf("%q %v", first, err)
	}
	if again, err := data.token(); again != first || err != nil {
		t.Errorf("another token: %v", err)
	}
}
