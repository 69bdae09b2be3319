package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		os.Exit(runChild(os.Args[2:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestNothingIsLost(t *testing.T) {
	var out, complaints bytes.Buffer
	if code := run([]string{"-kills", "6", "-seed", "1"}, &out, &complaints); code != 0 {
		t.Fatalf("exit status %d: %s", code, complaints.String())
	}
	if out.String() != "crash: kills=6 lost=0 inconsistent=0\n" {
		t.Fatalf("printed %q", out.String())
	}
}

// A process that acknowledges a change before it makes it is found out.
func TestEarlyAcknowledgementIsFound(t *testing.T) {
	s := prepared(t, "-early")
	found := newTally()
	m := newMoments(1)
	for range 200 {
		if err := s.killLoop(1, m, found, io.Discard); err != nil {
			t.Fatal(err)
		}
		if len(found.lost) > 0 {
			return
		}
	}
	t.Fatal("nothing was found lost")
}

// What is broken behind the store's back is found by the next check, and nothing
// else is.
func TestDamageIsFound(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"nothing":           func(*testing.T, string) {},
		"artifact removed":  func(t *testing.T, dir string) { must(t, os.Remove(artifact(t, dir, 1))) },
		"artifact cut":      func(t *testing.T, dir string) { overwrite(t, artifact(t, dir, 1), "short") },
		"artifact changed":  func(t *testing.T, dir string) { overwrite(t, artifact(t, dir, 1), "X"+content(1)[1:]) },
		"database replaced": func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "store.db"), "no database") },
		"route removed": func(t *testing.T, dir string) {
			edit(t, dir, func(tx *bolt.Tx) error { return tx.Bucket([]byte("routes")).Delete([]byte("fx")) })
		},
		"rollout removed": func(t *testing.T, dir string) {
			edit(t, dir, func(tx *bolt.Tx) error { return deleteFirst(tx, "rollouts") })
		},
		"decision removed": func(t *testing.T, dir string) {
			edit(t, dir, func(tx *bolt.Tx) error { return deleteFirst(tx, "decisions") })
		},
		"final forgotten": func(t *testing.T, dir string) {
			edit(t, dir, func(tx *bolt.Tx) error { return deleteFirst(tx, "finals") })
		},
		"rollout policy removed": func(t *testing.T, dir string) {
			edit(t, dir, func(tx *bolt.Tx) error { return tx.Bucket([]byte("policies")).Delete([]byte("fx")) })
		},
		"journal cut": func(t *testing.T, dir string) {
			edit(t, dir, func(tx *bolt.Tx) error { return deleteFirst(tx, "journal") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := worked(t)
			damage(t, c.dir)
			ack := strings.TrimSpace(ackLine("fx", c.reached["fx"]))
			c.reached["fx"] = point{} // look at release 1 again
			found := newTally()
			must(t, c.check([]string{ack}, found))
			if (len(found.inconsistent)+len(found.lost) > 0) != (name != "nothing") {
				t.Fatalf("found %v", found)
			}
		})
	}
}

func TestLostGenerationIsFound(t *testing.T) {
	c := worked(t)
	found := newTally()
	c.reached["fx"] = c.reached["fx"].next().next()
	must(t, c.check(nil, found))
	if len(found.lost) != 2 || len(found.inconsistent) != 0 {
		t.Fatalf("found %v", found)
	}
}

func TestBadCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-kills", "0"}, {"-kills", "x"}, {"-only", "x"}, {"-nothing"}, {"more"}} {
		if code := run(args, io.Discard, io.Discard); code != 2 {
			t.Errorf("%v: exit status %d", args, code)
		}
	}
}

// worked is the check of a store on which all workers have done something.
func worked(t *testing.T) storeCheck {
	t.Helper()
	dir := t.TempDir()
	c := storeCheck{dir: dir, reached: map[string]point{}}
	s := scenario{name: "store", start: 25 * time.Millisecond, check: c.check, command: func() *exec.Cmd {
		return exec.Command(os.Args[0], childArgument, "-dir", dir)
	}}
	m := newMoments(2)
	found := newTally()
	for range 200 {
		must(t, s.killLoop(1, m, found, io.Discard))
		if c.reached["fx"].generation > 4 && c.reached["pay"].generation > 4 && c.reached["risk"].generation > 4 {
			return c
		}
	}
	t.Fatalf("no progress: %v", c.reached)
	return c
}

func prepared(t *testing.T, flags ...string) scenario {
	t.Helper()
	s, err := newStoreScenario(flags...)
	must(t, err)
	t.Cleanup(s.end)
	return s
}

func artifact(t *testing.T, dir string, n uint64) string {
	t.Helper()
	path := filepath.Join(dir, "artifacts", digest(content(n)).Hex())
	must(t, os.Chmod(path, 0o600))
	return path
}

func overwrite(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(content), 0o600))
}

func edit(t *testing.T, dir string, change func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, "store.db"), 0o600, nil)
	must(t, err)
	must(t, db.Update(change))
	must(t, db.Close())
}

// deleteFirst deletes a strategy's first record in a bucket.
func deleteFirst(tx *bolt.Tx, bucket string) error {
	b := tx.Bucket([]byte(bucket)).Bucket([]byte("fx"))
	key, _ := b.Cursor().First()
	return b.Delete(key)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
