package runtime_test

import (
	"bytes"
	"context"
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
)

func TestADeployedReleaseAnswersAndIsReplaced(t *testing.T) {
	w := started(t)
	first := w.deploy(release(1))
	if first.Generation != 1 || first.Action != "deploy" || first.Replaced != nil || !first.Release.Active {
		t.Fatalf("first deploy: %+v", first)
	}
	resp := w.answers(1)
	if resp.Generation != 1 || resp.Release.Digest != first.Release.Digest {
		t.Fatalf("response of generation %d, %s", resp.Generation, resp.Release.Digest)
	}
	second := w.deploy(release(2))
	if second.Generation != 2 || second.Replaced == nil || second.Replaced.Version != "1.0.0" {
		t.Fatalf("second deploy: %+v", second)
	}
	w.answers(2)
	eventually(t, "the drain of the old release", func() bool { return w.mem.Open() == 1 })
	var stages []string
	for _, c := range second.Checks {
		stages = append(stages, c.Name)
	}
	want := "verify stage match order config_schema commit grant load abi_version method_set baseline validate golden_cases activate"
	if got := strings.Join(stages, " "); got != want {
		t.Fatalf("stages %s\nwant   %s", got, want)
	}
}

func TestRedeployingTheActiveReleaseChangesNothing(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	b := release(2)
	up := w.upload(b)
	_, err := w.rt.Deploy(context.Background(), up)
	must(t, err)
	up.Artifact = bytes.NewReader(b.artifact)
	again, err := w.rt.Deploy(context.Background(), up)
	must(t, err)
	if again.Generation != 2 || again.Replaced != nil || again.Release.Version != "2.0.0" {
		t.Fatalf("again: %+v", again)
	}
	if st := w.status(); len(st.Changes) != 2 || st.Generation != 2 {
		t.Fatalf("status %+v", st)
	}
	w.answers(2)
}

func TestADryRunKeepsNothing(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	eventually(t, "quiet", func() bool { return w.mem.Open() == 1 })
	before := w.files()
	up := w.upload(release(2))
	up.DryRun = true
	out, err := w.rt.Deploy(context.Background(), up)
	must(t, err)
	if out.Action != "dry_run" || out.Generation != 1 || out.Release.Active || len(out.Checks) == 0 {
		t.Fatalf("dry run: %+v", out)
	}
	releases, err := w.rt.Releases(context.Background(), name)
	must(t, err)
	if len(releases) != 1 || w.files() != before || w.mem.Open() != 1 {
		t.Fatalf("%d releases, %d files (before %d), %d instances", len(releases), w.files(), before, w.mem.Open())
	}
	w.answers(1)
}

func TestADryRunOfANewStrategyLeavesItUnknown(t *testing.T) {
	w := started(t)
	up := w.upload(release(1))
	up.DryRun = true
	_, err := w.rt.Deploy(context.Background(), up)
	must(t, err)
	_, err = w.rt.Execute(context.Background(), name, nil)
	wantCode(t, err, problem.UnknownStrategy)
	_, err = w.rt.Status(context.Background(), name)
	wantCode(t, err, problem.UnknownStrategy)
	if n := w.rt.Strategies(); len(n) != 0 {
		t.Fatalf("strategies %v", n)
	}
}

func TestAHeldReleaseWaitsForASwitch(t *testing.T) {
	w := started(t)
	w.hold(release(1))
	_, err := w.rt.Execute(context.Background(), name, nil)
	wantCode(t, err, problem.NoActiveRelease)
	out, err := w.rt.Switch(context.Background(), back("1.0.0"))
	must(t, err)
	if out.Generation != 1 || out.Action != "switch" {
		t.Fatalf("switch: %+v", out)
	}
	w.answers(1)
}

// refusal is one upload that must not disturb what runs.
type refusal struct {
	name   string
	upload func(*world) runtime.Upload
	code   problem.Code
	check  string
}

func changed(f func(*build)) func(*world) runtime.Upload {
	return func(w *world) runtime.Upload {
		b := release(2)
		f(&b)
		return w.upload(b)
	}
}

func uploaded(f func(*world, *runtime.Upload)) func(*world) runtime.Upload {
	return func(w *world) runtime.Upload {
		up := w.upload(release(2))
		f(w, &up)
		return up
	}
}

func behaviour(of string) func(*world) runtime.Upload {
	return func(w *world) runtime.Upload {
		b := behaving(2, of)
		if strings.HasPrefix(of, "validate_") {
			b.Methods = []string{abi.MethodExecute, abi.MethodValidate}
		}
		return w.renewing(b)
	}
}

func refusals() []refusal {
	return append(refusedBeforeLoading(), refusedWhenLoaded()...)
}

func refusedBeforeLoading() []refusal {
	return []refusal{
		{"no artifact", uploaded(func(_ *world, u *runtime.Upload) { u.Artifact = nil }), problem.BadRequest, "stage"},
		{"artifact too large", uploaded(func(w *world, u *runtime.Upload) { u.Artifact = bytes.NewReader(make([]byte, 1<<20)) }), problem.BodyTooLarge, "stage"},
		{"not an envelope", uploaded(func(_ *world, u *runtime.Upload) { u.Envelope = []byte("{}") }), problem.EnvelopeMalformed, "verify"},
		{"signed by a stranger", func(w *world) runtime.Upload {
			stranger, _ := authority(w.t)
			return signedBy(w.t, release(2), stranger)
		}, problem.KeyUnknown, "verify"},
		{"uploaded under another name", uploaded(func(_ *world, u *runtime.Upload) { u.Strategy = "other" }), problem.WrongStrategy, "verify"},
		{"expired", changed(func(b *build) {
			b.NotBefore, b.Issued = b.NotBefore.Add(-48*time.Hour), b.Issued.Add(-48*time.Hour)
			b.Expires = time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
		}), problem.ManifestExpired, "verify"},
		{"for another environment", changed(func(b *build) { b.Audience = []string{"production"} }), problem.WrongAudience, "verify"},
		{"for a newer host", changed(func(b *build) { b.MinHostVersion = "9.0.0" }), problem.HostTooOld, "verify"},
		{"another artifact of the same size", uploaded(func(_ *world, u *runtime.Upload) { u.Artifact = strings.NewReader("tck\nversion 3\n") }), problem.DigestMismatch, "match"},
		{"a truncated artifact", uploaded(func(_ *world, u *runtime.Upload) { u.Artifact = strings.NewReader("tck\nversion") }), problem.SizeMismatch, "match"},
		{"the active sequence with another digest", changed(func(b *build) { b.Sequence = 1 }), problem.Equivocation, "order"},
		{"config outside of its schema", changed(func(b *build) {
			b.ConfigSchema = map[string]any{"type": "object", "properties": map[string]any{"version": map[string]any{"type": "string"}}}
		}), problem.ConfigSchema, "config_schema"},
		{"a schema that reads files", func(w *world) runtime.Upload {
			path := filepath.Join(w.dir, "schema.json")
			must(w.t, os.WriteFile(path, []byte("true"), 0o600))
			b := release(2)
			b.ConfigSchema = map[string]any{"$ref": "file://" + path}
			return w.upload(b)
		}, problem.ConfigSchema, "config_schema"},
		{"a schema that is none", changed(func(b *build) { b.ConfigSchema = map[string]any{"type": "nonsense"} }), problem.ConfigSchema, "config_schema"},
	}
}

func refusedWhenLoaded() []refusal {
	return []refusal{
		{"a kind that this host lacks", changed(func(b *build) { b.Kind = "cobol" }), problem.KindUnknown, "load"},
		{"an artifact of another kind", changed(func(b *build) { b.replaceArtifact([]byte("\x7fELF")) }), problem.KindMismatch, "load"},
		{"a constructor that refuses", behaviour(tck.ConstructError), problem.ConstructorFailed, "load"},
		{"a constructor that panics", behaviour(tck.ConstructPanic), problem.ConstructorFailed, "load"},
		{"a constructor that returns nothing", behaviour(tck.ConstructNil), problem.ConstructorFailed, "load"},
		{"a method that the code lacks", changed(func(b *build) { b.Methods = []string{abi.MethodExecute, abi.MethodValidate} }), problem.MethodSetMismatch, "method_set"},
		{"its own Validate refuses", behaviour(tck.ValidateError), problem.ValidateFailed, "validate"},
		{"its own Validate panics", behaviour(tck.ValidatePanic), problem.ValidateFailed, "validate"},
		{"a golden case with another answer", changed(func(b *build) { b.Golden[0].Output["sum"] = int64(4) }), problem.GoldenCaseFailed, "golden_cases"},
		{"a golden case that should be rejected", changed(func(b *build) { b.Golden[0].Output, b.Golden[0].Rejected = nil, "too_much" }), problem.GoldenCaseFailed, "golden_cases"},
		{"a golden case that panics", func(w *world) runtime.Upload {
			b := behaving(2, tck.Panic)
			b.Golden = []manifest.GoldenCase{{Name: "panics", Input: map[string]any{}, Output: map[string]any{}}}
			return w.upload(b)
		}, problem.GoldenCaseFailed, "golden_cases"},
		{"a golden case that is rejected with another code", func(w *world) runtime.Upload {
			b := behaving(2, tck.Reject)
			b.Golden = []manifest.GoldenCase{{Name: "rejects", Input: map[string]any{}, Rejected: "other"}}
			return w.upload(b)
		}, problem.GoldenCaseFailed, "golden_cases"},
	}
}

func TestARefusedReleaseNeverDisturbsTheRunningOne(t *testing.T) {
	for _, c := range refusals() {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.cfg.MaxArtifact = 1 << 10
			w.open()
			w.deploy(release(1))
			files := w.files()
			_, err := w.rt.Deploy(context.Background(), c.upload(w))
			if p := wantCode(t, err, c.code); p.Check != c.check {
				t.Fatalf("refused in %q, want %q: %v", p.Check, c.check, p)
			}
			if resp := w.answers(1); resp.Generation != 1 {
				t.Fatalf("generation %d", resp.Generation)
			}
			if w.mem.Open() != 1 || w.files() != files {
				t.Fatalf("%d instances, %d files, before %d", w.mem.Open(), w.files(), files)
			}
		})
	}
}

func (b *build) replaceArtifact(content []byte) {
	fresh := artifactOf(content)
	b.artifact, b.Artifact = content, fresh
}

func TestADifferenceSaysWhatWasExpectedAndFound(t *testing.T) {
	w := started(t)
	b := release(1)
	b.Golden[0].Output["sum"] = int64(4)
	_, err := w.rt.Deploy(context.Background(), w.upload(b))
	p := wantCode(t, err, problem.GoldenCaseFailed)
	if p.Expected != `{"sum":4,"version":1}` || p.Found != `{"sum":3,"version":1}` || p.Pointer != "/golden/0" || p.Remedy == "" {
		t.Fatalf("%+v", p)
	}
	b = release(1)
	b.ConfigSchema = map[string]any{"properties": map[string]any{"version": map[string]any{"maximum": int64(0)}}}
	_, err = w.rt.Deploy(context.Background(), w.upload(b))
	if p := wantCode(t, err, problem.ConfigSchema); p.Pointer != "/config/version" {
		t.Fatalf("%+v", p)
	}
}

func TestWithoutAPolicyEverythingIsRefused(t *testing.T) {
	w := newWorld(t)
	w.cfg.Policy = nil
	w.open()
	_, err := w.rt.Deploy(context.Background(), w.upload(release(1)))
	wantCode(t, err, problem.PolicyMissing)
}

func TestAStrategyNeverLosesAMethod(t *testing.T) {
	w := started(t)
	b := behaving(1, tck.ValidateOK)
	b.Methods = []string{abi.MethodExecute, abi.MethodValidate}
	w.deploy(b)
	_, err := w.rt.Deploy(context.Background(), w.upload(release(2)))
	if p := wantCode(t, err, problem.BaselineMismatch); p.Check != "baseline" {
		t.Fatalf("%+v", p)
	}
}

func TestAStaleGenerationIsRefused(t *testing.T) {
	w := started(t)
	up := w.upload(release(1))
	up.IfGeneration = new(uint64(1))
	_, err := w.rt.Deploy(context.Background(), up)
	wantCode(t, err, problem.StaleGeneration)
	up = w.upload(release(1))
	up.IfGeneration = new(uint64(0))
	_, err = w.rt.Deploy(context.Background(), up)
	must(t, err)
	up = w.upload(release(2))
	up.IfGeneration = new(uint64(0))
	_, err = w.rt.Deploy(context.Background(), up)
	wantCode(t, err, problem.StaleGeneration)
	_, err = w.rt.Rollback(context.Background(), runtime.Change{Strategy: name, IfGeneration: new(uint64(7))})
	wantCode(t, err, problem.StaleGeneration)
	w.answers(1)
}

func TestASequenceIsNeverUsedTwice(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	w.hold(release(2))
	twin := release(2)
	twin.Labels = map[string]string{"signed": "twice"}
	_, err := w.rt.Deploy(context.Background(), w.upload(twin))
	wantCode(t, err, problem.Equivocation)
	w.deploy(release(3))
	_, err = w.rt.Deploy(context.Background(), w.upload(release(2)))
	wantCode(t, err, problem.SequenceRollback)
	w.answers(3)
}
