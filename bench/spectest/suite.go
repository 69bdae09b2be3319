package main

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/swapline/swapline/runtime/wasm/guard"
)

// scripts lists the files of both versions of the suite, which come with
// wazero's source.
func scripts() ([]string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		return nil, errors.New("the go command does not find the source of wazero: " + err.Error())
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "internal/integration_test/spectest/v[12]/testdata/*.json"))
	if err != nil || len(paths) == 0 {
		return nil, errors.New("there is no core test suite in the source of wazero")
	}
	return slices.DeleteFunc(paths, func(p string) bool { return strings.HasPrefix(filepath.Base(p), "simd_") }), nil
}

// script is a file of the suite.
type script struct {
	Path     string    `json:"-"`
	Commands []command `json:"commands"`
}

type command struct {
	Type       string `json:"type"`
	Line       int    `json:"line"`
	Name       string `json:"name"`
	Filename   string `json:"filename"`
	As         string `json:"as"`
	ModuleType string `json:"module_type"`
	Action     struct {
		Type   string  `json:"type"`
		Module string  `json:"module"`
		Field  string  `json:"field"`
		Args   []value `json:"args"`
	} `json:"action"`
}

type value struct {
	Type  string `json:"type"`
	Value any    `json:"value"`
}

func readScript(path string) (script, error) {
	s := script{Path: path}
	b, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

// module returns the bytes of the module that the command is about, if there
// is one and package guard accepts it.
func (s script) module(c command) ([]byte, *guard.Module, error) {
	if c.Filename == "" || c.ModuleType == "text" {
		return nil, nil, nil
	}
	b, err := os.ReadFile(filepath.Join(filepath.Dir(s.Path), c.Filename))
	if err != nil {
		return nil, nil, err
	}
	m, err := guard.Parse(b, guard.Limits{})
	if err != nil {
		return nil, nil, nil //nolint:nilerr // such a module never reaches a rewriter
	}
	return b, m, nil
}

// bits is an argument in the form of an engine's stack.
func (v value) bits() uint64 {
	text, _ := v.Value.(string)
	switch {
	case strings.HasPrefix(text, "nan") && v.Type == "f32":
		return uint64(math.Float32bits(float32(math.NaN())))
	case strings.HasPrefix(text, "nan"):
		return math.Float64bits(math.NaN())
	}
	n, _ := strconv.ParseUint(text, 10, 64)
	return n
}

// describe is a result. It leaves out the bits of NaN, which engines may choose.
func describe(t guard.ValueType, v uint64) string {
	switch {
	case t == guard.F32 && math.IsNaN(float64(math.Float32frombits(uint32(v)))), t == guard.F64 && math.IsNaN(math.Float64frombits(v)):
		return "nan"
	case t == guard.I32 || t == guard.F32:
		v = uint64(uint32(v))
	}
	return strconv.FormatUint(v, 10)
}
