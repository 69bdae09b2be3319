package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// libraryCases differ in what the dynamic loader brings along.
func libraryCases() []mismatch {
	const own = "-L$SHOP/clib -Wl,--no-as-needed -ldrift"
	return []mismatch{
		{name: "a little C", host: plain, files: sources{"c.go": inC("", "")}, want: fits},
		{name: "library of the system", host: plain, files: sources{"c.go": inC("", "-Wl,--no-as-needed -lm")}, want: fits},
		{name: "library more", host: plain, files: sources{"c.go": inC("", "-Wl,--no-as-needed -lgcc_s")}, want: dangerous, because: "library libgcc_s.so.1"},
		{name: "library that is missing", host: plain, files: sources{"c.go": inC("", "")}, env: []string{"CGO_LDFLAGS=" + own}, make: withLibrary, want: fails, because: "library libdrift.so"},
		{name: "library by its own path", host: plain, files: sources{"c.go": inC("", "")}, env: []string{"CGO_LDFLAGS=" + own + " -Wl,-rpath,$SHOP/clib"}, make: withLibrary, want: dangerous, because: "library libdrift.so"},
		{name: "newer C library", host: plain, files: sources{"c.go": "package main\n\n// int drift_new(void);\n// #cgo LDFLAGS: -lstub\nimport \"C\"\n\nvar _ = C.drift_new()\n"}, env: []string{"CGO_LDFLAGS=-L$SHOP/stub"}, make: withStub, want: fails, because: "C library"},
		{name: "C constructor", host: plain, files: sources{"c.go": inC("__attribute__((constructor)) static void early(void) { *(volatile int *)__builtin_alloca(4) = 1; }", "")}, want: dangerous, because: "constructors"},
		{name: "address sanitizer in C", host: plain, files: sources{"c.go": inC("", "")}, env: []string{"CGO_CFLAGS=-fsanitize=address", "CGO_LDFLAGS=-fsanitize=address"}, want: fails, optional: true},
		{name: "thread sanitizer in C", host: plain, files: sources{"c.go": inC("", "")}, env: []string{"CGO_CFLAGS=-fsanitize=thread", "CGO_LDFLAGS=-fsanitize=thread"}, want: fails, optional: true},
	}
}

// withLibrary builds a C library first.
func withLibrary(ctx context.Context, s *shop, c mismatch, dir, file string) error {
	if err := s.write("clib", sources{"drift.c": "int drift_two(void) { return 2; }\n"}); err != nil {
		return err
	}
	if err := s.tool(ctx, "clib", nil, "gcc", "-shared", "-fPIC", "-o", "libdrift.so", "drift.c"); err != nil {
		return err
	}
	return compile(ctx, s, c, dir, file)
}

// withStub builds against a C library of the future.
func withStub(ctx context.Context, s *shop, c mismatch, dir, file string) error {
	if err := s.write("stub", sources{"stub.c": "int drift_new(void) { return 1; }\n", "stub.map": "GLIBC_2.99 { global: drift_new; };\n"}); err != nil {
		return err
	}
	if err := s.tool(ctx, "stub", nil, "gcc", "-shared", "-fPIC", "-Wl,-soname,libc.so.6", "-Wl,--version-script=stub.map", "-o", "libstub.so", "stub.c"); err != nil {
		return err
	}
	return compile(ctx, s, c, dir, file)
}

func sharedC(ctx context.Context, s *shop, _ mismatch, dir, file string) error {
	if err := s.write(dir, sources{"one.c": "int one(void) { return 1; }\n"}); err != nil {
		return err
	}
	return s.tool(ctx, dir, nil, "gcc", "-shared", "-fPIC", "-o", file, "one.c")
}

func text(_ context.Context, _ *shop, _ mismatch, _, file string) error {
	return os.WriteFile(file, []byte(strategy), 0o644)
}

// otherRoot builds with the same toolchain by another path.
func otherRoot(ctx context.Context, s *shop, c mismatch, dir, file string) error {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	if err := os.Symlink(strings.TrimSpace(string(out)), s.path(dir, "goroot")); err != nil {
		return err
	}
	c.env = append(c.env, "GOROOT="+s.path(dir, "goroot"))
	return compile(ctx, s, c, dir, file)
}

// cut keeps the first bytes of a good plugin.
func cut(n int) func(context.Context, *shop, mismatch, string, string) error {
	return func(ctx context.Context, s *shop, c mismatch, dir, file string) error {
		if err := compile(ctx, s, c, dir, file); err != nil {
			return err
		}
		whole, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(file, whole[:n], 0o644)
	}
}

// withContract builds with a copy of the contract's sources, in another folder
// and with more at the end of one file. The recipe tells its digest.
func withContract(more string) func(context.Context, *shop, mismatch, string, string) error {
	return func(ctx context.Context, s *shop, c mismatch, dir, file string) error {
		copied, err := contractIn(s.path("contract"))
		if err != nil {
			return err
		}
		copied["abi/abi.go"] += more
		if err := s.write(filepath.Join(dir, "copy"), copied); err != nil {
			return err
		}
		digest, err := digestOf(s.path(dir, "copy"))
		if err != nil {
			return err
		}
		path := "example.com/drift/" + strings.Map(plainLetter, c.name)
		if err := s.write(dir, sources{"go.work": workspace("./copy"), "recipe.go": recipe(path, digest)}); err != nil {
			return err
		}
		return compile(ctx, s, c, dir, file)
	}
}

// overlaid lets the compiler see another file in the place of the library's: the
// path is the same, and nothing tells.
func overlaid(ctx context.Context, s *shop, c mismatch, dir, file string) error {
	overlay := `{"Replace": {"` + s.path("lib", "lib.go") + `": "` + s.path(dir, "grown.go.txt") + `"}}`
	if err := s.write(dir, sources{"overlay.json": overlay}); err != nil {
		return err
	}
	c.flags = append(c.flags, "-overlay="+s.path(dir, "overlay.json"))
	return compile(ctx, s, c, dir, file)
}

// replacedByCopy replaces a module by a copy of its very sources.
func replacedByCopy(ctx context.Context, s *shop, c mismatch, dir, file string) error {
	if err := s.vendor(ctx, dir); err != nil {
		return err
	}
	if err := os.Rename(s.path(dir, "vendor", "golang.org", "x", "mod"), s.path(dir, "mymod")); err != nil {
		return err
	}
	if err := os.RemoveAll(s.path(dir, "vendor")); err != nil {
		return err
	}
	if err := s.write(dir, sources{"mymod/go.mod": "module golang.org/x/mod\n\ngo 1.25.0\n", "go.work": workspace("../contract") + "replace golang.org/x/mod => ./mymod\n"}); err != nil {
		return err
	}
	return compile(ctx, s, c, dir, file)
}

func vendored(ctx context.Context, s *shop, c mismatch, dir, file string) error {
	if err := s.vendor(ctx, dir); err != nil {
		return err
	}
	return compile(ctx, s, c, dir, file)
}

// vendor makes the vendor folder of a build's workspace.
func (s *shop) vendor(ctx context.Context, dir string) error {
	return s.run(ctx, dir, []string{"GOWORK=" + s.path(dir, "go.work")}, "work", "vendor")
}
