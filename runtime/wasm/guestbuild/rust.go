package guestbuild

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// rustTarget needs no WASI: what a guest asks of its host are its imports.
const rustTarget = "wasm32-unknown-unknown"

const installRust = "rustup target add " + rustTarget +
	"; or apt-get install --no-install-recommends rustc cargo libstd-rust-dev-wasm32 lld-14"

// buildRust builds the package in dir, which must be a cdylib.
func buildRust(ctx context.Context, dir, output string) (tool string, flags []string, err error) {
	rust, err := findRust(ctx)
	if err != nil {
		return "", nil, err
	}
	if tool, err = (command{name: rust.rustc, args: []string{"--version"}}).run(ctx); err != nil {
		return "", nil, err
	}
	meta, err := rust.metadata(ctx, dir)
	if err != nil {
		return "", nil, err
	}
	library := meta.library()
	if library == "" {
		return "", nil, problem.New(problem.BuildFailed, "Cargo.toml describes no guest").
			Cure(`add [lib] with crate-type = ["cdylib"]`)
	}
	target, err := os.MkdirTemp("", "swapline-rust-")
	if err != nil {
		return "", nil, problem.New(problem.BuildFailed, "a folder for the compiler: %w", err)
	}
	defer os.RemoveAll(target)
	flags = rust.flags()
	env := append(rust.environment(target), "CARGO_ENCODED_RUSTFLAGS="+strings.Join(append(meta.remap(), flags...), "\x1f"))
	args := []string{"build", "--quiet", "--release", "--lib", "--target", rustTarget}
	if _, err := (command{dir: dir, env: env, name: rust.cargo, args: args}).run(ctx); err != nil {
		return "", nil, err
	}
	return tool, flags, copyFile(output, filepath.Join(target, rustTarget, "release", library+".wasm"))
}

// rustTools is one installation of Rust that can build for Wasm.
type rustTools struct{ rustc, cargo, linker string }

// findRust returns the first installation with the target's standard library:
// the user's choice, the one on PATH, or Debian's behind a rustup without it.
func findRust(ctx context.Context) (rustTools, error) {
	for _, name := range []string{os.Getenv("RUSTC"), "rustc", "/usr/bin/rustc"} {
		rustc, err := exec.LookPath(name)
		if name == "" || err != nil {
			continue
		}
		library, err := command{name: rustc, args: []string{"--print", "target-libdir", "--target", rustTarget}}.run(ctx)
		if err != nil || len(match(library, "libstd-*.rlib")) == 0 {
			continue
		}
		linker, err := findRustLinker(ctx, rustc)
		if err != nil {
			return rustTools{}, err
		}
		return rustTools{rustc: rustc, cargo: cargoOf(rustc), linker: linker}, nil
	}
	return rustTools{}, missing("rustc for "+rustTarget, installRust)
}

// cargoOf returns the cargo of the same installation.
func cargoOf(rustc string) string {
	beside := filepath.Join(filepath.Dir(rustc), "cargo")
	if _, err := os.Stat(beside); err == nil {
		return beside
	}
	return "cargo"
}

// findRustLinker returns the linker to name, empty where rustc has its own.
func findRustLinker(ctx context.Context, rustc string) (string, error) {
	root, err := command{name: rustc, args: []string{"--print", "sysroot"}}.run(ctx)
	if err != nil {
		return "", err
	}
	if len(match(filepath.Join(root, "lib", "rustlib"), "*/bin/rust-lld")) > 0 {
		return "", nil
	}
	for _, name := range versioned("wasm-ld") {
		if _, err := exec.LookPath(name); err == nil {
			return name, nil
		}
	}
	return "", missing("wasm-ld", "apt-get install --no-install-recommends lld-14")
}

func (t rustTools) flags() []string {
	flags := []string{"-Clink-arg=-zstack-size=" + stackSize}
	if t.linker != "" {
		flags = append(flags, "-Clinker="+t.linker)
	}
	return flags
}

// environment sets the profile, so that an author's Cargo.toml need not.
func (t rustTools) environment(target string) []string {
	return []string{
		"RUSTC=" + t.rustc, "CARGO_TARGET_DIR=" + target, "CARGO_PROFILE_RELEASE_OPT_LEVEL=3",
		"CARGO_PROFILE_RELEASE_LTO=fat", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1",
		"CARGO_PROFILE_RELEASE_PANIC=abort", "CARGO_PROFILE_RELEASE_STRIP=symbols",
	}
}

// cargoMetadata is what cargo tells about a package and all it depends on.
type cargoMetadata struct {
	Packages []struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Manifest string `json:"manifest_path"`
		Targets  []struct {
			Kind []string `json:"kind"`
			Name string   `json:"name"`
		} `json:"targets"`
	} `json:"packages"`
	Resolve struct {
		Root string `json:"root"`
	} `json:"resolve"`
}

func (t rustTools) metadata(ctx context.Context, dir string) (cargoMetadata, error) {
	var m cargoMetadata
	text, err := command{dir: dir, env: []string{"RUSTC=" + t.rustc}, name: t.cargo,
		args: []string{"metadata", "--quiet", "--format-version", "1", "--filter-platform", rustTarget}}.run(ctx)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return m, problem.New(problem.BuildFailed, "what cargo metadata says cannot be read: %w", err)
	}
	return m, nil
}

// library is the name of the root package's cdylib, as its file is called.
func (m cargoMetadata) library() string {
	for _, p := range m.Packages {
		for _, t := range p.Targets {
			if p.ID == m.Resolve.Root && slices.Contains(t.Kind, "cdylib") {
				return strings.ReplaceAll(t.Name, "-", "_")
			}
		}
	}
	return ""
}

// remap keeps the names of folders out of the module.
func (m cargoMetadata) remap() []string {
	var flags []string
	for _, p := range m.Packages {
		flags = append(flags, "--remap-path-prefix="+filepath.Dir(p.Manifest)+"=/"+p.Name)
	}
	// The compiler takes the last that fits: inner folders must come after outer ones.
	slices.Sort(flags)
	return flags
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return problem.New(problem.BuildFailed, "the compiler wrote nothing: %w", err)
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return problem.New(problem.BuildFailed, "output: %w", err)
	}
	_, err = io.Copy(target, source)
	if closed := target.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return problem.New(problem.BuildFailed, "output: %w", err)
	}
	return nil
}
