package child_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/child"
)

// playAttended plays roles that show what an attendant is for.
func playAttended(role string) int {
	return child.Serve(func(q question, p *child.Parent) (any, error) {
		switch role {
		case "suicide":
			_ = p.Note("I have lived")
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Hour)
		case "deserter":
			return leave(q.Text)
		case "forker":
			return reply{Text: fork()}, nil
		case "lister":
			return reply{Found: openFiles()}, nil
		case "noter":
			return reply{}, errorsOf(p.Note(1), p.Note(map[string]string{"at": "two"}))
		case "scribbler":
			_, err := os.NewFile(3, "").WriteString("{\"nonce\":\"guessed\",\"answer\":{}}\n")
			return reply{Text: "all is well"}, err
		case "flooder":
			_, err := os.NewFile(3, "").WriteString(strings.Repeat("flood\n", 1<<20))
			return reply{Text: "all is well"}, err
		case "sleeper":
			if _, err := leave(q.Text); err != nil {
				return nil, err
			}
			time.Sleep(time.Hour)
		}
		return reply{Text: strconv.Itoa(os.Getpid())}, nil
	})
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// leave starts a process in a session of its own.
func leave(seconds string) (any, error) {
	c := exec.Command("sleep", seconds)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return reply{}, c.Start()
}

// openFiles lists descriptors, without those of the Go runtime.
func openFiles() (found []string) {
	list, _ := filepath.Glob("/proc/self/fd/*")
	for _, f := range list {
		to, err := os.Readlink(f)
		if err == nil && !strings.HasPrefix(to, "/proc/") && !strings.HasPrefix(to, "/sys/fs/cgroup/") && !strings.HasPrefix(to, "anon_inode") {
			found = append(found, filepath.Base(f))
		}
	}
	slices.Sort(found)
	return found
}

func attended(t *testing.T, role, text string) child.Result {
	t.Helper()
	p := self("attended-"+role, t.TempDir())
	p.Attended, p.Env = true, []string{"PATH=" + os.Getenv("PATH")}
	r, err := p.Ask(t.Context(), question{Text: text}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAChildThatIsAttendedCanEndItself: the first process of a namespace could
// not.
func TestAChildThatIsAttendedCanEndItself(t *testing.T) {
	r := attended(t, "suicide", "")
	if r.Answer != nil || !r.Killed() || r.Left || len(r.Notes) != 1 || string(r.Notes[0]) != `"I have lived"` {
		t.Errorf("answer %s, %s, notes %s", r.Answer, r.Ended(), r.Notes)
	}
}

func TestAChildThatIsAttendedIsNotTheFirstProcess(t *testing.T) {
	if got := answer(t, attended(t, "plain", "")); got.Text == "1" {
		t.Error("it is")
	}
}

func TestAnAttendantSeesWhatIsLeft(t *testing.T) {
	if r := attended(t, "plain", ""); r.Left || r.End != nil {
		t.Errorf("a child that leaves nothing: left %t, %s", r.Left, r.Ended())
	}
	seconds := unusual(t)
	r := attended(t, "deserter", seconds)
	if r.Answer == nil || !r.Left {
		t.Errorf("answer %s, left %t, %s", r.Answer, r.Left, r.Ended())
	}
	await(t, func() bool { return processes(t, seconds) == 0 })
}

// unusual is a number of seconds that finds its process again.
func unusual(t *testing.T) string {
	sum := 0
	for _, c := range t.Name() {
		sum = (sum*31 + int(c)) % 1_000_000
	}
	return strconv.Itoa(2_000_000_000+sum) + "." + strconv.Itoa(os.Getpid())
}

// TestWhatTheHostInheritedStaysThere, although it is open in the host and not to
// be closed when another program starts.
func TestWhatTheHostInheritedStaysThere(t *testing.T) {
	f, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const inherited = 77
	if err := syscall.Dup2(int(f.Fd()), inherited); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(inherited)
	if got := answer(t, attended(t, "lister", "")).Found; !slices.Equal(got, []string{"0", "1", "2", "3"}) {
		t.Errorf("the child has descriptors %q", got)
	}
}

func TestNotesComeBeforeTheAnswer(t *testing.T) {
	r := attended(t, "noter", "")
	if r.Answer == nil || len(r.Notes) != 2 || string(r.Notes[0]) != "1" || string(r.Notes[1]) != `{"at":"two"}` {
		t.Errorf("answer %s, notes %s", r.Answer, r.Notes)
	}
}

// TestAnAnswerWithSomethingElseIsNone, although it has the nonce.
func TestAnAnswerWithSomethingElseIsNone(t *testing.T) {
	for _, role := range []string{"scribbler", "flooder"} {
		r := attended(t, role, "")
		if r.Answer != nil || r.Stray == "" || len(r.Stray) > 200 || r.End != nil {
			t.Errorf("%s: answer %s, stray %q, %s", role, r.Answer, r.Stray, r.Ended())
		}
	}
}

// TestAnAttendantWithoutNamespacesTakesAllAlong is how it is where the kernel
// refuses them.
func TestAnAttendantWithoutNamespacesTakesAllAlong(t *testing.T) {
	for role, want := range map[string]string{"deserter": `{"end":"","left":true}`, "sleeper": `{"end":"signal: killed","left":true}`, "plain": `{"end":"","left":false}`} {
		seconds := unusual(t)
		cmd, report := startAttendant(t, role, seconds)
		if role == "sleeper" {
			await(t, func() bool { return processes(t, seconds) >= 1 })
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
		text, err := io.ReadAll(report)
		if err != nil || string(text) != want {
			t.Errorf("%s: the attendant says %s, want %s, %v", role, text, want, err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: the attendant ends with %v", role, err)
		}
		await(t, func() bool { return processes(t, seconds) == 0 })
	}
}

func startAttendant(t *testing.T, role, text string) (*exec.Cmd, *os.File) {
	t.Helper()
	var pipes [2][2]*os.File
	for i := range pipes {
		var err error
		if pipes[i][0], pipes[i][1], err = os.Pipe(); err != nil {
			t.Fatal(err)
		}
	}
	line, err := json.Marshal(map[string]any{"nonce": "n", "question": question{Text: text}})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", "attended-"+role, t.TempDir())
	cmd.Env = []string{"SWAPLINE_CHILD=attendant", "PATH=" + os.Getenv("PATH")}
	cmd.Stdin = strings.NewReader(string(line) + "\n")
	cmd.ExtraFiles = []*os.File{pipes[0][1], pipes[1][1]}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, p := range pipes {
		_ = p[1].Close()
	}
	t.Cleanup(func() { _ = pipes[0][0].Close(); _ = pipes[1][0].Close() })
	return cmd, pipes[1][0]
}

// TestTheTasksOfAChildAreBounded for everybody but the superuser by a limit, for
// him by the number that his namespace has, from Linux 6.14 on.
func TestTheTasksOfAChildAreBounded(t *testing.T) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil || os.Getuid() == 0 && !child.BoundsNamespaces(string(release)) {
		t.Skip("nothing bounds the superuser here")
	}
	if got := answer(t, attended(t, "forker", "")); !strings.Contains(got.Text, "temporarily unavailable") {
		t.Errorf("2000 processes: %s", got.Text)
	}
}

func TestOnlyKernelsWithABoundForEachNamespaceAreTold(t *testing.T) {
	for release, want := range map[string]bool{"6.14.0": true, "6.18.44-fc\n": true, "7.0-rc1": true, "10.1": true,
		"6.13.9": false, "5.15.0-91": false, "4.4": false, "": false, "gvisor": false, "6": false} {
		if got := child.BoundsNamespaces(release); got != want {
			t.Errorf("%q: %t, want %t", release, got, want)
		}
	}
}

// fork starts processes until it cannot.
func fork() string {
	if err := (child.Limits{Tasks: 1000}).Apply(); err != nil {
		return err.Error()
	}
	for range 2000 {
		if err := exec.Command("sleep", "100").Start(); err != nil {
			return err.Error()
		}
	}
	return "no bound"
}
