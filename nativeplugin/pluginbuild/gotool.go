package pluginbuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// compile runs go build in the workspace.
func (b *build) compile(ctx context.Context) error {
	args := append([]string{"build"}, b.flags.build...)
	args = append(args, "-overlay="+b.overlayFile(), "-o", b.artifact(), b.tree.importPath(b.main.ImportPath))
	_, err := b.runGo(ctx, b.moduleDir(b.main.Module), []string{"GOWORK=" + b.workFile()}, args...)
	return err
}

// checkToolchain makes sure that the go command is the host's.
func (b *build) checkToolchain(ctx context.Context) error {
	want := b.goVersion()
	out, err := b.runGo(ctx, b.config.Dir, nil, "env", "-json", "GOWORK", "GOVERSION")
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return problem.New(problem.NativeToolchain, "the host's toolchain is not to be had: %w", err).
			Want("%s", want).
			Cure("install it and put it on PATH, or let the go command fetch it: GOTOOLCHAIN=%s go version", release(want))
	}
	if err != nil {
		return err
	}
	var env struct{ GOWORK, GOVERSION string }
	if err := json.Unmarshal(out, &env); err != nil {
		return problem.New(problem.BuildFailed, "go env answered something else than JSON: %w", err)
	}
	b.authorWork = env.GOWORK
	if have := env.GOVERSION; have != want && (release(have) != release(want) || release(want) == "") {
		return problem.New(problem.NativeToolchain, "the go command is not the one that built the host").
			Want("%s", want).Got("%s", have).
			Cure("put the host's toolchain on PATH")
	}
	return nil
}

// runGo runs the go command with the host's environment and returns its
// standard output. Its complaints are shown with the author's own paths.
func (b *build) runGo(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(environment(), b.flags.env...), append(env, "PWD="+dir)...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, interrupted(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return nil, problem.New(problem.BuildFailed, "the go command is not there: %w", err).
			Cure("install %s and put it on PATH", b.goVersion())
	}
	return nil, problem.New(problem.BuildFailed, "go %s says (%w):\n%s", args[0], err, b.translate(dir, complaints.String()))
}

func interrupted(ctx context.Context) error {
	return problem.New(problem.Canceled, "the build was interrupted: %w", ctx.Err())
}

// translate puts the author's paths where the compiler named copies.
func (b *build) translate(dir, complaints string) string {
	if b.tree.root == "" {
		return strings.TrimSpace(complaints)
	}
	lines := strings.Split(strings.TrimSpace(complaints), "\n")
	for i, line := range lines {
		for _, p := range b.copied() {
			line = b.translateLine(line, dir, p)
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

func (b *build) translateLine(line, dir string, p *listed) string {
	line = replacePath(line, b.tree.importPath(p.ImportPath), p.ImportPath)
	for _, name := range append(p.files(), recipeFile) {
		copied, original := filepath.Join(b.copyOf(p), name), filepath.Join(p.Dir, name)
		if name == recipeFile {
			original = "in the recipe that swapline build adds"
		}
		line = strings.ReplaceAll(line, copied+":", original+":")
		rel, err := filepath.Rel(dir, copied)
		if err != nil {
			continue
		}
		for _, prefix := range []string{"./", ""} {
			rest := strings.TrimLeft(line, "\t ")
			indent := line[:len(line)-len(rest)]
			if rest, ok := strings.CutPrefix(rest, prefix+rel+":"); ok {
				return indent + original + ":" + rest
			}
		}
	}
	return line
}

// replacePath replaces an import path where it is not the beginning of a
// longer one.
func replacePath(line, from, to string) string {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(line, from)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		if strings.HasPrefix(after, "/") {
			out.WriteString(from)
		} else {
			out.WriteString(to)
		}
		line = after
	}
}
