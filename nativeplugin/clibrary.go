package nativeplugin

import (
	"bufio"
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// versionPrefix begins the names of the C library's versions.
const versionPrefix = "GLIBC_"

// compareCLibrary predicts "version `GLIBC_2.38' not found": a plugin that was
// built where the C library is newer than where the host runs.
func (c *comparison) compareCLibrary() []Difference {
	have, need := c.profile.CLibrary, c.plugin.cLibrary
	if have == "" || need == "" || newest(have, need) == have {
		return nil
	}
	return []Difference{{
		What: "C library", Host: have, Plugin: need, Severity: Fails, Code: problem.NativeDependency,
		Cure: cureBuild + ", on a machine whose C library is not newer than the host's",
	}}
}

// readCLibrary finds the newest version of the C library that the file asks for.
func (im *image) readCLibrary(f *elf.File) error {
	s := sectionOf(f, elf.SHT_GNU_VERNEED)
	if s == nil {
		return nil
	}
	if s.Size > 1<<14 {
		return errStructure("it asks for too many versions of libraries")
	}
	needs, err := f.DynamicVersionNeeds()
	if err != nil {
		return err
	}
	for _, library := range needs {
		for _, v := range library.Needs {
			im.cLibrary = newest(im.cLibrary, v.Dep)
		}
	}
	return nil
}

// cLibraryHere is the newest version that this machine's C library has, of this
// very process if it has one; empty if there is none of that kind.
func cLibraryHere() string {
	candidates := mapped("libc.so.6")
	for _, pattern := range []string{"/lib64", "/usr/lib64", "/lib/*-linux-gnu", "/usr/lib/*-linux-gnu", "/lib", "/usr/lib"} {
		found, err := filepath.Glob(pattern + "/libc.so.6")
		if err == nil {
			candidates = append(candidates, found...)
		}
	}
	for _, path := range candidates {
		if v := versionOf(path); v != "" {
			return v
		}
	}
	return ""
}

// mapped lists the files of that name which this process has loaded.
func mapped(name string) []string {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil
	}
	defer func() { _ = maps.Close() }()
	var list []string
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if at := strings.IndexByte(lines.Text(), '/'); at >= 0 && filepath.Base(lines.Text()[at:]) == name {
			list = append(list, lines.Text()[at:])
		}
	}
	return slices.Compact(list)
}

// versionOf is the newest version that a C library defines.
func versionOf(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	defined, err := f.DynamicVersions()
	if err != nil {
		return ""
	}
	version := ""
	for _, v := range defined {
		version = newest(version, v.Name)
	}
	return version
}

// newest returns the newer one of two versions. Names without numbers, such as
// GLIBC_PRIVATE, are no versions.
func newest(x, y string) string {
	p, q := numbers(x), numbers(y)
	if slices.Compare(p, q) < 0 {
		return y
	}
	return x
}

// numbers takes a version apart; nil if it is none.
func numbers(version string) []int {
	text, ok := strings.CutPrefix(version, versionPrefix)
	if !ok {
		return nil
	}
	var list []int
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		list = append(list, n)
	}
	return list
}
