package scene

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/nativeplugin/pluginbuild"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guestbuild"
)

// goFolder holds the strategy as a Go main package.
const goFolder = "examples/riskscore/v2"

// languages are the guests' by label, with their folders.
func languages() []struct{ label, folder string } {
	return []struct{ label, folder string }{
		{"go", goFolder},
		{"go-encoded", "bench/riskfast/plugin"},
		{"c", "guests/c/examples/riskscore"},
		{"rust", "guests/rust/examples/riskscore"},
		{"assemblyscript", "guests/assemblyscript/examples/riskscore"},
	}
}

// Guests builds the strategy in every language, or in those that are given, by
// label. Of those that do not build, mostly because the compiler is not
// installed, it tells skipped why.
func Guests(ctx context.Context, root string, skipped func(label, why string), labels ...string) map[string][]byte {
	built := map[string][]byte{}
	for _, l := range languages() {
		if len(labels) > 0 && !slices.Contains(labels, l.label) {
			continue
		}
		module, err := Guest(ctx, filepath.Join(root, l.folder))
		if err != nil {
			skipped(l.label, strings.Join(strings.Fields(err.Error()), " "))
			continue
		}
		built[l.label] = module
	}
	return built
}

// Guest builds the guest in a folder.
func Guest(ctx context.Context, folder string) ([]byte, error) {
	if _, err := os.Stat(folder); err != nil {
		return nil, err
	}
	return output(func(path string) error {
		_, err := guestbuild.Build(ctx, guestbuild.Config{Dir: folder, Output: path})
		return err
	})
}

// Kinds are all ways to run the strategy: in process, as a plugin here and in a
// process of its own, and each guest with both isolations.
func Kinds(ctx context.Context, root string, guests map[string][]byte) ([]Kind, error) {
	memory := Kind{Label: "memory", Kind: memdriver.Kind, Artifact: []byte("risk\n")}
	native := Kind{Label: "native", Kind: nativeplugin.Kind}
	var err error
	native.Artifact, err = output(func(path string) error {
		_, err := pluginbuild.Build(ctx, pluginbuild.Config{
			Dir: filepath.Join(root, goFolder), Output: path, Strategy: native.Strategy(), Version: Version(1)})
		return err
	})
	if err != nil {
		return nil, err
	}
	process := native
	process.Label, process.Isolation = "process", manifest.IsolationProcess
	kinds := []Kind{memory, native, process}
	for _, l := range languages() {
		if module, ok := guests[l.label]; ok {
			kinds = append(kinds, Both(l.label, module)...)
		}
	}
	return kinds, nil
}

// Both is a guest with either isolation.
func Both(label string, module []byte) []Kind {
	return []Kind{
		{Label: label + ".instance", Kind: wasm.Kind, Artifact: module, Isolation: manifest.IsolationInstance},
		{Label: label + ".request", Kind: wasm.Kind, Artifact: module, Isolation: manifest.IsolationRequest},
	}
}

// output returns the file that build writes.
func output(build func(path string) error) ([]byte, error) {
	folder, err := os.MkdirTemp("", "swapline-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "artifact")
	if err := build(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
