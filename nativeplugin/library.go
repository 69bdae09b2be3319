package nativeplugin

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// compareLibraries looks at the C libraries that the dynamic loader would bring
// into the process, and whether it would find them. It looks on this machine,
// wherever the host may be.
func (c *comparison) compareLibraries() []Difference {
	var list []Difference
	p := c.plugin
	for _, name := range p.libraries {
		if slices.Contains(c.profile.Libraries, name) || systemLibrary(name) {
			continue
		}
		d := Difference{
			What: "library " + name, Host: "not loaded", Plugin: "needed", Severity: Dangerous, Code: problem.NativeDependency,
			Cure: "remove the C library; or swapline build --kind wasm FOLDER",
		}
		switch {
		case sanitizer(name):
			d.Plugin, d.Severity = "needed, and ends a process that did not start with it", Fails
		case !findable(name, p.libraryPath):
			d.Plugin, d.Severity = "needed, and not on this machine", Fails
		}
		list = append(list, d)
	}
	if p.libraryPath != "" {
		list = append(list, Difference{
			What: "library path", Host: "the system's", Plugin: p.libraryPath, Severity: Dangerous, Code: problem.NativeDependency,
			Cure: "build without -rpath: the library that is found there is not the one that was tested",
		})
	}
	return list
}

// systemLibrary reports whether a library is part of the C library.
func systemLibrary(name string) bool {
	switch name {
	case "libc.so.6", "libpthread.so.0", "libdl.so.2", "libm.so.6", "libresolv.so.2", "librt.so.1":
		return true
	}
	return strings.HasPrefix(name, "ld-linux-")
}

// sanitizer reports whether a library works only in a process that began with
// it.
func sanitizer(name string) bool {
	return strings.HasPrefix(name, "libasan.so") || strings.HasPrefix(name, "libtsan.so") || strings.HasPrefix(name, "libhwasan.so")
}

// findable reports whether the dynamic loader would find a library, in the order
// of ld.so(8).
func findable(name, libraryPath string) bool {
	if strings.Contains(name, "/") {
		return exists(name)
	}
	folders := append(filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")), filepath.SplitList(libraryPath)...)
	for _, folder := range append(folders, "/lib64", "/usr/lib64", "/lib", "/usr/lib") {
		if folder != "" && exists(filepath.Join(folder, name)) {
			return true
		}
	}
	cache, err := os.ReadFile("/etc/ld.so.cache")
	return err == nil && bytes.Contains(cache, []byte("/"+name+"\x00"))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
