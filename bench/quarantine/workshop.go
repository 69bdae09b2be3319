package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/swapline/swapline/nativeplugin/pluginbuild"
)

// builders is how many plugins are built at the same time.
const builders = 2

// workshop builds the corpus into a folder.
type workshop struct {
	root string // of the module
	dir  string
}

// path is the file of a version of a villain.
func (w *workshop) path(name string, version int) string {
	return filepath.Join(w.dir, fmt.Sprintf("%s-%d.so", name, version))
}

// good is the file of the n-th good plugin.
func (w *workshop) good(n int) string { return w.path("good", n) }

// goods is how many good plugins a corpus needs: one that serves, and one after
// every ten and at the end.
func goods(villains int) int { return villains/10 + 2 }

// build builds everything.
func (w *workshop) build(ctx context.Context, list []villain, built func()) error {
	if err := w.goodOnes(ctx, goods(len(list)), built); err != nil {
		return err
	}
	var jobs []func() error
	for _, v := range list {
		jobs = append(jobs, func() error { return w.villain(ctx, v) })
	}
	return parallel(jobs, built)
}

func (w *workshop) goodOnes(ctx context.Context, n int, built func()) error {
	var jobs []func() error
	for i := range n {
		// Sources differ, or two versions would be one file but for their paths.
		good := villain{name: "good", decls: fmt.Sprintf("const number = %d", i)}
		jobs = append(jobs, func() error { return w.plugin(ctx, good, i) })
	}
	return parallel(jobs, built)
}

// parallel runs jobs, some at a time, and returns their errors.
func parallel(jobs []func() error, done func()) error {
	var group sync.WaitGroup
	places := make(chan struct{}, builders)
	failed := make([]error, len(jobs))
	for i, job := range jobs {
		places <- struct{}{}
		group.Go(func() {
			failed[i] = job()
			<-places
			done()
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

func (w *workshop) villain(ctx context.Context, v villain) error {
	if v.file != nil {
		data, err := v.file(w)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		return os.WriteFile(w.path(v.name, 1), data, 0o600)
	}
	if v.twice {
		if err := w.plugin(ctx, v, 0); err != nil {
			return err
		}
	}
	return w.plugin(ctx, v, 1)
}

// plugin builds a version as its publisher would.
func (w *workshop) plugin(ctx context.Context, v villain, version int) error {
	dir, err := w.module(v.files())
	if err != nil {
		return err
	}
	_, err = pluginbuild.Build(ctx, pluginbuild.Config{Dir: dir, Output: w.path(v.name, version), Strategy: v.name, Version: versionOf(version)})
	if err != nil {
		return fmt.Errorf("%s: %w", v.name, err)
	}
	return nil
}

func versionOf(n int) string { return fmt.Sprintf("1.0.%d", n) }

// module is a folder with a module that finds the contract in this checkout.
func (w *workshop) module(files map[string]string) (string, error) {
	files["go.mod"] = "module example.com/villain\n\ngo 1.26.0\n\nrequire github.com/swapline/swapline v0.0.0\n\nreplace github.com/swapline/swapline => " + w.root + "\n"
	return w.folder(files)
}

func (w *workshop) folder(files map[string]string) (string, error) {
	dir, err := os.MkdirTemp(w.dir, "source-")
	if err != nil {
		return "", err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}

func run1(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd.Args, err, said.Bytes())
	}
	return nil
}
