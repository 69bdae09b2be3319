package swapline

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// contractSources are the sources that this program was built from. The
// patterns take tests along, which the digest leaves out; in return no file can
// be forgotten. Package nativeplugin finds the variable by its name in the files
// of other hosts.
//
//go:embed abi/*.go abi/wire/*.go
var contractSources embed.FS

// ContractPackages are the folders, below the module's root, of the packages
// that a plugin shares with its host.
func ContractPackages() []string { return []string{"abi", "abi/wire"} }

// Contract is the [ContractDigest] of the sources that this program was built
// from. A plugin that shares a contract without a module version is accepted
// only if its builder found the same digest.
func Contract() (string, error) { return ContractDigest(contractSources) }

// ContractDigest is the digest of the contract's sources in a checkout, or in a
// module's folder, whose root is fsys: what no fingerprint of the Go linker
// covers, such as the body of a function or a variable that is not exported.
//
// It is "sha256:" and the hex SHA-256 of one line for each Go file that is not a
// test, in the order of bytes of their slash-separated names below the root. The
// line is the hex SHA-256 of the content, two spaces, the name and a line feed.
// Files for other machines count too; files that begin with a dot or an
// underscore do not, as go ignores them. So this prints the same digits:
//
//	ls abi/*.go abi/wire/*.go | grep -v _test.go | LC_ALL=C sort | xargs sha256sum | sha256sum
//
// The error is that of fsys, or says that a folder holds no Go file.
func ContractDigest(fsys fs.FS) (string, error) {
	var names []string
	for _, folder := range ContractPackages() {
		found, err := sources(fsys, folder)
		if err != nil {
			return "", err
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	all := sha256.New()
	for _, name := range names {
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(all, "%x  %s\n", sha256.Sum256(content), name)
	}
	return "sha256:" + hex.EncodeToString(all.Sum(nil)), nil
}

// sources are the names of the files in a folder that the digest covers.
func sources(fsys fs.FS, folder string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		ignored := e.IsDir() || name[0] == '.' || name[0] == '_'
		if !ignored && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			names = append(names, path.Join(folder, name))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no Go files in %s", folder)
	}
	return names, nil
}
