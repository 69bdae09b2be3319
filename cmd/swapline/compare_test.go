package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
)

// guestAnswering is the smallest module that is a strategy: it speaks JSON and
// answers every input with the same text (guests/json/README.md).
func guestAnswering(answer string) []byte {
	number := func(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }
	sized := func(b []byte) []byte { return append(number(len(b)), b...) }
	section := func(id byte, items ...[]byte) []byte {
		return append([]byte{id}, sized(append(number(len(items)), bytes.Join(items, nil)...))...)
	}
	export := func(name string, kind, index byte) []byte { return append(sized([]byte(name)), kind, index) }
	signed := func(n uint64) (b []byte) { // LEB128 of a number that is not negative
		for ; n >= 64; n >>= 7 {
			b = append(b, byte(n)|0x80)
		}
		return append(b, byte(n))
	}
	body := func(op byte, constant uint64) []byte {
		return sized(append(append([]byte{0, op}, signed(constant)...), 0x0b))
	}
	text := func(s string) []byte { return append([]byte{0}, s...) }
	data := func(at int, b []byte) []byte {
		return append(append(append([]byte{0, 0x41}, signed(uint64(at))...), 0x0b), sized(b)...)
	}
	at := func(place int, b []byte) uint64 { return uint64(place)<<32 | uint64(len(b)) }
	methods, said := text(`{"methods":["Execute"]}`), text(answer)
	const i32, i64 = 0x7f, 0x7e
	return bytes.Join([][]byte{
		[]byte("\x00asm\x01\x00\x00\x00"),
		section(1, []byte{0x60, 0, 1, i32}, []byte{0x60, 1, i32, 1, i32}, []byte{0x60, 2, i32, i32, 1, i64}),
		section(3, []byte{0}, []byte{1}, []byte{2}, []byte{2}),
		section(5, []byte{0, 1}),
		section(7, export("memory", 2, 0), export("swapline_abi_version", 0, 0), export("swapline_alloc", 0, 1),
			export("swapline_init", 0, 2), export("swapline_execute", 0, 3)),
		section(10, body(0x41, 1), body(0x41, 8192), body(0x42, at(256, methods)), body(0x42, at(512, said))),
		section(11, data(256, methods), data(512, said)),
	}, nil)
}

// guestFile writes such a guest and the strategy.json that belongs to it.
func guestFile(t *testing.T, dir, name, answer string) string {
	t.Helper()
	file := write(t, filepath.Join(dir, name), string(guestAnswering(answer)))
	write(t, besideArtifact(file), `{"name": "risk", "version": "1.0.0", "encoding": "json", "limits": {"timeout_ms": 5000, "concurrency": 2},
 "golden": [{"name": "any", "input": {}, "output": `+answer+`}]}`)
	return file
}

// shortly makes a plan that takes no time.
func shortly(args ...string) []string {
	return append(append([]string{"compare"}, args...), "--rounds", "10", "--calls", "20", "--warm-up", "20", "--open", "0", "--starts", "0", "--callers", "0", "--seed", "1",
		"--margin", "1000%")
}

// TestFilesAreComparedWhenTheUserTrustsThem goes the whole way, with the processes
// that compile.
func TestFilesAreComparedWhenTheUserTrustsThem(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	one, other := guestFile(t, dir, "one.wasm", `{"ok":true}`), guestFile(t, dir, "other.wasm", `{"ok":false}`)
	inputs := write(t, filepath.Join(dir, "in.ndjson"), strings.Repeat("{\"amount\": 1}\n{}\n", 10))
	try := func(args ...string) commandResult {
		return command(t, data, shortly(append(args, "--inputs", inputs)...)...)
	}

	refused(t, try(one, "a="+one), exitInvalid, "has no envelope")
	must(t, data, "sign", one)
	page := filepath.Join(dir, "r.html")
	r := try(one, "again=wazero:"+one, "--report", page, "--report", filepath.Join(dir, "r.json"))
	// A busy machine may forbid the verdict, but not turn it round.
	if r.code != exitOK && r.code != exitUndecided || !strings.Contains(r.stdout, "again") || !strings.Contains(r.stdout, "\ncompare: inputs=20 different=0 verdict=") {
		t.Fatalf("exit code %d\n%s\n%s", r.code, r.stdout, r.stderr)
	}
	if b, err := os.ReadFile(page); err != nil || !bytes.Contains(b, []byte("<html")) {
		t.Errorf("%v, %.200s", err, b)
	}
	refused(t, try(one, other), exitInvalid, "swapline sign")

	// A difference is told, and forbids a verdict.
	r = try(one, "new="+other, "--insecure-unsigned", "--json")
	var report compare.Report
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != exitUndecided {
		t.Fatalf("exit code %d, %v\n%s", r.code, err, r.stderr)
	}
	if a := report.Answers[0]; a.Different != 20 || a.Places[0].Pointer != "/ok" || a.Arm != "new" || report.Arms[0].Digest == "" || !strings.Contains(report.Command, "--insecure-unsigned") || !strings.Contains(report.Command, data) {
		t.Errorf("%+v, %s", a, report.Command)
	}

	// Nobody's sequence is in the way of the stand's own.
	must(t, data, "sign", one, "--sequence", "1")
	if r = try(other, "new="+one, "--insecure-unsigned"); r.code != exitUndecided || !strings.Contains(r.stdout, "inputs=20 different=20 verdict=undecided") {
		t.Errorf("exit code %d\n%s\n%s", r.code, r.stdout, r.stderr)
	}

	// What was changed after signing is refused, whatever the flags say.
	write(t, one, string(guestAnswering(`{"ok":null}`)))
	refused(t, try(one, "new="+other, "--insecure-unsigned"), exitInvalid, string(problem.DigestMismatch))
	refused(t, try("native:"+other, "x="+other, "--insecure-unsigned"), exitUsage, "cannot run as native")
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestAPlanIsCarriedOutAgain from what a report has of it, even with files that are signed
// anew each time; and with nothing else.
func TestAPlanIsCarriedOutAgain(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	one, other := guestFile(t, dir, "one.wasm", `{"ok":true}`), guestFile(t, dir, "other.wasm", `{"ok":false}`)
	inputs := write(t, filepath.Join(dir, "in.ndjson"), strings.Repeat("{\"amount\": 1}\n{}\n", 10))
	compared := func(args ...string) (r compare.Report) {
		t.Helper()
		got := command(t, data, append([]string{"compare"}, append(args, "--insecure-unsigned", "--json")...)...)
		if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || got.code == exitError {
			t.Fatalf("exit code %d, %v: %s", got.code, err, got.stderr)
		}
		return r
	}
	first := compared(shortly(one, "new="+other, "--inputs", inputs)[1:]...)
	plan := write(t, filepath.Join(dir, "plan.json"), string(first.Plan))
	second := compared(one, "new="+other, "--inputs", inputs, "--plan", plan)
	if string(second.Plan) != string(first.Plan) || second.PlanHash != first.PlanHash || !strings.Contains(second.Command, " --plan "+plan) {
		t.Errorf("%s\n got %s\nwant %s", second.Command, second.Plan, first.Plan)
	}
	refused(t, command(t, data, "compare", one, "new="+one, "--inputs", inputs, "--plan", plan, "--insecure-unsigned"), exitError, "/plan/arms/1")
	inputs = write(t, filepath.Join(dir, "less.ndjson"), "{\"amount\": 1}\n{}\n")
	refused(t, command(t, data, "compare", one, "new="+other, "--inputs", inputs, "--plan", plan), exitUsage, "leave arms, inputs and inputs_sha256 out")
	refused(t, command(t, data, "compare", one, "new="+other, "--inputs", "-", "--plan", "-"), exitUsage, "only one of --plan and --inputs")
}

func TestAComparisonNamesWhatItLacks(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	one := guestFile(t, dir, "one.wasm", `{}`)
	inputs := write(t, filepath.Join(dir, "in.ndjson"), "{}\n")
	for _, c := range []struct {
		name string
		args []string
		code int
		why  string
	}{
		{"one arm", []string{one, "--inputs", inputs}, exitUsage, "nothing to be compared with"},
		{"no inputs", []string{one, "b=" + one}, exitUsage, "--inputs is missing"},
		{"inputs that are not there", []string{one, "b=" + one, "--inputs", "no"}, exitUsage, "no such file"},
		{"recorded inputs of files", []string{one, "b=" + one, "--recorded", "5"}, exitUsage, "only a server"},
		{"both", []string{"risk@1.0.0", "risk@2.0.0", "--recorded", "5", "--inputs", inputs}, exitUsage, "only one of"},
		{"no server", []string{"risk@1.0.0", "risk@2.0.0", "--recorded", "5"}, exitError, "no server is running"},
		{"two strategies", []string{"risk@1.0.0", "fx@2.0.0", "--recorded", "5"}, exitUsage, "of one strategy"},
		{"no way to print", []string{one, "b=" + one, "--inputs", inputs, "--json", "--markdown"}, exitUsage, "--markdown"},
		{"a report nobody can read", []string{one, "b=" + one, "--inputs", inputs, "--report", "r.doc"}, exitUsage, ".html, .md or .json"},
		{"too few rounds", []string{one, "b=" + one, "--inputs", inputs, "--rounds", "3", "--insecure-unsigned"}, exitUsage, string(problem.ComparisonMalformed)},
		{"a metric nobody knows", []string{one, "b=" + one, "--inputs", inputs, "--metric", "beauty", "--insecure-unsigned"}, exitUsage, string(problem.ComparisonMalformed)},
	} {
		if r := command(t, data, append([]string{"compare"}, c.args...)...); r.code != c.code || !strings.Contains(r.stderr, c.why) && codeOfReport(r.stderr) != c.why {
			t.Errorf("%s: exit code %d, %s; want %d and %q", c.name, r.code, r.stderr, c.code, c.why)
		}
	}
}

// codeOfReport is the code in an error text for people: "code: message".
func codeOfReport(text string) string {
	_, rest, _ := strings.Cut(text, "swapline: ")
	code, _, _ := strings.Cut(rest, ":")
	return code
}

// TestAMissingEngineIsNamedWithItsCure holds for a binary without the second
// engine, as tests are mostly.
func TestAMissingEngineIsNamedWithItsCure(t *testing.T) {
	if e, err := wasmtimeengine.New(wasmtimeengine.Config{}); err == nil {
		_ = e.Close(t.Context())
		t.Skip("this binary has it")
	}
	dir := t.TempDir()
	one := guestFile(t, dir, "one.wasm", `{}`)
	inputs := write(t, filepath.Join(dir, "in.ndjson"), "{}\n")
	refused(t, command(t, t.TempDir(), shortly(one, "wasmtime:"+one, "--inputs", inputs, "--insecure-unsigned")...), exitInvalid, "make build-wasmtime")
}

// stopping is a comparison in a process of its own that has come to its closed
// loop, and waits there until the file hold is removed.
func stopping(t *testing.T) (c *exec.Cmd, hold, temp string, stdout, stderr *lines) {
	t.Helper()
	dir := t.TempDir()
	temp, stdout, stderr = t.TempDir(), &lines{}, &lines{}
	one := guestFile(t, dir, "one.wasm", `{"ok":true}`)
	inputs := write(t, filepath.Join(dir, "in.ndjson"), "{}\n")
	hold = write(t, filepath.Join(dir, "fault"), "compare:closed-loop wait")
	c = exec.Command(os.Args[0], "compare", one, "b="+one, "--inputs", inputs, "--insecure-unsigned", "--rounds", "200", "--calls", "10000", "--data", t.TempDir())
	c.Env = append(os.Environ(), asProgram+"=1", faultFile+"="+hold, "TMPDIR="+temp)
	c.Stdout, c.Stderr = stdout, stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _ = c.Process.Kill(); t.Failed() {
			t.Log(stderr)
		}
	})
	soon(t, "it comes to the closed loop", func() bool {
		if strings.Contains(stderr.String(), "swapline: ") {
			t.Fatal("it was refused")
		}
		_, err := os.Stat(hold + ".met")
		return err == nil
	})
	return c, hold, temp, stdout, stderr
}

// soon waits generously for what happens by itself.
func soon(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// TestCtrlCLeavesAPartialReport and nothing else.
func TestCtrlCLeavesAPartialReport(t *testing.T) {
	c, hold, temp, stdout, stderr := stopping(t)
	if err := errors.Join(c.Process.Signal(os.Interrupt), os.Remove(hold)); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != exitPartial || !strings.Contains(stdout.String(), "PARTIAL") || !strings.Contains(stderr.String(), "stopping") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestASecondCtrlCLeavesAtOnce also when the work does not come to an end.
func TestASecondCtrlCLeavesAtOnce(t *testing.T) {
	c, _, temp, stdout, stderr := stopping(t)
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	soon(t, "it says that it stops", func() bool { return strings.Contains(stderr.String(), "stopping") })
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != exitError || stdout.String() != "" || !strings.Contains(stderr.String(), "without a report") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
