package main

import (
	"context"
	"errors"
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
	var o buildOptions
	c := &cobra.Command{
		Use:   "build FOLDER",
		Short: "Build a strategy as a Wasm module or a native plugin",
		Example: `  swapline build examples/riskscore/v1                a Wasm module in dist
  swapline build guests/rust/examples/riskscore       the same, of a strategy in Rust
  swapline build --kind native examples/riskscore/v2  a plugin for this very program
  swapline build --kind native --host host myrisk     a plugin for the running server
  swapline build --recipe risk-1.2.0.so myrisk        the same plugin once more, byte for byte
  swapline build --kind all --out /tmp/dist myrisk`,
		Long: `Builds the strategy in FOLDER into NAME-VERSION.wasm or NAME-VERSION.so, by name
and version of its strategy.json, and puts a copy of strategy.json with the golden
cases in it beside the artifact, for swapline sign.

The folder holds a Go main package or, for Wasm, a Cargo.toml (Rust), an
asconfig.json (AssemblyScript) or *.c files. guests/LANGUAGE/README.md says which
compiler that needs; for C the SDK is in this program.

A native plugin fits one build of the host: it is built with the toolchain and
flags of this program, or of the one that --host names, and compared with it and
the plugins it has loaded before anything is written. All packages that the
strategy imports are copied under an import path of the release, so that no other
release and no host can be in the way; modules that can be in a process only once,
such as database drivers and C code, stay as they are and must have the version
that the host has. The plugin holds its recipe: swapline inspect shows it, --recipe
builds it again. Wasm modules fit any host.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return a.build(c.Context(), args[0], o) },
	}
	c.Flags().StringVar(&o.kind, "kind", "", "`kind` to build: wasm, native or all; default: wasm, and native with --recipe")
	c.Flags().StringVar(&o.out, "out", "dist", "`folder` for what is built")
	c.Flags().StringVar(&o.host, "host", "", "build the plugin for this `host`: \"host\" is the running server, else a URL or an executable; default: this program")
	c.Flags().StringVar(&o.recipe, "recipe", "", "build the plugin in this `file` again and hold the result to its bytes")
	c.Flags().StringArrayVar(&o.share, "share", nil, "`module` of which the process shall have one instance; may be repeated")
	return c
}

// buildOptions are what build was asked for; all but kind and out concern
// plugins.
type buildOptions struct {
	kind, out, host, recipe string
	share                   []string
}

// kinds are the kinds to build.
func (o buildOptions) kinds() ([]manifest.Kind, error) {
	if o.host != "" && o.recipe != "" {
		return nil, usageError{errors.New("a recipe is built as it is: give --host or --recipe")}
	}
	forPlugins := o.host != "" || o.recipe != "" || len(o.share) > 0
	switch manifest.Kind(o.kind) {
	case "":
		if o.recipe != "" {
			return []manifest.Kind{nativeplugin.Kind}, nil
		}
		o.kind = string(wasm.Kind)
		return o.kinds()
	case wasm.Kind:
		if forPlugins {
			return nil, usageError{errors.New("--host, --recipe and --share are for --kind native")}
		}
		return []manifest.Kind{wasm.Kind}, nil
	case nativeplugin.Kind:
		return []manifest.Kind{nativeplugin.Kind}, nil
	case "all":
		return []manifest.Kind{wasm.Kind, nativeplugin.Kind}, nil
	}
	return nil, usageError{fmt.Errorf("--kind must be wasm, native or all, got %q", o.kind)}
}

// built is what build prints for each artifact.
type built struct {
	artifact
	Name    string        `json:"name"`
	Version string        `json:"version"`
	Source  string        `json:"source"` // for sign
	Took    time.Duration `json:"took_ns"`
	// Recipe is that of a plugin; nil of a Wasm module.
	Recipe *nativeplugin.Recipe `json:"recipe,omitempty"`
}

func (a *app) build(ctx context.Context, folder string, o buildOptions) error {
	kinds, err := o.kinds()
	if err != nil {
		return err
	}
	s, err := readSource(filepath.Join(folder, sourceFile))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	var list []built
	for _, k := range kinds {
		b, err := a.buildKind(ctx, s, folder, k, o)
		if err != nil {
			return err
		}
		list = append(list, b)
	}
	return a.print(map[string]any{"artifacts": list}, func(w io.Writer) { printBuilt(w, list) })
}

func (a *app) buildKind(ctx context.Context, s source, folder string, k manifest.Kind, o buildOptions) (built, error) {
	start, output := time.Now(), filepath.Join(o.out, s.release()+extensionOf(k))
	progress := a.spin("building " + filepath.Base(output))
	var recipe *nativeplugin.Recipe
	var err error
	if k == nativeplugin.Kind {
		recipe, err = a.buildPlugin(ctx, o, pluginbuild.Config{Dir: folder, Output: output,
			Strategy: s.text("name"), Version: s.text("version"), Progress: progress})
	} else {
		_, err = guestbuild.Build(ctx, guestbuild.Config{Dir: folder, Output: output, Progress: progress})
	}
	progress.stop()
	if err != nil {
		return built{}, err
	}
	file, err := readArtifact(output)
	if err != nil {
		return built{}, err
	}
	b := built{artifact: file, Name: s.text("name"), Version: s.text("version"), Source: besideArtifact(output), Took: time.Since(start), Recipe: recipe}
	return b, s.write(output)
}

func (a *app) buildPlugin(ctx context.Context, o buildOptions, c pluginbuild.Config) (*nativeplugin.Recipe, error) {
	c.Like, c.Share = o.recipe, o.share
	if o.recipe == "" {
		var err error
		if c.Host, err = a.hostProfile(ctx, o.host); err != nil {
			return nil, err
		}
	}
	r, err := pluginbuild.Build(ctx, c)
	return &r.Recipe, err
}

func printBuilt(w io.Writer, list []built) {
	for _, b := range list {
		fmt.Fprintf(w, "built %s (%s, %s) in %.1f s\n", b.Path, b.Kind, bytesText(b.Size), b.Took.Seconds())
		if b.Recipe == nil {
			continue
		}
		for _, m := range b.Recipe.Modules {
			if m.Shared != "" {
				fmt.Fprintf(w, "  %s@%s is not copied: %s\n", oneLine(m.Path), oneLine(m.Version), oneLine(m.Shared))
			}
		}
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
