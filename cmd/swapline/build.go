package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/nativeplugin/pluginbuild"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guestbuild"
)

func (a *app) buildCommand() *cobra.Command {
	var kind, out string
	c := &cobra.Command{
		Use:   "build FOLDER",
		Short: "Build a strategy as a Wasm module or a native plugin",
		Example: `  swapline build examples/riskscore/v1                a Wasm module in dist
  swapline build guests/rust/examples/riskscore       the same, of a strategy in Rust
  swapline build --kind native examples/riskscore/v2  a plugin for this very program
  swapline build --kind all --out /tmp/dist myrisk`,
		Long: `Builds the strategy in FOLDER into NAME-VERSION.wasm or NAME-VERSION.so, by name
and version of its strategy.json, and puts a copy of strategy.json with the golden
cases in it beside the artifact, for swapline sign.

The folder holds a Go main package or, for Wasm, a Cargo.toml (Rust), an
asconfig.json (AssemblyScript) or *.c files. guests/LANGUAGE/README.md says which
compiler that needs; for C the SDK is in this program.

A native plugin fits one build of the host: it is built with the toolchain and
flags of this program and compared with it before anything is written. Wasm
modules fit any host.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return a.build(c.Context(), args[0], kind, out) },
	}
	c.Flags().StringVar(&kind, "kind", string(wasm.Kind), "`kind` to build: wasm, native or all")
	c.Flags().StringVar(&out, "out", "dist", "`folder` for what is built")
	return c
}

// built is what build prints for each artifact.
type built struct {
	artifact
	Name    string        `json:"name"`
	Version string        `json:"version"`
	Source  string        `json:"source"` // for sign
	Took    time.Duration `json:"took_ns"`
}

func (a *app) build(ctx context.Context, folder, kind, out string) error {
	kinds, err := kindsOf(kind)
	if err != nil {
		return err
	}
	s, err := readSource(filepath.Join(folder, sourceFile))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var list []built
	for _, k := range kinds {
		b, err := a.buildKind(ctx, s, folder, k, filepath.Join(out, s.release()+extensionOf(k)))
		if err != nil {
			return err
		}
		list = append(list, b)
	}
	return a.print(map[string]any{"artifacts": list}, func(w io.Writer) { printBuilt(w, list) })
}

func kindsOf(word string) ([]manifest.Kind, error) {
	switch manifest.Kind(word) {
	case wasm.Kind, nativeplugin.Kind:
		return []manifest.Kind{manifest.Kind(word)}, nil
	case "all":
		return []manifest.Kind{wasm.Kind, nativeplugin.Kind}, nil
	}
	return nil, usageError{fmt.Errorf("--kind must be wasm, native or all, got %q", word)}
}

func (a *app) buildKind(ctx context.Context, s source, folder string, k manifest.Kind, output string) (built, error) {
	start := time.Now()
	progress := a.spin("building " + filepath.Base(output))
	err := compile(ctx, s, folder, k, output, progress)
	progress.stop()
	if err != nil {
		return built{}, err
	}
	file, err := readArtifact(output)
	if err != nil {
		return built{}, err
	}
	b := built{artifact: file, Name: s.text("name"), Version: s.text("version"), Source: besideArtifact(output), Took: time.Since(start)}
	return b, s.write(output)
}

func compile(ctx context.Context, s source, folder string, k manifest.Kind, output string, progress io.Writer) error {
	if k == nativeplugin.Kind {
		_, err := pluginbuild.Build(ctx, pluginbuild.Config{Dir: folder, Output: output,
			Strategy: s.text("name"), Version: s.text("version"), Progress: progress})
		return err
	}
	_, err := guestbuild.Build(ctx, guestbuild.Config{Dir: folder, Output: output, Progress: progress})
	return err
}

func printBuilt(w io.Writer, list []built) {
	for _, b := range list {
		fmt.Fprintf(w, "built %s (%s, %s) in %.1f s\n", b.Path, b.Kind, bytesText(b.Size), b.Took.Seconds())
	}
	fmt.Fprintf(w, "next: swapline sign %s\n", list[0].Path)
}

// bytesText writes a size for people.
func bytesText(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}
