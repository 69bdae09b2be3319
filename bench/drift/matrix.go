package main

import (
	"context"
	"slices"
)

// mismatch is one case: what differs between a host and a plugin.
type mismatch struct {
	name string
	host flavour
	// files stand beside and instead of those of a plugin that fits; path and
	// require are parts of its go.mod.
	files         sources
	path, require string
	// flags and target are arguments of go build, env is its environment, before
	// are arguments of go commands to run first. $SHOP is the shop's folder.
	flags, target, env []string
	before             [][]string
	// loaded are names of cases, of the same host, that are open already.
	loaded []string
	// make builds the file in another way than with go build.
	make func(ctx context.Context, s *shop, c mismatch, dir, file string) error
	// want and because are the verdict and the difference that the report must
	// have.
	want    verdict
	because string
	// optional cases may be impossible here.
	optional bool
}

// matrix is all cases.
func matrix() []mismatch {
	return slices.Concat(flagCases(), linkCases(), sourceCases(), moduleCases(), loadedCases(), libraryCases(), fileCases())
}

// named finds a case.
func named(host flavour, name string) mismatch {
	all := slices.Concat(matrix(), partners())
	i := slices.IndexFunc(all, func(c mismatch) bool { return c.host == host && c.name == name })
	return all[i]
}

// flagCases differ in what build information tells.
func flagCases() []mismatch {
	return []mismatch{
		{name: "identical", host: plain, want: fits},
		{name: "identical", host: trimmed, want: fits},
		{name: "identical", host: raced, want: fits},
		{name: "trimpath", host: plain, flags: []string{"-trimpath"}, want: fails, because: "-trimpath"},
		{name: "no trimpath", host: trimmed, flags: []string{"-trimpath=false"}, want: fails, because: "-trimpath"},
		{name: "race", host: plain, flags: []string{"-race"}, want: fails, because: "-race"},
		{name: "no race", host: raced, flags: []string{"-race=false"}, want: fails, because: "-race"},
		{name: "trimpath and race", host: trimmed, flags: []string{"-race"}, want: fails, because: "-race"},
		{name: "asan", host: plain, flags: []string{"-asan"}, want: fails, because: "-asan", optional: true},
		{name: "msan", host: plain, flags: []string{"-msan"}, env: []string{"CC=clang-14"}, want: fails, because: "-msan", optional: true},
		{name: "cover", host: plain, flags: []string{"-cover"}, because: "-cover"},
		{name: "cover of everything", host: plain, flags: []string{"-cover", "-coverpkg=./...,github.com/swapline/swapline/abi/..."}, want: fails, because: "-cover"},
		{name: "gcflags of all", host: plain, flags: []string{"-gcflags=all=-N -l"}, want: fails, because: "-gcflags"},
		{name: "gcflags of the contract", host: plain, flags: []string{"-gcflags=github.com/swapline/swapline/abi=-N -l"}, because: "-gcflags"},
		{name: "gcflags of the main package", host: plain, flags: []string{"-gcflags=-N -l"}, want: fits},
		{name: "asmflags of all", host: plain, flags: []string{"-asmflags=all=-D=DRIFT=1"}, want: dangerous, because: "-asmflags"},
		{name: "asmflags of the main package", host: plain, flags: []string{"-asmflags=-D=DRIFT=1"}, want: fits},
		{name: "tags that nothing knows", host: plain, flags: []string{"-tags=drift"}, want: dangerous, because: "-tags"},
		{name: "tags of the standard library", host: plain, flags: []string{"-tags=netgo,osusergo"}, want: dangerous, because: "-tags"},
		{name: "goamd64 above", host: plain, env: []string{"GOAMD64=v3"}, because: "GOAMD64"},
		{name: "jsonv2", host: plain, env: []string{"GOEXPERIMENT=jsonv2"}, want: fails, because: "Go toolchain"},
		{name: "another collector", host: plain, env: []string{"GOEXPERIMENT=nogreenteagc"}, want: fails, because: "Go toolchain"},
		{name: "fieldtrack", host: trimmed, env: []string{"GOEXPERIMENT=fieldtrack"}, want: fails, because: "Go toolchain"},
		{name: "fips module", host: plain, env: []string{"GOFIPS140=latest"}, because: "GOFIPS140"},
		{name: "cgo cflags", host: plain, env: []string{"CGO_CFLAGS=-O1 -DDRIFT"}, want: fits},
		{name: "no profile", host: plain, flags: []string{"-pgo=off"}, want: fits},
		{name: "another toolchain", host: plain, env: []string{"GOTOOLCHAIN=go1.26.7"}, because: "Go toolchain", optional: true},
		{name: "much older toolchain", host: plain, env: []string{"GOTOOLCHAIN=go1.26.0"}, because: "Go toolchain", optional: true},
		{name: "another GOROOT", host: plain, make: otherRoot, want: fits},
		{name: "godebug", host: plain, files: sources{"debug.go": "//go:debug panicnil=1\n\npackage main\n"}, want: fits, because: "DefaultGODEBUG"},
	}
}

// linkCases differ in how the file was linked.
func linkCases() []mismatch {
	return []mismatch{
		{name: "stripped", host: plain, flags: []string{"-ldflags=-s -w"}, want: fits, because: "-ldflags"},
		{name: "stripped", host: trimmed, flags: []string{"-ldflags=-s -w"}, want: fits},
		{name: "stamped", host: plain, flags: []string{"-ldflags=-X main.version=9"}, files: sources{"version.go": "package main\n\nvar version string\n\nvar _ = &version\n"}, want: fits},
		{name: "external link", host: plain, flags: []string{"-ldflags=-linkmode=external"}, want: fits},
		{name: "internal link", host: plain, flags: []string{"-ldflags=-linkmode=internal"}, want: fits, optional: true},
		{name: "no build id", host: plain, flags: []string{"-ldflags=-buildid="}, want: fits},
		{name: "bound at once", host: plain, flags: []string{"-ldflags=-extldflags=-Wl,-z,now"}, want: fits},
		{name: "plugin path by hand", host: plain, flags: []string{"-ldflags=-pluginpath=drift/by/hand"}, want: fails, because: "plugin path"},
		{name: "without cgo", host: plain, env: []string{"CGO_ENABLED=0"}, optional: true},
	}
}

// fileCases are no plugins, or only parts of one.
func fileCases() []mismatch {
	return []mismatch{
		{name: "an executable", host: plain, flags: []string{"-buildmode=exe"}, want: fails},
		{name: "a shared library of Go", host: plain, flags: []string{"-buildmode=c-shared"}, want: fails, because: "build mode"},
		{name: "a shared library of C", host: plain, make: sharedC, want: fails},
		{name: "cut off", host: plain, make: cut(100_000), want: fails},
		{name: "text", host: plain, make: text, want: fails},
		{name: "no constructor", host: plain, files: sources{"main.go": "package main\n\nimport _ \"github.com/swapline/swapline/abi\"\n\nfunc main() {}\n"}, want: dangerous, because: "symbol NewStrategy"},
		{name: "a constructor of another type", host: plain, files: sources{"main.go": "package main\n\nimport _ \"github.com/swapline/swapline/abi\"\n\nvar NewStrategy = 1\n\nfunc main() {}\n"}, want: fits},
		{name: "built from files", host: plain, target: []string{"main.go", "recipe.go"}, want: dangerous, because: lineContract},
	}
}
