package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"io"
	"os"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
)

// artifact is what can be told of an artifact's file without understanding it.
type artifact struct {
	Path   string          `json:"path"`
	Kind   manifest.Kind   `json:"kind"`
	Size   int64           `json:"size"`
	SHA256 manifest.Digest `json:"sha256"`
}

// readArtifact reads the whole file once.
func readArtifact(path string) (artifact, error) {
	f, err := os.Open(path)
	if err != nil {
		return artifact{}, usageError{err}
	}
	defer f.Close()
	r := bufio.NewReader(f)
	magic, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return artifact{}, err
	}
	kind, err := kindOf(path, magic)
	if err != nil {
		return artifact{}, err
	}
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil {
		return artifact{}, err
	}
	return artifact{Path: path, Kind: kind, Size: n, SHA256: manifest.DigestOf([32]byte(h.Sum(nil)))}, nil
}

// kindOf tells the kind by the first bytes; names of files prove nothing.
func kindOf(path string, magic []byte) (manifest.Kind, error) {
	switch string(magic) {
	case "\x00asm":
		return wasm.Kind, nil
	case "\x7fELF":
		return nativeplugin.Kind, nil
	}
	return "", problem.New(problem.KindUnknown, "%s is no artifact of a kind that this program knows", path).
		Want("a Wasm module (00 61 73 6d) or an ELF plugin (7f 45 4c 46)").Got("the bytes % x", magic).
		Cure("name the file that swapline build wrote")
}

// extensionOf is how artifacts of a kind are named.
func extensionOf(k manifest.Kind) string {
	if k == nativeplugin.Kind {
		return ".so"
	}
	return ".wasm"
}
