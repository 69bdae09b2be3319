package pluginbuild

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// compile runs go build in the workspace.
func (b *build) compile(ctx context.Context) error {
	args := append([]string{"build"}, b.flags.build...)
	args = append(args, "-o", b.artifact(), b.tree.importPath(b.main.ImportPath))
	_, err := b.runGo(ctx, b.moduleDir(b.main.Module), []string{"GOWORK=" + b.workFile()}, args...)
	return err
}

// runGo runs the go command with the host's environment and returns its
// standard output. Its complaints are shown with the author's own paths.
func (b *build) runGo(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), b.flags.env...), append(env, "PWD="+dir)...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, problem.New(problem.Canceled, "the build was interrupted: %w", ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return nil, problem.New(problem.BuildFailed, "the go command is not there: %w", err).
			Cure("install %s and put it on PATH", b.host.GoVersion)
	}
	return nil, problem.New(problem.BuildFailed, "go %s says (%w):\n%s", args[0], err, b.translate(dir, complaints.String()))
}

// translate puts the author's paths where the compiler named copies.
func (b *build) translate(dir, complaints string) string {
	lines := strings.Split(strings.TrimSpace(complaints), "\n")
	for i, line := range lines {
		for _, p := range b.packages {
			if b.tree.root == "" {
				break
			}
			line = b.translateLine(line, dir, p)
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

func (b *build) translateLine(line, dir string, p *listed) string {
	line = replacePath(line, b.tree.importPath(p.ImportPath), p.ImportPath)
	for _, name := range p.files() {
		copied := filepath.Join(b.copyOf(p), name)
		original := filepath.Join(p.Dir, name)
		line = strings.ReplaceAll(line, copied+":", original+":")
		rel, err := filepath.Rel(dir, copied)
		if err != nil {
			continue
		}
		for _, prefix := range []string{"./", ""} {
			if rest, ok := strings.CutPrefix(line, prefix+rel+":"); ok {
				return original + ":" + rest
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
