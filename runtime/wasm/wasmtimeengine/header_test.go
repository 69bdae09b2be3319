//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheHeaderIsTheLibrarys compiles our declarations of functions together
// with the library's, which must not contradict, and compares sizes and offsets
// of types and the values of constants.
func TestTheHeaderIsTheLibrarys(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}} {{.Version}}", "github.com/bytecodealliance/wasmtime-go/v39").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir, version, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if version != "v"+Version {
		t.Errorf("the module has version %s, the package %s", version, Version)
	}
	here, err := filepath.Abs("capi.h")
	if err != nil {
		t.Fatal(err)
	}
	compileC(t, dir, "#include <wasmtime.h>\n#define SWAPLINE_REAL_HEADERS\n#include \""+here+"\"\nint main(void) { return 0; }\n")
	facts := "#include <stdio.h>\nint main(void) {\n"
	for _, s := range []string{"wasm_byte_vec_t", "wasm_valtype_vec_t", "wasm_frame_vec_t", "wasmtime_func_t", "wasmtime_memory_t", "wasmtime_global_t",
		"wasmtime_extern_t", "wasmtime_instance_t", "wasmtime_val_t", "wasmtime_val_raw_t", "wasmtime_linear_memory_t", "wasmtime_memory_creator_t",
		"wasm_valkind_t", "wasm_mutability_t", "wasmtime_strategy_t", "wasmtime_opt_level_t", "wasmtime_trap_code_t"} {
		facts += fmt.Sprintf("printf(\"%[1]s %%zu %%zu\\n\", sizeof(%[1]s), _Alignof(%[1]s));\n", s)
	}
	for _, f := range []string{"wasm_byte_vec_t, data", "wasm_frame_vec_t, data", "wasm_valtype_vec_t, data", "wasmtime_extern_t, of", "wasmtime_extern_t, of.memory",
		"wasmtime_val_t, of", "wasmtime_val_t, of.i64", "wasmtime_linear_memory_t, get_memory", "wasmtime_linear_memory_t, grow_memory",
		"wasmtime_linear_memory_t, finalizer", "wasmtime_memory_creator_t, new_memory", "wasmtime_memory_creator_t, finalizer"} {
		facts += fmt.Sprintf("printf(\"%[1]s %%zu\\n\", __builtin_offsetof(%[1]s));\n", f)
	}
	for _, n := range []string{"WASM_I32", "WASM_I64", "WASM_F32", "WASM_F64", "WASM_EXTERNREF", "WASM_FUNCREF", "WASM_CONST", "WASM_VAR",
		"WASMTIME_STRATEGY_CRANELIFT", "WASMTIME_OPT_LEVEL_SPEED", "WASMTIME_I32", "WASMTIME_I64", "WASMTIME_F32", "WASMTIME_F64",
		"WASMTIME_EXTERN_FUNC", "WASMTIME_EXTERN_GLOBAL", "WASMTIME_EXTERN_MEMORY"} {
		facts += fmt.Sprintf("printf(\"%[1]s %%d\\n\", (int)%[1]s);\n", n)
	}
	facts += "return 0; }\n"
	ours := compileC(t, dir, "#include \""+here+"\"\n"+facts)
	theirs := compileC(t, dir, "#include <wasmtime.h>\n"+facts)
	if ours != theirs || strings.Count(ours, "\n") < 40 {
		t.Errorf("ours:\n%s\ntheirs:\n%s", ours, theirs)
	}
}

// compileC runs a program and returns what it prints.
func compileC(t *testing.T, module, source string) string {
	t.Helper()
	dir := t.TempDir()
	file, program := filepath.Join(dir, "x.c"), filepath.Join(dir, "x")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	// The linker never looks for the functions that are only declared.
	build := exec.Command("cc", "-std=gnu11", "-Werror", "-I", filepath.Join(module, "build", "include"), "-o", program, file)
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	out, err := exec.Command(program).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
