package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
)

// restartLimit is how long a killed host may take to serve again.
const restartLimit = 20 * time.Second

// check starts the host again, asks it what it serves, kills it and looks at its
// store.
func (h *host) check(_ []string, t tally) error {
	for _, f := range h.found {
		t.contradict("%s", f)
	}
	h.found = nil
	h.restart(t)
	h.checkStore(t)
	h.count()
	return nil
}

// restart asks a host that was started after a kill.
func (h *host) restart(t tally) {
	h.again(t, restartLimit, func(ctx context.Context, c *client) {
		h.checkList(ctx, c, t) // first: to ask for a strategy may be what brings it to mind
		for _, s := range h.subjects {
			h.checkAnswers(ctx, c, s, t)
		}
		h.checkStaging(t)
	})
}

// again starts a host after a kill, asks it, and kills it.
func (h *host) again(t tally, limit time.Duration, ask func(context.Context, *client)) {
	cmd := h.command()
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.contradict("restart: %v", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); cancel(); close(exited) }()
	c, err := h.client(ctx, cmd.Process.Pid)
	if err == nil {
		ask(ctx, c)
		c.close()
	}
	_ = cmd.Process.Kill()
	<-exited
	if err != nil {
		t.contradict("the killed host does not start: %v: %s", err, strings.TrimSpace(complaint.String()))
	}
}

// checkAnswers wants the strategy to be exactly old or new, and to answer so.
func (h *host) checkAnswers(ctx context.Context, c *client, s *subject, t tally) {
	st, r, err := c.status(ctx, s.name)
	if err != nil {
		t.contradict("status of %s: %v", s.name, err)
		return
	}
	s.mu.Lock()
	s.adoptLocked(st.Generation)
	stable, generation := s.stableLocked(), uint64(len(s.journal))
	s.checkServedLocked(t)
	s.mu.Unlock()
	for g := st.Generation + 1; g <= generation; g++ {
		t.lose("generation %d of %s", g, s.name)
	}
	if stable == "" {
		if st.Generation != 0 {
			t.contradict("%s serves although nothing was deployed: %v", s.name, r)
		}
		return
	}
	if st.Stable == nil || st.Stable.Digest != stable || st.Problem != "" || st.Generation != generation {
		t.contradict("%s must serve %s as generation %d: %v", s.name, stable.Short(), generation, r)
		return
	}
	a, r, err := c.execute(ctx, s.name)
	if err != nil || a.digest != stable || a.generation != generation {
		t.contradict("%s must answer as %s, generation %d: %+v %v %v", s.name, stable.Short(), generation, a, r, err)
	}
	if wrong := s.whole(a); wrong != "" {
		t.contradict("after the restart: %s", wrong)
	}
}

// adoptLocked decides from the generation whether the change that was not
// acknowledged has happened. Whether a hold has is told by the store.
func (s *subject) adoptLocked(generation uint64) {
	if s.pending == nil || s.pending.action == hold {
		return
	}
	if generation == uint64(len(s.journal))+1 {
		s.applyLocked()
	}
	s.pending = nil
}

// checkServedLocked wants every generation that answered before the kill to be
// there: an answer must never come from a release whose activation can be lost.
func (s *subject) checkServedLocked(t tally) {
	for generation, digest := range s.served {
		if generation == 0 || generation > uint64(len(s.journal)) {
			t.contradict("%s answered as generation %d, which is lost", s.name, generation)
		} else if to := s.journal[generation-1].to; to != digest {
			t.contradict("%s answered as %s in generation %d, which is %s", s.name, digest.Short(), generation, to.Short())
		}
	}
	clear(s.served)
}

// checkList wants every strategy with an accepted release to be listed, also one
// whose releases were only held.
func (h *host) checkList(ctx context.Context, c *client, t tally) {
	r, err := c.do(ctx, request{method: http.MethodGet})
	if err != nil || r.status != http.StatusOK {
		t.contradict("list of strategies: %v %v", r, err)
		return
	}
	for _, s := range h.subjects {
		if len(s.accepted) > 0 && !bytes.Contains(r.body, fmt.Appendf(nil, `"strategy":%q`, s.name)) {
			t.contradict("%s is not listed", s.name)
		}
	}
}

// checkStaging wants unfinished uploads to be gone.
func (h *host) checkStaging(t tally) {
	left, err := os.ReadDir(h.data("store", "staging"))
	if err != nil || len(left) > 0 {
		t.contradict("unfinished uploads are left after a restart: %v %v", left, err)
	}
}

// checkStore wants the whole journal, all accepted releases and exactly their
// artifacts.
func (h *host) checkStore(t tally) {
	s, err := boltstore.Open(h.data("store"))
	if err != nil {
		t.contradict("open the store: %v", err)
		return
	}
	defer s.Close() //nolint:errcheck // only read
	var names []string
	for _, sub := range h.subjects {
		names = append(names, sub.name)
		sub.checkStored(s, t)
	}
	if err := checkFiles(h.data("store"), s, names, t); err != nil {
		t.contradict("files: %v", err)
	}
}

// checkStored compares a strategy with its store.
func (s *subject) checkStored(stored *boltstore.Store, t tally) {
	ctx := context.Background()
	releases, err := stored.Releases(ctx, s.name)
	if err != nil {
		t.contradict("releases of %s: %v", s.name, err)
	}
	there := map[manifest.Digest]bool{}
	for _, r := range releases {
		there[r.Digest] = true
		if s.pending != nil && s.pending.to == r.Digest { // the hold has happened
			s.applyLocked()
		}
		if !s.accepted[r.Digest] {
			t.contradict("%s has release %s, which was not accepted", s.name, r.Version)
		}
		checkBytes(ctx, stored, r.Artifact, t)
	}
	s.pending = nil
	for d := range s.accepted {
		if !there[d] {
			t.lose("release %s of %s", s.versions[d], s.name)
		}
	}
	changes, err := stored.Changes(ctx, s.name, store.Newest, 1<<30)
	var journal []entry
	for _, c := range slices.Backward(changes) {
		journal = append(journal, entry{c.Action, c.To})
	}
	if err != nil || !slices.Equal(journal, s.journal) {
		t.contradict("journal of %s has %d entries, not the %d expected: %v", s.name, len(journal), len(s.journal), err)
	}
}

// checkBytes wants an artifact byte for byte.
func checkBytes(ctx context.Context, s *boltstore.Store, want manifest.Digest, t tally) {
	a, err := s.Artifact(ctx, want)
	if err != nil {
		t.contradict("artifact %s: %v", want.Short(), err)
		return
	}
	content, err := os.ReadFile(a.Path)
	if err != nil || digest(string(content)) != want {
		t.contradict("bytes of artifact %s: %v", a.Path, err)
	}
}
