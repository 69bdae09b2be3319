package child_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/child"
)

// TestMain makes the test binary its own child, which ends at once: the race
// detector waits for a second in os.Exit. Its arguments: ROLE MARK.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && !strings.HasPrefix(os.Args[1], "-") {
		syscall.Exit(play(os.Args[1]))
	}
	os.Exit(m.Run())
}

type question struct {
	Text   string
	Limits child.Limits
}

type reply struct {
	Text, Input string
	Env         []string
	Found       []string
}

func play(role string) int {
	if role, ok := strings.CutPrefix(role, "attended-"); ok {
		return playAttended(role)
	}
	switch role {
	case "silent":
		return 0
	case "garbage":
		_, _ = os.NewFile(3, "").WriteString("{\"nonce\":\"guessed\",\"answer\":{}}\n")
		return 0
	case "talker":
		_, _ = os.Stdout.WriteString(strings.Repeat("talk ", 1<<20) + "last words\n")
		return 3
	case "late":
		return child.Main(echo) + 7
	case "parent":
		_, _ = self("sleeper", os.Args[2]).Ask(context.Background(), question{}, nil)
		return 0
	case "nested":
		_, err := self("echo", os.Args[2]).Ask(context.Background(), question{}, nil)
		return child.Main(func(question, io.Reader) (any, error) { return reply{Text: fmt.Sprint(err)}, nil })
	}
	return child.Main(func(q question, in io.Reader) (any, error) {
		if err := q.Limits.Apply(); err != nil {
			return nil, err
		}
		switch role {
		case "sleeper":
			fmt.Println("asleep")
			time.Sleep(time.Hour)
		case "spinner":
			for n := 0; ; n++ {
			}
		case "greedy":
			return reply{Text: fmt.Sprint(takeMemory(1 << 30))}, nil
		case "writer":
			return reply{Text: fmt.Sprint(os.WriteFile(q.Text, make([]byte, 1<<20), 0o600))}, nil
		case "opener":
			return reply{Text: fmt.Sprint(openMany())}, nil
		case "failing":
			return nil, errors.New("no such luck")
		case "looker":
			return look()
		}
		return echo(q, in)
	})
}

func echo(q question, in io.Reader) (any, error) {
	b, err := io.ReadAll(in)
	return reply{Text: q.Text, Input: string(b), Env: os.Environ()}, err
}

// takeMemory takes that much in pieces.
func takeMemory(size int) (taken int) {
	var pieces [][]byte
	for len(pieces) < size>>26 {
		pieces = append(pieces, make([]byte, 1<<26))
	}
	for _, p := range pieces {
		taken += len(p)
	}
	return taken
}

func openMany() error {
	for range 1000 {
		if _, err := os.Open("/dev/null"); err != nil {
			return err
		}
	}
	return nil
}

// look lists networks.
func look() (any, error) {
	list, err := net.Interfaces()
	r := reply{}
	for _, i := range list {
		r.Found = append(r.Found, i.Name)
	}
	return r, err
}

func self(role, mark string) child.Process {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return child.Process{Argv: []string{path, role, mark}, Env: []string{"GREETING=hello"}}
}

func ask(t *testing.T, role string, q question, input string) child.Result {
	t.Helper()
	r, err := self(role, t.TempDir()).Ask(t.Context(), q, []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func answer(t *testing.T, r child.Result) (got reply) {
	t.Helper()
	if err := json.Unmarshal(r.Answer, &got); err != nil {
		t.Fatalf("%v; it ended with %s%s", err, r.Ended(), r.Quote())
	}
	return got
}

// TestAChildAnswers a question with an input, both of them large.
func TestAChildAnswers(t *testing.T) {
	text, input := strings.Repeat("question\n", 10_000), strings.Repeat("input\x00\n", 10_000)
	r := ask(t, "echo", question{Text: text}, input)
	if got := answer(t, r); got.Text != text || got.Input != input || r.End != nil || r.CPU <= 0 {
		t.Errorf("%d bytes, %d bytes, %s, %v", len(got.Text), len(got.Input), r.Ended(), r.CPU)
	}
}

// TestAChildInheritsNoEnvironment, so no secret of the host.
func TestAChildInheritsNoEnvironment(t *testing.T) {
	t.Setenv("SWAPLINE_TOKEN", "secret")
	got := answer(t, ask(t, "echo", question{}, "")).Env
	slices.Sort(got)
	if want := []string{"GOTRACEBACK=single", "GREETING=hello", "SWAPLINE_CHILD=1"}; !slices.Equal(got, want) {
		t.Errorf("%d variables, want %q alone", len(got), want)
	}
}

// TestOnlyAnAnswerWithTheNonceCounts, whatever the exit code.
func TestOnlyAnAnswerWithTheNonceCounts(t *testing.T) {
	for role, ended := range map[string]string{"silent": "exit code 0", "garbage": "exit code 0", "failing": "exit status 2", "talker": "exit status 3"} {
		if r := ask(t, role, question{}, ""); r.Answer != nil || r.Ended() != ended {
			t.Errorf("%s: answer %s, %s", role, r.Answer, r.Ended())
		}
	}
	if r := ask(t, "late", question{Text: "x"}, ""); r.Answer == nil || r.End == nil {
		t.Errorf("a child that fails after its answer: %s, %v", r.Answer, r.End)
	}
}

func TestAChildsWordsAreKeptInPart(t *testing.T) {
	if r := ask(t, "failing", question{}, ""); !strings.Contains(r.Quote(), "no such luck") {
		t.Errorf("quote %q", r.Quote())
	}
	if r := ask(t, "talker", question{}, ""); len(r.Output) > 16<<10+10 || !strings.HasSuffix(r.Output, "last words\n") ||
		r.Written != 5<<20+11 || len(r.Quote()) > 600 {
		t.Errorf("%d of %d bytes are kept, %d quoted", len(r.Output), r.Written, len(r.Quote()))
	}
}

func TestAChildStartsNoChild(t *testing.T) {
	if got := answer(t, ask(t, "nested", question{}, "")); !strings.Contains(got.Text, "may not start another") {
		t.Errorf("it says %q", got.Text)
	}
}

func TestAProgramThatIsNotThereIsAnError(t *testing.T) {
	_, err := child.Process{Argv: []string{filepath.Join(t.TempDir(), "nothing")}}.Ask(t.Context(), question{}, nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
}

func TestAChildEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r, err := self("sleeper", t.TempDir()).Ask(ctx, question{}, nil)
	if err != nil || !r.Killed() {
		t.Errorf("%s, %v", r.Ended(), err)
	}
}
