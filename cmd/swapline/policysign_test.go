package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
)

// operator runs commands on a data folder.
type operator struct {
	t    *testing.T
	data dataFolder
}

func (o operator) run(args ...string) (string, error) {
	o.t.Helper()
	var out bytes.Buffer
	a := &app{stdout: &out, stderr: new(bytes.Buffer), data: string(o.data)}
	c := a.policyCommand()
	c.SetArgs(append([]string{}, args...)) // nil would be the arguments of this process
	c.SilenceErrors, c.SilenceUsage = true, true
	err := c.ExecuteContext(o.t.Context())
	return out.String(), err
}

// adopted opens the policy as a server does at its start.
func (o operator) adopted() (*trust.Policy, error) {
	o.t.Helper()
	s, err := boltstore.Open(o.data.path("store"))
	if err != nil {
		o.t.Fatal(err)
	}
	defer s.Close()
	return o.data.openPolicy(o.t.Context(), s, time.Now(), slog.New(slog.DiscardHandler))
}

func TestAnOperatorShowsEditsAndSignsThePolicy(t *testing.T) {
	o := operator{t, dataFolder(t.TempDir())}
	if err := errors.Join(o.data.prepare(), o.data.bootstrapTrust(time.Now())); err != nil {
		t.Fatal(err)
	}
	if p, err := o.adopted(); err != nil || p.Capabilities("risk").HTTPHosts != nil || len(p.Capabilities("risk").Allow) != 6 {
		t.Fatalf("the first policy: %+v, %v", p.Capabilities("risk"), err)
	}
	text, err := o.run()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "policy.json")
	write := func(edits ...string) {
		t.Helper()
		edited := strings.NewReplacer(edits...).Replace(text)
		if edited == text {
			t.Fatalf("nothing to edit in %s", text)
		}
		if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`"version": 1`, `"version": 2`, `"allow": [`, `"http_hosts": ["api.example.com"], "allow": ["http",`)
	if out, err := o.run(file); err != nil || !strings.Contains(out, "version 2") {
		t.Fatalf("sign: %s, %v", out, err)
	}
	p, err := o.adopted()
	if err != nil || p.Version() != 2 || len(p.Capabilities("risk").HTTPHosts) != 1 {
		t.Fatalf("adopted %+v, %v", p.Document(), err)
	}
	write(`"version": 1`, `"version": 3`, `"allow": [`, `"allow": ["http",`)
	if _, err := o.run(file); problem.CodeOf(err) != problem.PolicyMalformed {
		t.Errorf("http without hosts: %v", err)
	}
	if _, err := o.run(filepath.Join(t.TempDir(), "none.json")); err == nil {
		t.Error("a file that is not there was signed")
	}
}

func TestServicesOfAServer(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for where, code := range map[string]bool{stateOnDisk: true, stateInMemory: true, "cloud": false} {
		var undo cleanup
		folder := dataFolder(t.TempDir())
		s, err := openServices(folder, serveOptions{state: where, events: folder.path("events.jsonl")}, log, &undo)
		if (err == nil) != code {
			t.Errorf("--state %s: %v", where, err)
		}
		if s != nil {
			if err := s.State.Commit("risk", capability.Batch{Writes: map[string][]byte{"k": {0xf6}}, Keys: 1, Bytes: 10}); err != nil {
				t.Error(err)
			}
			s.Events.Deliver([]capability.Event{{Type: "t"}})
		}
		if err := undo.run(context.Background()); err != nil {
			t.Error(err)
		}
		_, onDisk := os.Stat(folder.path("state", "strategies.db"))
		if (onDisk == nil) != (where == stateOnDisk) {
			t.Errorf("--state %s: the file: %v", where, onDisk)
		}
	}
}
