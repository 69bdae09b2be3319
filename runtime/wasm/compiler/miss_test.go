package compiler

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/wasm"
)

// TestAMissIsNotCompiledInTheHost: the host's engine looks where the child put
// nothing.
func TestAMissIsNotCompiledInTheHost(t *testing.T) {
	s := newShop(t, "honest")
	var log bytes.Buffer
	s.config.Log = slog.New(slog.NewTextHandler(&log, nil))
	c, err := New(s.config)
	must(t, err)
	elsewhere := t.TempDir()
	must(t, os.Chmod(elsewhere, 0o700))
	e, err := c.Wrap(Source{Name: "wazero", Version: "1", Open: func(string) (wasm.Engine, error) { return openWazero(elsewhere) }})
	must(t, err)
	if _, err := e.Compile(t.Context(), seven(1), plain()); !errors.Is(err, errMissed) {
		t.Errorf("err = %v", err)
	}
	made, err := filepath.Glob(filepath.Join(elsewhere, "*", "*"))
	must(t, err)
	if len(made) != 0 || s.children() != 2 || len(s.kept("seals")) != 0 {
		t.Errorf("the host made %q, %d children, seals %q", made, s.children(), s.kept("seals"))
	}
	if log.Len() != 0 {
		t.Errorf("log: %s", &log)
	}
	must(t, e.Close(t.Context()))
}

// heedless compiles although its context has ended.
type heedless struct{ wasm.Engine }

func (h heedless) Compile(_ context.Context, module []byte, c wasm.Compile) (wasm.Module, error) {
	return h.Engine.Compile(context.Background(), module, c)
}

func TestAnEngineThatCompilesAnywayIsNamed(t *testing.T) {
	s := newShop(t, "honest")
	var log bytes.Buffer
	s.config.Log = slog.New(slog.NewTextHandler(&log, nil))
	c, err := New(s.config)
	must(t, err)
	e, err := c.Wrap(Source{Name: "wazero", Version: "1", Open: func(dir string) (wasm.Engine, error) {
		inner, err := openWazero(dir)
		return heedless{inner}, err
	}})
	must(t, err)
	if !strings.Contains(log.String(), "compiles outside of a child") {
		t.Errorf("log: %s", &log)
	}
	must(t, e.Close(t.Context()))
}

// TestTheTinyModuleIsValid, or no engine would be found out; and each host has
// another.
func TestTheTinyModuleIsValid(t *testing.T) {
	e, err := openWazero("")
	must(t, err)
	for _, nonce := range [][9]byte{{}, {1, 2, 3, 4, 5, 6, 7, 8, 9}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} {
		m, err := e.Compile(t.Context(), tiny(nonce), plain())
		must(t, err)
		must(t, m.Close(t.Context()))
	}
	must(t, e.Close(t.Context()))
	if bytes.Equal(tiny([9]byte{}), tiny([9]byte{1})) {
		t.Error("two hosts have the same")
	}
}
