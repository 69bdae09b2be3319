package swapline_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/swapline/swapline"
)

// contractOnDisk is a copy of the contract's sources in this checkout.
func contractOnDisk(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	walk(t, func(name string) {
		if strings.HasPrefix(name, "abi/") && path.Ext(name) == ".go" {
			files[name] = &fstest.MapFile{Data: []byte(read(t, name))}
		}
	})
	return files
}

func digestOf(t *testing.T, fsys fs.FS) string {
	t.Helper()
	digest, err := swapline.ContractDigest(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// TestTheEmbeddedContractIsAllOfIt fails when a package or a file is added to
// the contract that the host does not embed.
func TestTheEmbeddedContractIsAllOfIt(t *testing.T) {
	embedded, err := swapline.Contract()
	if err != nil {
		t.Fatal(err)
	}
	if onDisk := digestOf(t, contractOnDisk(t)); embedded != onDisk {
		t.Errorf("embedded %s, on disk %s", embedded, onDisk)
	}
	folders := map[string]bool{}
	for name := range contractOnDisk(t) {
		if !strings.HasSuffix(name, "_test.go") {
			folders[path.Dir(name)] = true
		}
	}
	if got := slices.Sorted(maps.Keys(folders)); !slices.Equal(got, swapline.ContractPackages()) {
		t.Errorf("folders of the contract %v, known are %v", got, swapline.ContractPackages())
	}
}

// TestTheContractIsGoFilesOnly: the digest would not cover anything else.
func TestTheContractIsGoFilesOnly(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,CgoFiles,SFiles,CFiles,HFiles,SysoFiles,EmbedFiles", "./abi/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		p := map[string]any{}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if len(p) != 1 {
			t.Errorf("more than Go files: %v", p)
		}
	}
}

func TestTheDigestFollowsTheSources(t *testing.T) {
	whole := digestOf(t, contractOnDisk(t))
	for _, c := range []struct {
		name    string
		change  func(fstest.MapFS)
		changes bool
	}{
		{"a body", func(m fstest.MapFS) {
			f := m["abi/wire/equal.go"]
			body := bytes.Replace(f.Data, []byte("return "), []byte("return  "), 1)
			if bytes.Equal(body, f.Data) {
				t.Fatal("nothing was changed")
			}
			f.Data = body
		}, true},
		{"a new file", func(m fstest.MapFS) { m["abi/more.go"] = &fstest.MapFile{Data: []byte("package abi\n")} }, true},
		{"a file for other machines", func(m fstest.MapFS) { m["abi/more_windows.go"] = &fstest.MapFile{Data: []byte("package abi\n")} }, true},
		{"a missing file", func(m fstest.MapFS) { delete(m, "abi/wire/equal.go") }, true},
		{"a renamed file", func(m fstest.MapFS) {
			m["abi/wire/equals.go"] = m["abi/wire/equal.go"]
			delete(m, "abi/wire/equal.go")
		}, true},
		{"a file moved to the other package", func(m fstest.MapFS) {
			m["abi/equal.go"] = m["abi/wire/equal.go"]
			delete(m, "abi/wire/equal.go")
		}, true},
		{"a test", func(m fstest.MapFS) { m["abi/more_test.go"] = &fstest.MapFile{Data: []byte("package abi\n")} }, false},
		{"a file that go ignores", func(m fstest.MapFS) { m["abi/_more.go"] = &fstest.MapFile{} }, false},
		{"another package", func(m fstest.MapFS) { m["runtime/runtime.go"] = &fstest.MapFile{} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := contractOnDisk(t)
			c.change(m)
			if got := digestOf(t, m); (got != whole) != c.changes {
				t.Errorf("digest %s, was %s", got, whole)
			}
		})
	}
}

// TestTheDigestIsWhatItsCommentSays computes it with the shell.
func TestTheDigestIsWhatItsCommentSays(t *testing.T) {
	const line = "ls abi/*.go abi/wire/*.go | grep -v _test.go | LC_ALL=C sort | xargs sha256sum | sha256sum"
	if !strings.Contains(read(t, "contract.go"), line) {
		t.Error("the comment shows another command")
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", line).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := digestOf(t, os.DirFS(".")); got != "sha256:"+strings.Fields(string(out))[0] {
		t.Errorf("digest %s, the command prints %s", got, out)
	}
}

func TestSourcesWithoutAContractHaveNoDigest(t *testing.T) {
	for _, m := range []fstest.MapFS{{}, {"abi/abi.go": {}}, {"abi/abi.go": {}, "abi/wire/wire_test.go": {}}} {
		if got, err := swapline.ContractDigest(m); err == nil {
			t.Errorf("digest %s", got)
		}
	}
}
