//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

// #include "shim.h"
import "C"

import "github.com/swapline/swapline/runtime/problem"

// probe makes sure that the engine is the one that config in engine.c asks for:
// machine code, core WebAssembly, and none of the proposals.
func (e *engine) probe() error {
	if C.wasmtime_engine_is_pulley(e.c) {
		return unsafeEngine("it interprets")
	}
	for name, m := range proposals() {
		if accepted := e.validate(m) == nil; accepted != (name == core) {
			return unsafeEngine(name)
		}
	}
	return nil
}

func (e *engine) validate(module string) error {
	return errorOf(C.wasmtime_module_validate(e.c, bytesOf([]byte(module)), C.size_t(len(module))))
}

func unsafeEngine(what string) error {
	return problem.New(problem.EngineUnknown, "the engine %s %s is not set up as it must be: %s", Name, Version, what).In("engine").
		Cure("this build of the host must not offer the engine; take the default")
}

// core is the one that must be accepted.
const core = "core WebAssembly 2"

// proposals are modules that use one thing each.
func proposals() map[string]string {
	const (
		magic = "\x00asm\x01\x00\x00\x00"
		// func() and one function of it
		void = magic + "\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00"
	)
	// code of one function without locals, shorter than 120 bytes
	code := func(body string) string {
		n := len(body)
		return "\x0a" + string(rune(n+4)) + "\x01" + string(rune(n+2)) + "\x00" + body + "\x0b"
	}
	memory := "\x05\x03\x01\x00\x01"
	return map[string]string{
		// memory.fill, ref.null func, i32.extend8_s, a block with two results
		core: magic + "\x01\x09\x02\x60\x00\x00\x60\x00\x02\x7f\x7f" + "\x03\x02\x01\x00" + memory +
			code("\x41\x00\x41\x00\x41\x00\xfc\x0b\x00"+"\xd0\x70\x1a"+"\x41\x00\xc0\x1a"+"\x02\x01\x41\x00\x41\x00\x0b\x1a\x1a"),
		"components":          "\x00asm\x0d\x00\x01\x00",
		"SIMD":                void + code("\xfd\x0c"+"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"+"\x1a"),
		"threads":             magic + "\x05\x04\x01\x03\x01\x01",
		"atomics":             void + memory + code("\xfe\x03\x00"),
		"memory64":            magic + "\x05\x03\x01\x04\x01",
		"table64":             magic + "\x04\x04\x01\x70\x04\x01",
		"several memories":    magic + "\x05\x05\x02\x00\x01\x00\x01",
		"tail calls":          void + code("\x12\x00"),
		"function references": magic + "\x01\x09\x02\x60\x00\x00\x60\x01\x64\x00\x00",
		"structs":             magic + "\x01\x03\x01\x5f\x00",
		"i31":                 void + code("\x41\x00\xfb\x1c\x1a"),
		"exception tags":      magic + "\x01\x04\x01\x60\x00\x00" + "\x0d\x03\x01\x00\x00",
		"exceptions":          void + code("\x1f\x40\x00\x0b"),
		"legacy exceptions":   void + code("\x06\x40\x0b"),
		"wide arithmetic":     void + code("\x42\x00\x42\x00\xfc\x15\x1a\x1a"),
		"page sizes":          magic + "\x05\x04\x01\x08\x01\x00",
		"stack switching":     magic + "\x01\x06\x02\x60\x00\x00\x5d\x00",
		"a module of text":    "(module)",
	}
}
