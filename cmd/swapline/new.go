package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime/manifest"
)

//go:embed template/*.tmpl
var templates embed.FS

// modulePath is the module that strategies import.
const modulePath = "github.com/swapline/swapline"

type newOptions struct{ dir, checkout string }

func (a *app) newCommand() *cobra.Command {
	var o newOptions
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Start a strategy: a folder that builds",
		Example: `  swapline new myrisk
  cd myrisk && go test .            the golden cases
  swapline build --kind all myrisk  a Wasm module and a native plugin`,
		Long: `Makes the folder NAME with main.go (the strategy), strategy.json (name, version,
limits, config and its schema), golden.json (inputs and the answers that every
build must give), main_test.go (runs them) and go.mod. Files that exist are never
overwritten.

go.mod takes the Swapline module from the checkout that this program or the
current folder lies in, or from --source.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error { return a.new(args[0], o) },
	}
	c.Flags().StringVar(&o.dir, "dir", "", "`folder` to make; default: NAME")
	c.Flags().StringVar(&o.checkout, "source", "", "`folder` of a Swapline checkout")
	return c
}

// scaffold fills the templates.
type scaffold struct{ Name, Module, Version, Checkout string }

// created is what new prints.
type created struct {
	Folder string   `json:"folder"`
	Files  []string `json:"files"`
}

func (a *app) new(name string, o newOptions) error {
	if !manifest.ValidName(name) {
		return usageError{fmt.Errorf("NAME must be 1 to 64 of a-z 0-9 . _ - beginning with a letter or digit, got %q", name)}
	}
	if o.dir == "" {
		o.dir = name
	}
	s, err := scaffoldOf(name, o)
	if err != nil {
		return err
	}
	files, err := s.render()
	if err != nil {
		return err
	}
	out := created{Folder: o.dir}
	if err := out.write(files); err != nil {
		return err
	}
	return a.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "made %s: %s\n", out.Folder, strings.Join(out.Files, ", "))
		fmt.Fprintf(w, "next: swapline build --kind all %s\n", out.Folder)
	})
}

func scaffoldOf(name string, o newOptions) (scaffold, error) {
	s := scaffold{Name: name, Module: "example.com/" + name, Version: "v0.0.0"}
	checkout, err := findCheckout(o.checkout)
	if err != nil || checkout != "" {
		s.Checkout = goModPath(checkout)
		return s, err
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || !strings.HasPrefix(info.Main.Version, "v") {
		return s, usageError{errors.New("no Swapline checkout found from here; name one with --source FOLDER")}
	}
	s.Version = info.Main.Version
	return s, nil
}

// goModPath quotes a path that go.mod could not hold otherwise.
func goModPath(path string) string {
	if strings.ContainsAny(path, " \t\"'`()[]{},") {
		return fmt.Sprintf("%q", path)
	}
	return path
}

// findCheckout returns the named checkout, or walks up from the current folder
// and from this program; "" if there is none.
func findCheckout(named string) (string, error) {
	if named != "" {
		dir, err := filepath.Abs(named)
		if err == nil && !isCheckout(dir) {
			err = usageError{fmt.Errorf("%s is no checkout of %s", named, modulePath)}
		}
		return dir, err
	}
	var starts []string
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, start := range starts {
		for dir := start; ; dir = filepath.Dir(dir) {
			if isCheckout(dir) {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", nil
}

func isCheckout(dir string) bool {
	b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	first, _, _ := strings.Cut(string(b), "\n")
	return err == nil && strings.TrimSpace(first) == "module "+modulePath
}

// file is one rendered template.
type file struct {
	name    string
	content []byte
}

func (s scaffold) render() ([]file, error) {
	all, err := template.ParseFS(templates, "template/*.tmpl")
	if err != nil {
		return nil, err
	}
	var files []file
	for _, t := range all.Templates() {
		var b bytes.Buffer
		if err := t.Execute(&b, s); err != nil {
			return nil, err
		}
		files = append(files, file{strings.TrimSuffix(t.Name(), ".tmpl"), b.Bytes()})
	}
	slices.SortFunc(files, func(x, y file) int { return strings.Compare(x.name, y.name) })
	return files, nil
}

// write makes the folder; it must be empty or not exist.
func (c *created) write(files []file) error {
	entries, err := os.ReadDir(c.Folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return usageError{fmt.Errorf("%s is not empty", c.Folder)}
	}
	if err := os.MkdirAll(c.Folder, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeNew(filepath.Join(c.Folder, f.name), f.content, 0o644); err != nil {
			return err
		}
		c.Files = append(c.Files, f.name)
	}
	return nil
}
