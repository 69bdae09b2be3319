//go:build !wasmtime

package main

// taggedEngines are those that need a build tag.
func taggedEngines() []engine { return nil }
