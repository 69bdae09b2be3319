package main

import (
	"maps"
	"slices"
	"strings"
)

// Names in reports.
const (
	lineContract = "contract (abi, abi/wire)"
	lineGrown    = "size of example.com/drift/lib.state"
	lineMod      = "module golang.org/x/mod"
)

// sourceCases differ in sources without a version: the contract and a library
// that the host has too.
func sourceCases() []mismatch {
	lib, mod := workspace("../lib", "../contract"), workspace("./mylib", "../contract")
	useLib := using("example.com/drift/lib", "lib.Count()")
	return []mismatch{
		{name: "no recipe", host: plain, files: sources{"recipe.go": ""}, want: dangerous, because: lineContract},
		{name: "no recipe", host: trimmed, files: sources{"recipe.go": ""}, want: dangerous, because: lineContract},
		{name: "recipe of another contract", host: plain, files: sources{"recipe.go": recipe("example.com/drift/recipe_of_another_contract", "sha256:00")}, want: dangerous, because: lineContract},
		{name: "contract in another folder", host: plain, make: withContract(""), want: fails, because: "package " + contractModule + "/abi"},
		{name: "contract in another folder", host: trimmed, make: withContract(""), want: fits},
		{name: "contract with a comment more", host: trimmed, make: withContract("\n// Nothing.\n"), want: dangerous, because: lineContract},
		{name: "contract with a variable more", host: trimmed, make: withContract("\nvar drift [64]int\n\nfunc spin() { drift[63]++ }\n"), because: lineContract},
		{name: "contract with a type more", host: trimmed, make: withContract("\n// Extra is new.\ntype Extra struct{ Field int }\n"), want: fails, because: lineContract},
		{name: "shared library without version", host: plain, files: sources{"go.work": lib, "use.go": useLib}, want: dangerous, because: "module example.com/drift/lib"},
		{name: "shared library without version", host: raced, files: sources{"go.work": lib, "use.go": useLib}, want: dangerous, because: "module example.com/drift/lib"},
		{name: "its variable grew", host: trimmed, files: joined(sources{"go.work": mod, "use.go": useLib}, within("mylib", library(64))), want: dangerous, because: lineGrown},
		{name: "its variable shrank", host: trimmed, files: joined(sources{"go.work": mod, "use.go": useLib}, within("mylib", library(1))), want: dangerous, because: lineGrown},
		{name: "its variable grew unseen", host: plain, files: joined(sources{"go.work": lib, "use.go": useLib, "grown.go.txt": library(64)["lib.go"]},
			sources{"overlay.json": ""}), make: overlaid, want: dangerous, because: lineGrown},
		{name: "library in another folder", host: plain, files: joined(sources{"go.work": mod, "use.go": useLib}, within("mylib", library(2))), want: fails, because: "module example.com/drift/lib"},
		{name: "library with another body", host: trimmed, files: joined(sources{"go.work": mod, "use.go": useLib}, within("mylib", otherBody())), want: dangerous, because: "module example.com/drift/lib"},
	}
}

// otherBody is the library with a function that does something else.
func otherBody() sources {
	files := library(2)
	files["lib.go"] = strings.Replace(files["lib.go"], "]++", "] += 40", 1)
	return files
}

func otherHelper() sources {
	files := helperOf("2", "")
	files["helper.go"] = strings.Replace(files["helper.go"], "]++", "] += 40", 1)
	return files
}

func joined(parts ...sources) sources {
	all := sources{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// moduleCases differ in the version of a module that the host has too.
func moduleCases() []mismatch {
	useMod := sources{"use.go": using("golang.org/x/mod/semver", `semver.Compare("v1.0.0", "v1.0.1")`)}
	require := func(version string) string { return "\nrequire golang.org/x/mod " + version + "\n" }
	replaced := sources{
		"mymod/go.mod":           "module golang.org/x/mod\n\ngo 1.25.0\n",
		"mymod/semver/semver.go": "package semver\n\nfunc Compare(v, w string) int { return len(v) - len(w) }\n",
	}
	get := func(version string) [][]string { return [][]string{{"get", "golang.org/x/mod@" + version}} }
	return []mismatch{
		{name: "same module version", host: plain, files: useMod, require: require("v0.42.0"), want: fits},
		{name: "same module version", host: trimmed, files: useMod, require: require("v0.42.0"), want: fits},
		{name: "older module", host: plain, files: useMod, before: get("v0.41.0"), want: fails, because: lineMod, optional: true},
		{name: "much older module", host: trimmed, files: useMod, before: get("v0.30.0"), want: fails, because: lineMod, optional: true},
		{name: "module replaced by a folder", host: plain, files: joined(useMod, replaced, sources{"go.work": workspace("../contract") + "replace golang.org/x/mod => ./mymod\n"}), require: require("v0.42.0"), want: fails, because: lineMod},
		{name: "module replaced by its copy", host: trimmed, files: useMod, require: require("v0.42.0"), make: replacedByCopy, because: lineMod},
		{name: "module in a vendor folder", host: trimmed, files: useMod, require: require("v0.42.0"), make: vendored, because: lineMod},
	}
}

// partners are plugins that others are opened beside.
func partners() []mismatch {
	helper := joined(sources{"go.work": workspace("./helper", "../contract"), "use.go": using("example.com/drift/helper", "helper.Count()")}, within("helper", helperOf("2", "")))
	sync := sources{"use.go": using("golang.org/x/sync/semaphore", "semaphore.NewWeighted(1)")}
	return []mismatch{
		{name: "first", host: plain},
		{name: "first", host: trimmed},
		{name: "with helper", host: trimmed, files: helper},
		{name: "with sync", host: plain, files: sync, require: "\nrequire golang.org/x/sync v0.24.0\n"},
		{name: "from files", host: plain, target: []string{"main.go", "recipe.go"}},
	}
}

// helperOf is a library that the host does not have.
func helperOf(size, more string) sources {
	return sources{
		"go.mod":    "module example.com/drift/helper\n\ngo 1.26.0\n",
		"helper.go": "package helper\n\nvar state [" + size + "]int\n\nfunc Count() int { return count() }\n\n//go:noinline\nfunc count() int { state[len(state)-1]++; return state[0] }\n" + more,
	}
}

// loadedCases fit the host and meet a plugin that it has open.
func loadedCases() []mismatch {
	helper := func(files sources) sources {
		return joined(sources{"go.work": workspace("./helper", "../contract"), "use.go": using("example.com/drift/helper", "helper.Count()")}, within("helper", files))
	}
	sync := sources{"use.go": using("golang.org/x/sync/semaphore", "semaphore.NewWeighted(1)")}
	with, beside := []string{"with helper"}, []string{"with sync"}
	list := []mismatch{
		{name: "beside another", host: plain, loaded: []string{"first"}, want: fits},
		{name: "same import path rebuilt", host: plain, path: "example.com/drift/first", loaded: []string{"first"},
			files: sources{"more.go": "package main\n\nvar More = 2\n"}, want: fails, because: "import path example.com/drift/first"},
		{name: "same bytes in another file", host: trimmed, path: "example.com/drift/first", loaded: []string{"first"}, want: fails},
		{name: "same helper", host: trimmed, loaded: with, files: helper(helperOf("2", "")), want: dangerous, because: "module example.com/drift/helper"},
		{name: "helper with another body", host: trimmed, loaded: with, files: helper(otherHelper()), want: dangerous, because: "module example.com/drift/helper"},
		{name: "helper with another interface", host: trimmed, loaded: with, files: helper(helperOf("2", "\nfunc More() {}\n")), want: fails, because: "package example.com/drift/helper"},
		{name: "helper whose variable grew", host: trimmed, loaded: with, files: helper(helperOf("64", "")), want: dangerous, because: "size of example.com/drift/helper.state"},
		{name: "same module as a loaded one", host: plain, loaded: beside, files: sync, require: "\nrequire golang.org/x/sync v0.24.0\n", want: fits},
		{name: "other module than a loaded one", host: plain, loaded: beside, files: sync, before: [][]string{{"get", "golang.org/x/sync@v0.20.0"}}, want: fails, because: "module golang.org/x/sync", optional: true},
		{name: "beside one built from files", host: plain, loaded: []string{"from files"}, want: fits},
		{name: "files beside files", host: plain, loaded: []string{"from files"}, target: []string{"main.go", "recipe.go", "more.go"},
			files: sources{"more.go": "package main\n\nvar More = 2\n"}, want: dangerous, because: lineContract},
		{name: "same files twice", host: plain, path: "example.com/drift/from_files", loaded: []string{"from files"}, target: []string{"main.go", "recipe.go"}},
		{name: "third in a row", host: plain, loaded: []string{"first", "with sync"}, want: fits},
	}
	return slices.Clip(list)
}
