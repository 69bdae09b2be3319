package compiler

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/swapline/swapline/runtime/child"
)

// play is a child of this test: an honest one, or one that is not.
func play(role, starts string) int {
	count(starts)
	switch role {
	case "honest":
		return Main(sources())
	case "silent":
		return 0
	case "garbage":
		_, _ = os.NewFile(3, "").WriteString("{\"nonce\":\"guessed\",\"answer\":{\"files\":[]}}\n\x00\xff")
		return 0
	case "words":
		_, _ = os.Stdout.WriteString("{\"answer\":{\"files\":[{\"name\":\"x\"}]}}\n")
		return 0
	case "sleeper":
		startGrandchild()
		return sleep()
	case "grandchild":
		return sleep()
	case "dies late":
		return Main(sources()) + 7
	}
	return child.Main(func(q question, module io.Reader) (any, error) {
		b, err := io.ReadAll(module)
		if err != nil {
			return nil, err
		}
		if err := q.Limits.apply(); err != nil {
			return nil, err
		}
		v, err := q.run(sources(), b)
		if err != nil {
			return nil, err
		}
		return cheat(role, q.Dir, v)
	})
}

// startGrandchild starts a process in a group of its own.
func startGrandchild() {
	c := exec.Command("/proc/self/exe", "grandchild", os.Args[2])
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	_ = c.Start()
}

func sleep() int {
	for {
		time.Sleep(time.Hour)
	}
}

// cheat does something else than it says.
func cheat(role, dir string, v verdict) (verdict, error) {
	made := filepath.Join(dir, filepath.FromSlash(v.Files[0].Name))
	switch role {
	case "greedy":
		sink := make([]byte, 1<<30)
		_, err := rand.Read(sink)
		return v, err
	case "dies":
		os.Exit(0)
	case "extra file":
		return v, os.WriteFile(filepath.Join(dir, "extra"), []byte("x"), 0o600)
	case "many files":
		for i := range maxFiles + 1 {
			f := file{Name: string(rune('a' + i)), Size: 1, SHA256: sumOf("x")}
			if err := os.WriteFile(filepath.Join(dir, f.Name), []byte("x"), 0o600); err != nil {
				return v, err
			}
			v.Files = append(v.Files, f)
		}
	case "no file":
		v.Files = nil
	case "missing file":
		return v, os.Remove(made)
	case "other bytes":
		return v, os.WriteFile(made, []byte("other bytes"), 0o600)
	case "link":
		return v, errors.Join(os.Rename(made, starts(dir)), os.Symlink(starts(dir), made))
	case "outside":
		v.Files[0].Name = "../../../" + v.Files[0].Name
	case "huge":
		v.Files[0].Size = 1 << 60
	}
	return v, nil
}

// starts is a file outside of the child's folder.
func starts(dir string) string { return filepath.Join(filepath.Dir(dir), "elsewhere") }

func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
