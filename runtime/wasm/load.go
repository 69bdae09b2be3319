package wasm

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// Load implements driver.Driver; see the package comment for its steps.
func (l *loader) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	began := time.Now()
	spec = withDefaults(spec)
	if spec.Manifest.Isolation == manifest.IsolationProcess {
		return nil, problem.New(problem.ManifestMalformed, "isolation %q is for native releases", spec.Manifest.Isolation).At("/isolation").
			Cure("leave it out: every call of a module is isolated as it is")
	}
	engine, err := l.engine(spec.Manifest.Engine)
	if err != nil {
		return nil, err
	}
	memory, err := l.memoryLimit(spec.Manifest.Limits)
	if err != nil {
		return nil, err
	}
	b, err := l.read(spec)
	if err != nil {
		return nil, err
	}
	limits := l.guardLimits(spec.Manifest.Limits)
	if err := l.inspect(b, limits, memory, spec.Grant); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, driver.Interrupted(ctx)
	}
	prepared, err := snapshot.Prepare(b, limits)
	if err != nil {
		return nil, err
	}
	metered, err := meter.Rewrite(prepared.Module, limits)
	if err != nil {
		return nil, err
	}
	module, err := engine.Compile(ctx, metered, Compile{Imports: l.imports, MemoryPages: uint32(memory / guard.PageSize), Fresh: spec.Fresh})
	if err != nil {
		return nil, compileProblem(err)
	}
	return l.open(ctx, &starter{
		starts: driver.Starts{Compile: time.Since(began), Cached: !spec.Fresh},
		spec:   spec, module: module, globals: prepared.Globals, fresh: prepared.Fresh,
		bounds: boundsOf(spec.Manifest.Limits, memory), timeout: l.config.StartTimeout,
	})
}

// compileProblem gives what an engine says a code, unless it has one.
func compileProblem(err error) error {
	var p *problem.Error
	if errors.As(err, &p) {
		return p
	}
	return problem.New(problem.WasmCompile, "the engine refuses the module: %w", err).In("wasm_compile").
		Cure("build the module again with a current toolchain")
}

func withDefaults(s driver.Spec) driver.Spec {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return s
}

// read returns the artifact's bytes, which are the signed ones.
func (l *loader) read(spec driver.Spec) ([]byte, error) {
	want := spec.Manifest.Artifact
	b, err := readAtMost(spec.Path, positive(l.config.Guard.Bytes, guard.DefaultLimits().Bytes))
	if err != nil {
		return nil, err
	}
	if got := manifest.DigestOf(sha256.Sum256(b)); got != want.SHA256 {
		return nil, problem.New(problem.DigestMismatch, "the artifact on disk is not the one that was signed").In("artifact_digest").
			Want("%s", want.SHA256).Got("%s", got).Cure("upload the release again")
	}
	return b, nil
}

// readAtMost opens the file once and reads it to its end.
func readAtMost(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, problem.New(problem.StoreFailed, "the artifact cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, problem.New(problem.StoreFailed, "the artifact cannot be read: %w", err)
	}
	b := make([]byte, min(info.Size(), int64(most))+1) // one more tells whether there is more
	n, err := io.ReadFull(f, b)
	if b = b[:n]; err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, problem.New(problem.StoreFailed, "the artifact cannot be read: %w", err)
	}
	if len(b) > most {
		return nil, problem.New(problem.WasmTooLarge, "the module is too large").In("wasm_structure").
			Want("at most %d bytes", most).Got("more").Cure("strip debug information, or split what the strategy does")
	}
	return b, nil
}

// guardLimits are the host's, or the manifest's where those are lower.
func (l *loader) guardLimits(m manifest.Limits) guard.Limits {
	limits := l.config.Guard
	if most := positive(limits.TableEntries, guard.DefaultLimits().TableEntries); m.TableEntries > 0 {
		limits.TableEntries = min(most, int(m.TableEntries))
	}
	return limits
}

// inspect checks everything that can be checked without an engine.
func (l *loader) inspect(b []byte, limits guard.Limits, memory int64, grant *capability.Grant) error {
	m, err := guard.Parse(b, limits)
	if err != nil {
		return err
	}
	if err := checkContract(m, l.imports); err != nil {
		return err
	}
	if err := checkGrants(m, grant); err != nil {
		return err
	}
	if start := int64(m.Memories[0].Min) * guard.PageSize; start > memory {
		return problem.New(problem.WasmTooLarge, "the module starts with more memory than it may use").In("wasm_memory").
			Want("at most %d bytes", memory).Got("%d bytes", start).Cure("raise limits.memory_bytes in the manifest")
	}
	return nil
}

// memoryLimit returns the bytes that one guest may use, in whole pages.
func (l *loader) memoryLimit(limits manifest.Limits) (int64, error) {
	n := positive(limits.MemoryBytes, l.config.DefaultMemoryBytes)
	if n > l.config.MaxMemoryBytes {
		return 0, problem.New(problem.WasmTooLarge, "the release asks for more memory than this host gives").In("wasm_memory").
			Want("limits.memory_bytes of at most %d", l.config.MaxMemoryBytes).Got("%d", n).
			Cure("lower limits.memory_bytes in the manifest")
	}
	return max(n/guard.PageSize, 1) * guard.PageSize, nil
}

// open makes the first guest, and of it the state that the others begin with.
// After an error the module is closed.
func (l *loader) open(ctx context.Context, s *starter) (driver.Instance, error) {
	limits := s.spec.Manifest.Limits
	size := int(min(positive(limits.Concurrency, int64(l.config.DefaultConcurrency)), int64(l.config.MaxConcurrency)))
	first, err := s.first(ctx)
	if err != nil {
		if cerr := shut(context.WithoutCancel(ctx), s.module); cerr != nil {
			s.spec.Log.Warn("a module did not close", slog.Any("error", cerr))
		}
		return nil, err
	}
	i := &instance{
		starter: s, module: s.module, pool: newPool(size, s.start, s.spec.Log), log: s.spec.Log,
		timeout: positive(limits.Timeout, l.config.DefaultTimeout), version: first.version, methods: first.methods,
		engine: l.engineName(s.spec.Manifest.Engine), starts: s.starts,
	}
	i.pool.adopt(ctx, first)
	return i, nil
}
