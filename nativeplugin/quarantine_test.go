package nativeplugin_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// deed is what the villain does, where, and what becomes of it.
type deed struct {
	where, what string
	code        problem.Code
	word        string
}

// deedSpec is the villain's release that does it.
func deedSpec(t *testing.T, d deed) driver.Spec {
	t.Helper()
	t.Setenv("SWAPLINE_TEST_VILLAIN", "")
	s := spec(t, release(t, "6.6.7", villain()).path, "6.6.7", nil)
	s.Manifest.Methods = []string{"Execute", "Validate"}
	switch d.where {
	case "start":
		t.Setenv("SWAPLINE_TEST_VILLAIN", d.what)
	case "execute":
		s.Manifest.Golden = []manifest.GoldenCase{
			{Name: "nothing", Input: map[string]any{}, Output: map[string]any{"did": ""}},
			{Name: "deed", Input: map[string]any{"do": d.what}, Output: map[string]any{"did": d.what}},
		}
	default:
		s.Manifest.Config = map[string]any{d.where: d.what}
	}
	return s
}

// ownDriver is for what really opens the villain: another driver of this process
// would not examine it any more.
func ownDriver(t *testing.T) *nativeplugin.Driver {
	t.Helper()
	d, err := newDriver()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestMischiefStaysInQuarantine: every class of it has its code, and afterwards
// the process is as it was and loads a good plugin.
func TestMischiefStaysInQuarantine(t *testing.T) {
	d := sharedDriver(t)
	load(t, release(t, "1.0.0", scorer("v1")), "1.0.0", nil)
	before, folder := fmt.Sprint(d.Status()), workingFolder(t)
	for _, c := range []deed{
		{"start", "panic", problem.QuarantineInitPanic, "as you wish"},
		{"start", "exit", problem.QuarantineExit, "while its packages were initialised (exit code 0)"},
		{"constructor", "fatal", problem.QuarantineExit, "no database"},
		{"execute", "exit", problem.QuarantineExit, `golden case "deed"`},
		{"start", "goexit", problem.QuarantineGoexit, "initialised"},
		{"constructor", "goexit", problem.QuarantineGoexit, "constructor"},
		{"execute", "goexit", problem.QuarantineGoexit, `golden case "deed"`},
		{"start", "nil", problem.QuarantineGoroutinePanic, "nil pointer"},
		{"constructor", "late", problem.QuarantineGoroutinePanic, "late"},
		{"constructor", "finalizer", problem.QuarantineGoroutinePanic, "finalized"},
		{"execute", "maps", problem.QuarantineCrash, "concurrent map"},
		{"constructor", "wild", problem.QuarantineCrash, "unexpected fault address"},
		{"constructor", "kill", problem.QuarantineCrash, "signal: killed"},
		{"constructor", "panic", problem.ConstructorFailed, "as you wish"},
		{"execute", "panic", problem.GoldenCaseFailed, "as you wish"},
		{"execute", "reject", problem.GoldenCaseFailed, `business error no instead of {"did":"reject"}`},
		{"execute", "now", problem.GoldenCaseFailed, `{"did":"now"}`},
		{"validate", "panic", problem.ValidateFailed, "as you wish"},
		{"validate", "goexit", problem.QuarantineGoexit, "Validate"},
		{"points", "goexit", problem.QuarantineGoexit, "Points"},
		{"points", "exit", problem.QuarantineExit, "Points"},
		{"start", "forge", problem.QuarantineForged, "stage"},
		{"start", "output", problem.QuarantineOutput, "standard streams"},
		{"start", "goroutines", problem.QuarantineLeftovers, "5000 by "},
		{"constructor", "files", problem.QuarantineLeftovers, "500 files"},
		{"constructor", "leave", problem.QuarantineLeftovers, "processes"},
		{"execute", "exec", problem.QuarantineExit, "exit code 0"},
		{"constructor", "graceful", problem.QuarantineExit, "ended the process"}, // at the signal or just after it
	} {
		t.Run(c.where+" "+c.what, func(t *testing.T) {
			_, err := d.Load(context.Background(), deedSpec(t, c))
			wantCode(t, err, c.code, c.word)
		})
	}
	if after := fmt.Sprint(d.Status()); after != before || workingFolder(t) != folder {
		t.Errorf("the process changed from %s to %s", before, after)
	}
	again := load(t, release(t, "2.0.0", scorer("v2")), "2.0.0", nil)
	if got := answer(t, again, map[string]any{"amount": int64(4)}, "score"); got != int64(41) {
		t.Errorf("a release loaded afterwards answers %v", got)
	}
}

func workingFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestWhoChangesTheProcessIsRefused and told what it was.
func TestWhoChangesTheProcessIsRefused(t *testing.T) {
	t.Setenv("TZ", "a-secret")
	for what, word := range map[string]string{
		"chdir": "working directory", "setenv": "environment variable TZ", "umask": "umask", "rlimit": "limit Max open files",
		"gcpercent": "gogc", "memlimit": "gomemlimit", "maxprocs": "gomaxprocs", "maxstack": "bytes of a stack", "maxthread": "most threads",
		"profile": "memory profile rate", "ignore": "ignored signals", "reset": "signals", "newprivs": "no_new_privs", "stdin": "file descriptor 0", "undump": "dumpable", "nice": "nice value",
		"transport": "certificates", "local": "time.Local", "log": "log's default output",
	} {
		t.Run(what, func(t *testing.T) {
			where := []string{"start", "constructor", "execute"}[len(what)%3]
			_, err := sharedDriver(t).Load(context.Background(), deedSpec(t, deed{where: where, what: what}))
			wantCode(t, err, problem.QuarantineChanged, word)
			if strings.Contains(err.Error(), "a-secret") {
				t.Errorf("it tells a value of the environment: %v", err)
			}
		})
	}
}

// TestWhoDoesNotComeBackIsEnded: other drivers, with less patience, that open
// nothing in this process. On a busy machine a probe needs more of it to come as far
// as the deed.
func TestWhoDoesNotComeBackIsEnded(t *testing.T) {
	patient := func(patience time.Duration) *nativeplugin.Driver {
		d, err := nativeplugin.New(nativeplugin.Config{Probe: []string{nativeplugin.Self(), probeArgument},
			ProbeTimeout: patience, QuietPeriod: 10 * time.Millisecond, ProbeMemory: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []deed{
		{"start", "endless", problem.QuarantineHang, "initialised"},
		{"constructor", "block", problem.QuarantineHang, "constructor"},
		{"execute", "block", problem.QuarantineHang, `golden case "deed"`},
		{"start", "memory", problem.QuarantineMemory, "memory"},
	} {
		t.Run(c.where+" "+c.what, func(t *testing.T) {
			s, err := deedSpec(t, c), error(nil)
			for patience := time.Second; patience < time.Minute; patience *= 2 {
				_, err = patient(patience).Load(context.Background(), s)
				if problem.CodeOf(err) == c.code && strings.Contains(err.Error(), c.word) {
					return
				}
			}
			wantCode(t, err, c.code, c.word)
		})
	}
}

// TestWhatIsNotRefusedIsTold in a process of its own, as the villain stays open
// there.
func TestWhatIsNotRefusedIsTold(t *testing.T) {
	for what, words := range map[string][]string{
		"goroutine": {"1 golden cases, 1 goroutines left (1 by swapline.release/risk/v6_6_7_", "deeds.go:"},
		"register":  {"0 goroutines left,", "flag swapline-villain", "http pattern /villain"},
	} {
		got := scene(t, "finding", "SWAPLINE_TEST_VILLAIN="+what, "SWAPLINE_TEST_DEED="+release(t, "6.6.7", villain()).path)
		for _, w := range append(words, "opened, constructed, ", "MB") {
			if !strings.Contains(got, w) {
				t.Errorf("%s: the check says %q without %q", what, got, w)
			}
		}
	}
}

// playFinding loads the villain twice and prints what was found.
func playFinding() int {
	d, err := newDriver()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	s, err := specOf(os.Getenv("SWAPLINE_TEST_DEED"), "6.6.7", nil)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	s.Manifest.Golden = []manifest.GoldenCase{{Name: "nothing", Input: map[string]any{}, Output: map[string]any{"did": ""}}}
	for _, want := range []int{1, 0} {
		in, err := d.Load(context.Background(), s)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		found := driver.FindingsOf(in)
		for _, f := range found {
			fmt.Println(f.Name, f.Detail)
		}
		if len(found) != want {
			fmt.Println(len(found), "findings instead of", want)
			return 1
		}
	}
	return 0
}

// TestValidateCountsInTheHostAlone: in quarantine it has no network, so only
// what it does to the process counts.
func TestValidateCountsInTheHostAlone(t *testing.T) {
	for _, what := range []string{"refuse", "wait"} {
		in, err := ownDriver(t).Load(context.Background(), deedSpec(t, deed{where: "validate", what: what}))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if err := in.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestAConstructorThatRefusesIsRefused(t *testing.T) {
	path := release(t, "6.6.6", mischief()).path
	for constructor, word := range map[string]string{"error": "max is missing", "nothing": "neither"} {
		t.Run(constructor, func(t *testing.T) {
			refuse(t, spec(t, path, "6.6.6", map[string]any{"constructor": constructor}), problem.ConstructorFailed, word)
		})
	}
}

func TestMethodsOtherThanTheManifestsAreRefused(t *testing.T) {
	s := deedSpec(t, deed{})
	s.Manifest.Methods = []string{"Execute"}
	_, err := sharedDriver(t).Load(context.Background(), s)
	wantCode(t, err, problem.MethodSetMismatch, "expected Execute, found Execute, Validate")
}

func TestTheProbeSeesClashesWithWhatIsOpen(t *testing.T) {
	clash := plain(goodConstructor)
	clash["flag.go"] = "package main\n\nimport \"flag\"\n\nvar _ = flag.Bool(\"swapline-clash\", false, \"defined once per process\")\n"
	load(t, release(t, "7.0.0", clash), "7.0.0", nil)
	refuse(t, spec(t, release(t, "7.0.1", clash).path, "7.0.1", nil), problem.QuarantineClash, "flag redefined: swapline-clash")
}

// TestAProgramThatIsNoChildIsEnded: not even an attendant.
func TestAProgramThatIsNoChildIsEnded(t *testing.T) {
	d, err := nativeplugin.New(nativeplugin.Config{Probe: []string{"/bin/sleep", "1000"}, ProbeTimeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Load(context.Background(), spec(t, release(t, "6.6.6", mischief()).path, "6.6.6", nil))
	wantCode(t, err, problem.QuarantineHang, "before it began")
}

func TestACallerThatGoesAwayIsNotTheReleasesFault(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := sharedDriver(t).Load(ctx, spec(t, release(t, "6.6.6", mischief()).path, "6.6.6", nil))
	wantCode(t, err, problem.Canceled)
}

// TestTheProbeKnowsNoSecretOfTheHost: its constructor tells what it sees.
func TestTheProbeKnowsNoSecretOfTheHost(t *testing.T) {
	t.Setenv("SWAPLINE_TOKEN", "the-token")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=the-header")
	t.Setenv("PAYMENTS_URL", "of-the-strategy")
	_, err := sharedDriver(t).Load(context.Background(), spec(t, release(t, "6.6.6", mischief()).path, "6.6.6", map[string]any{"constructor": "environment"}))
	wantCode(t, err, problem.ConstructorFailed, "PAYMENTS_URL")
	for _, secret := range []string{"the-token", "the-header"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the probe knows %s", secret)
		}
	}
}

// TestTheProbeHasWhatTheReleaseWasGranted, and its clock is the host's; but
// nothing that a golden case writes stays anywhere.
func TestTheProbeHasWhatTheReleaseWasGranted(t *testing.T) {
	services := capability.Services{State: new(capability.Memory)}.Open()
	defer services.Close()
	d, s := ownDriver(t), deedSpec(t, deed{})
	s.Now = func() time.Time { return time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC) }
	s.Manifest.Capabilities = []string{abi.CapabilityClock, abi.CapabilityState}
	s.Manifest.Golden = []manifest.GoldenCase{
		{Name: "clock", Input: map[string]any{"do": "now"}, Output: map[string]any{"year": int64(2040)}},
		{Name: "state", Input: map[string]any{"do": "state"}, Output: map[string]any{}},
	}
	_, err := d.Load(context.Background(), s)
	wantCode(t, err, problem.GoldenCaseFailed, `"clock"`)
	if s.Grant, err = services.Grant(s.Manifest, capability.Rule{Allow: capability.Words()}); err != nil {
		t.Fatal(err)
	}
	in, err := d.Load(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestNothingOutlivesTheProbe: a process that left the child's group, too. The
// number of its seconds finds it again.
func TestNothingOutlivesTheProbe(t *testing.T) {
	seconds := strconv.Itoa(1_000_000_000 + os.Getpid())
	_, err := sharedDriver(t).Load(context.Background(), spec(t, release(t, "6.6.6", mischief()).path, "6.6.6",
		map[string]any{"constructor": "orphan", "seconds": seconds}))
	wantCode(t, err, problem.ConstructorFailed, "<nil>")
	var left []string
	for range 1200 {
		if left = processesWith(t, seconds); len(left) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%q still runs", left)
}

// processesWith lists the command lines that contain an argument.
func processesWith(t *testing.T, argument string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err == nil && slices.Contains(strings.Split(string(line), "\x00"), argument) {
			found = append(found, string(line))
		}
	}
	return found
}

// TestTheQuarantineAloneStopsWhatEndsAProcess: files that the pre-flight refuses
// would end the process inside of dlopen.
func TestTheQuarantineAloneStopsWhatEndsAProcess(t *testing.T) {
	good, err := os.ReadFile(release(t, "1.0.0", scorer("v1")).path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		code    problem.Code
		word    string
	}{
		"truncated": {good[:100_000], problem.QuarantineCrash, "SIGBUS"},
		"c library": {cLibrary(t), problem.QuarantineCrash, "no plugin module data"},
		"text":      {[]byte("package main\n"), problem.NativeProbe, "too short"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "plugin.so")
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			wantCode(t, ownDriver(t).Quarantine(context.Background(), spec(t, path, "9.0.0", nil)), c.code, c.word)
		})
	}
}

// BenchmarkQuarantine is what an upload waits for besides the quiet period.
func BenchmarkQuarantine(b *testing.B) {
	d, err := nativeplugin.New(nativeplugin.Config{Probe: []string{nativeplugin.Self(), probeArgument}, QuietPeriod: time.Nanosecond})
	if err != nil {
		b.Fatal(err)
	}
	s, err := specOf(release(b, "1.0.0", scorer("v1")).path, "1.0.0", nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := d.Quarantine(context.Background(), s); err != nil {
			b.Fatal(err)
		}
	}
}
