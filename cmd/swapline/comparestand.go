package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// stand is where files are compared: a runtime of its own, in a folder of its
// own, which trusts one key that exists as long as it does. Whether a release may
// be run at all was decided before that by the user's policy; the stand's own
// grants the same capabilities and engines.
type stand struct {
	app      *app
	options  compareOptions
	folder   dataFolder
	key      trust.Key
	mine     *trust.Policy // the user's; nil if there is none
	none     error         // why there is none
	rt       *runtime.Runtime
	built    map[string]string          // artifacts by kind and folder
	held     map[string]runtime.Release // by artifact
	strategy string                     // that the arms have in common
	undo     cleanup
}

// openStand makes a stand for these arms in an empty folder; close it in any case.
func (a *app) openStand(ctx context.Context, folder dataFolder, arms []armSpec, o compareOptions) (*stand, error) {
	s := &stand{app: a, options: o, folder: folder, built: map[string]string{}, held: map[string]runtime.Release{}}
	err := s.folder.prepare()
	if err != nil {
		return s, err
	}
	if s.key, err = trust.GenerateKey(custodian()); err != nil {
		return s, err
	}
	s.mine, s.none = a.readPolicy(o.policy, time.Now())
	if problem.CodeOf(s.none) != problem.PolicyMissing && s.none != nil {
		return s, s.none // one that is there must not be passed over
	}
	policy, err := s.policy(time.Now())
	if err != nil {
		return s, err
	}
	return s, s.open(ctx, policy, enginesOf(arms))
}

// close ends the runtime and closes all files.
func (s *stand) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	return s.undo.run(ctx)
}

// enginesOf lists the engines that arms name.
func enginesOf(arms []armSpec) (list []string) {
	for _, s := range arms {
		if e := s.engine(); e != "" && e != wazeroengine.Name {
			list = append(list, e)
		}
	}
	return list
}

// policy trusts the stand's key alone, and allows what the user's policy allows.
func (s *stand) policy(now time.Time) (*trust.Policy, error) {
	doc := trust.DevelopmentPolicy(s.key, now)
	if s.mine != nil {
		user := s.mine.Document()
		doc.Capabilities, doc.Engines, doc.RevokedDigests = user.Capabilities, user.Engines, user.RevokedDigests
	}
	payload, err := doc.Encode()
	if err != nil {
		return nil, err
	}
	envelope, err := trust.Sign(trust.PayloadType, payload, s.key)
	if err != nil {
		return nil, err
	}
	u, err := trust.ReadUnverified(envelope)
	if err != nil {
		return nil, err
	}
	return trust.OpenPolicy(envelope, u.Digest, now)
}

// open starts the runtime.
func (s *stand) open(ctx context.Context, policy *trust.Policy, engines []string) error {
	log := slog.New(slog.DiscardHandler) // what goes wrong comes back as an error
	store, err := boltstore.Open(s.folder.path("store"))
	if err != nil {
		return err
	}
	s.undo.add(func(context.Context) error { return store.Close() })
	services := capability.Services{Log: log, State: new(capability.Memory)}.Open()
	s.undo.add(func(context.Context) error { services.Close(); return nil })
	drivers, err := openDrivers(ctx, s.folder, serveOptions{engines: engines, maxPlugins: 64}, policy.Engines(), log)
	if err != nil {
		return needsOtherBinary(err)
	}
	s.rt, err = runtime.Open(ctx, runtime.Config{Store: store, Drivers: drivers, Policy: policy, Audience: s.options.audience, HostVersion: hostVersion,
		Capabilities: services, Engines: append([]string{wazeroengine.Name}, engines...), Log: log})
	if err != nil {
		return errors.Join(err, closeDrivers(ctx, drivers))
	}
	s.undo.add(s.rt.Close)
	return nil
}

// needsOtherBinary says how to get a program with the engine that is missing.
func needsOtherBinary(err error) error {
	var p *problem.Error
	if errors.As(err, &p) && p.Code == problem.EngineUnknown {
		return p.Cure("build a program that has it, make build-wasmtime, and call bin/swapline-wasmtime compare instead; %s needs linux/amd64", wasmtimeengine.Name)
	}
	return err
}

// bring makes an arm's release one of the stand's runtime, which checks it as a
// server does but serves it to nobody.
func (s *stand) bring(ctx context.Context, arm armSpec) (runtime.Release, error) {
	artifact, err := s.artifact(ctx, arm)
	if err != nil {
		return runtime.Release{}, err
	}
	file, err := readArtifact(artifact)
	if err != nil {
		return runtime.Release{}, err
	}
	if err := arm.fits(file.Kind); err != nil {
		return runtime.Release{}, err
	}
	if r, ok := s.held[artifact]; ok {
		return r, nil
	}
	r, err := s.hold(ctx, arm, file)
	if err == nil {
		s.held[artifact] = r
	}
	return r, err
}

// hold takes an artifact in.
func (s *stand) hold(ctx context.Context, arm armSpec, file artifact) (runtime.Release, error) {
	envelope, err := s.envelope(arm, file)
	if err != nil {
		return runtime.Release{}, err
	}
	return s.deploy(ctx, arm, file.Path, envelope)
}

// artifact is the arm's file; a folder is built, once for each kind.
func (s *stand) artifact(ctx context.Context, arm armSpec) (string, error) {
	if arm.place == placeFile {
		return strings.TrimSuffix(arm.path, envelopeSuffix), nil
	}
	whole, err := filepath.Abs(arm.path)
	if err != nil {
		return "", err
	}
	id := string(arm.kind()) + " " + whole
	if s.built[id] != "" {
		return s.built[id], nil
	}
	source, err := readSource(filepath.Join(arm.path, sourceFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", usageError{fmt.Errorf("arm %q: there is no %s in this folder: name the folder of a strategy's source", arm.text, sourceFile)}
	}
	if err != nil {
		return "", err
	}
	out := s.folder.path("built", fmt.Sprint(len(s.built)))
	if err := os.MkdirAll(out, 0o700); err != nil {
		return "", storeProblem(err)
	}
	b, err := s.app.buildKind(ctx, source, arm.path, arm.kind(), buildOptions{out: out})
	s.built[id] = b.Path
	return b.Path, err
}

// envelope is the arm's signed manifest, with the stand's signature. A file's must
// have the user's trust; source was built here and now, and is the user's own.
func (s *stand) envelope(arm armSpec, file artifact) ([]byte, error) {
	if arm.place == placeFolder {
		return s.sign(file)
	}
	text, err := readAtMost(file.Path+envelopeSuffix, trust.MaxEnvelope)
	if errors.Is(err, fs.ErrNotExist) {
		return s.unsigned(arm, file)
	}
	if err != nil {
		return nil, err
	}
	if s.mine == nil {
		return nil, s.none
	}
	v, err := trust.Open(s.mine, text, trust.Context{Now: time.Now(), Audience: s.options.audience, HostVersion: hostVersion})
	if err != nil {
		return nil, err
	}
	if err := sameArtifact(v.Manifest(), file); err != nil {
		return nil, err
	}
	return trust.AddSignature(text, s.key) // the payload, and so the digest, stays what it is
}

// unsigned refuses a file without an envelope, unless the user insists.
func (s *stand) unsigned(arm armSpec, file artifact) ([]byte, error) {
	if !s.options.unsigned {
		return nil, problem.New(problem.SignatureMissing, "%s has no envelope: nobody answers for it", file.Path).
			Want("%s beside it", filepath.Base(file.Path)+envelopeSuffix).
			Cure("sign it: swapline sign %s; or name its source folder; or, for a file that you made yourself, give --insecure-unsigned", arm.path)
	}
	return s.sign(file)
}

// ownSequences is where the sequences of what the stand signs begin: above those of
// people, since no two releases may have the same one.
const ownSequences = 1 << 52

// What the stand signs is issued and expires at times of its own, so that the same files
// are releases of the same digest whenever they are compared, as a plan has it that was
// carried out. Its key ends with it, long before.
const (
	ownIssued   = 1_577_836_800 // the beginning of 2020, Unix seconds
	ownValidity = 200 * 365 * 24 * time.Hour
)

// sign makes a manifest of the source beside an artifact. Sequences rise:
// several artifacts may be the same version. For whom and from when it is meant says
// the one who will release it.
func (s *stand) sign(file artifact) ([]byte, error) {
	source, err := readSource(besideArtifact(file.Path))
	if err != nil {
		return nil, err
	}
	delete(source, "audience")
	delete(source, "not_before")
	m, err := source.complete(file, signOptions{sequence: ownSequences + int64(len(s.held)), validFor: ownValidity}, time.Unix(ownIssued, 0))
	if err != nil {
		return nil, err
	}
	payload, err := m.Encode()
	if err != nil {
		return nil, err
	}
	return trust.Sign(manifest.PayloadType, payload, s.key)
}

func (s *stand) deploy(ctx context.Context, arm armSpec, artifact string, envelope []byte) (runtime.Release, error) {
	name, err := claimedStrategy(envelope)
	if err != nil {
		return runtime.Release{}, err
	}
	if s.strategy != "" && name != s.strategy {
		return runtime.Release{}, usageError{fmt.Errorf("arm %q is a release of %s, the ones before it are of %s: only releases of one strategy can be compared", arm.text, name, s.strategy)}
	}
	s.strategy = name
	f, err := os.Open(artifact)
	if err != nil {
		return runtime.Release{}, usageError{err}
	}
	defer f.Close()
	progress := s.app.spin("checking " + arm.text)
	defer progress.stop()
	out, err := s.rt.Deploy(ctx, runtime.Upload{Strategy: name, Envelope: envelope, Artifact: f, Hold: true, NewBaseline: true,
		Progress: func(stage string) { _, _ = progress.Write([]byte(doing(stage))) }})
	return out.Release, err
}
