package runtime_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/trust"
)

func TestRollbackGoesBackAndIsRecorded(t *testing.T) {
	w := started(t)
	first := w.deploy(release(1))
	second := w.deploy(release(2))
	out, err := w.rt.Rollback(context.Background(), runtime.Change{Strategy: name, Actor: "ann", Reason: "wrong totals"})
	must(t, err)
	if out.Generation != 3 || out.Action != "rollback" || out.Replaced.Digest != second.Release.Digest {
		t.Fatalf("rollback: %+v", out)
	}
	w.answers(1)
	last := w.status().Changes[0]
	if last.Action != "rollback" || last.From != second.Release.Digest || last.To != first.Release.Digest || last.Actor != "ann" || last.Reason != "wrong totals" {
		t.Fatalf("journal: %+v", last)
	}
	_, err = w.rt.Rollback(context.Background(), back(""))
	must(t, err)
	w.answers(2)
}

func TestSwitchOnlyGoesForward(t *testing.T) {
	w := started(t)
	for v := 1; v <= 3; v++ {
		w.deploy(release(v))
	}
	_, err := w.rt.Switch(context.Background(), back("2.0.0"))
	if p := wantCode(t, err, problem.SequenceRollback); !strings.Contains(p.Remedy, "rollback") {
		t.Fatalf("cure %q", p.Remedy)
	}
	_, err = w.rt.Rollback(context.Background(), back("1.0.0"))
	must(t, err)
	_, err = w.rt.Switch(context.Background(), back("2.0.0"))
	wantCode(t, err, problem.SequenceRollback)
	out, err := w.rt.Switch(context.Background(), back("3.0.0"))
	must(t, err)
	if out.Generation != 5 {
		t.Fatalf("generation %d", out.Generation)
	}
	again, err := w.rt.Switch(context.Background(), back("3.0.0"))
	must(t, err)
	if again.Generation != 5 || again.Release.Version != "3.0.0" {
		t.Fatalf("switch to the active release: %+v", again)
	}
	w.answers(3)
}

func TestRollbackWithNowhereToGo(t *testing.T) {
	w := started(t)
	_, err := w.rt.Rollback(context.Background(), back(""))
	wantCode(t, err, problem.UnknownStrategy)
	w.deploy(release(1))
	_, err = w.rt.Rollback(context.Background(), back(""))
	wantCode(t, err, problem.NothingToRollBack)
	_, err = w.rt.Rollback(context.Background(), back("1.0.0"))
	wantCode(t, err, problem.NothingToRollBack)
	_, err = w.rt.Rollback(context.Background(), back("9.0.0"))
	wantCode(t, err, problem.UnknownRelease)
}

func TestRollbackMayLoseAMethod(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	b := behaving(2, tck.ValidateOK)
	b.Methods = []string{abi.MethodExecute, abi.MethodValidate}
	_, err := w.rt.Deploy(context.Background(), w.renewing(b))
	must(t, err)
	_, err = w.rt.Rollback(context.Background(), back(""))
	must(t, err)
	w.answers(1)
}

func TestAReleaseIsNamedByDigestPrefixOrVersion(t *testing.T) {
	w := started(t)
	one := w.deploy(release(1)).Release
	twin := release(2)
	twin.Version = "1.0.0"
	w.deploy(twin)
	w.deploy(release(3))
	_, err := w.rt.Rollback(context.Background(), back("1.0.0"))
	if p := wantCode(t, err, problem.AmbiguousRelease); !strings.Contains(p.Found, one.Digest.Short()) {
		t.Fatalf("found %q", p.Found)
	}
	_, err = w.rt.Rollback(context.Background(), back(one.Digest.Hex()[:7]))
	wantCode(t, err, problem.UnknownRelease)
	for _, form := range []string{one.Digest.Hex()[:8], one.Digest.Hex(), string(one.Digest), "sha256:" + one.Digest.Hex()[:12]} {
		out, err := w.rt.Rollback(context.Background(), back(form))
		must(t, err)
		if out.Release.Digest != one.Digest {
			t.Fatalf("%q means %s", form, out.Release.Digest)
		}
		_, err = w.rt.Switch(context.Background(), back("3.0.0"))
		must(t, err)
	}
}

func TestARestartServesWhatWasServed(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	before := w.deploy(release(2))
	w.restart()
	if resp := w.answers(2); resp.Generation != before.Generation || resp.Release.Digest != before.Release.Digest {
		t.Fatalf("after the restart: %+v", resp)
	}
	if out, err := w.rt.Rollback(context.Background(), back("")); err != nil || out.Generation != 3 {
		t.Fatalf("rollback after a restart: %+v %v", out, err)
	}
	w.answers(1)
}

func TestAHeldReleaseSurvivesARestart(t *testing.T) {
	w := started(t)
	w.hold(release(1))
	w.restart()
	if got := w.rt.Strategies(); fmt.Sprint(got) != "[adder]" {
		t.Fatalf("strategies %v", got)
	}
	_, err := w.rt.Execute(context.Background(), name, sum(1, 2))
	wantCode(t, err, problem.NoActiveRelease)
	if st := w.status(); st.Generation != 0 || st.Stable != nil {
		t.Fatalf("status %+v", st)
	}
	_, err = w.rt.Switch(context.Background(), back("1.0.0"))
	must(t, err)
	w.answers(1)
}

// revoking is the world's policy with digests revoked.
func (w *world) revoking(digests ...manifest.Digest) *trust.Policy {
	doc := trust.DevelopmentPolicy(w.key, time.Now())
	doc.RevokedDigests = digests
	return policyOf(w.t, w.key, doc)
}

func TestARevokedReleaseDoesNotComeBack(t *testing.T) {
	w := started(t)
	one := w.deploy(release(1)).Release
	two := w.deploy(release(2)).Release
	w.policy = w.revoking(one.Digest)
	w.restart()
	w.answers(2)
	_, err := w.rt.Rollback(context.Background(), back(""))
	wantCode(t, err, problem.DigestRevoked)
	w.answers(2)

	w.policy = w.revoking(one.Digest, two.Digest)
	w.restart()
	_, err = w.rt.Execute(context.Background(), name, sum(1, 2))
	wantCode(t, err, problem.NoActiveRelease)
	st := w.status()
	if !strings.Contains(st.Problem, string(problem.DigestRevoked)) || st.Generation != 2 || st.Stable == nil {
		t.Fatalf("status %+v", st)
	}
	up := w.upload(release(3))
	up.IfGeneration = new(st.Generation)
	out, err := w.rt.Deploy(context.Background(), up)
	must(t, err)
	if out.Generation != 3 || w.status().Problem != "" {
		t.Fatalf("cured: %+v, status %+v", out, w.status())
	}
	w.answers(3)
}

// TestAnExpiredReleaseIsNotAcceptedButServesOn keeps an expiry date from
// becoming an outage: it bounds when a release may be accepted, not how long it
// may run.
func TestAnExpiredReleaseIsNotAcceptedButServesOn(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	w.deploy(release(2))
	w.cfg.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	w.restart()
	w.answers(2)
	_, err := w.rt.Rollback(context.Background(), back(""))
	must(t, err)
	w.answers(1)
	_, err = w.rt.Deploy(context.Background(), w.upload(release(3)))
	wantCode(t, err, problem.ManifestExpired)
}

func TestABrokenRouteDoesNotKeepOthersFromServing(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	other := release(5)
	other.Name = "other"
	w.deploy(other)
	digest := fmt.Sprintf("%x", sha256.Sum256(other.artifact))
	w.close()
	damage(t, w.dir, digest)
	w.openStore()
	w.cfg.Store = w.store
	w.open()
	w.answers(1)
	_, err := w.rt.Execute(context.Background(), "other", sum(1, 2))
	wantCode(t, err, problem.NoActiveRelease)
	if got := w.rt.Strategies(); fmt.Sprint(got) != "[adder other]" {
		t.Fatalf("strategies %v", got)
	}
}

// damage flips a bit of an artifact's file.
func damage(t testing.TB, dir, digest string) {
	t.Helper()
	found := false
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, digest) {
			return err
		}
		found = true
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		content[0] ^= 1
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		return os.WriteFile(path, content, 0o600)
	}))
	if !found {
		t.Fatal("no such artifact")
	}
}

func TestWatchersLearnOfEachGeneration(t *testing.T) {
	w := started(t)
	_, _, err := w.rt.Watch(name)
	wantCode(t, err, problem.UnknownStrategy)
	w.deploy(release(1))
	for v := 2; v <= 4; v++ {
		generation, changed, err := w.rt.Watch(name)
		must(t, err)
		if generation != uint64(v-1) {
			t.Fatalf("generation %d before deploy %d", generation, v)
		}
		w.deploy(release(v))
		<-changed
	}
}

func TestReleasesAreListedBySequence(t *testing.T) {
	w := started(t)
	b := release(1)
	b.Labels = map[string]string{"commit": "abc"}
	w.deploy(b)
	w.hold(release(3))
	w.deploy(release(2))
	list, err := w.rt.Releases(context.Background(), name)
	must(t, err)
	var got []string
	for _, r := range list {
		got = append(got, fmt.Sprint(r.Version, r.Active))
	}
	if fmt.Sprint(got) != "[1.0.0false 2.0.0true 3.0.0false]" || list[0].Labels["commit"] != "abc" || list[0].Expires.IsZero() {
		t.Fatalf("releases %v, %+v", got, list[0])
	}
	_, err = w.rt.Releases(context.Background(), "nobody")
	wantCode(t, err, problem.UnknownStrategy)
}
