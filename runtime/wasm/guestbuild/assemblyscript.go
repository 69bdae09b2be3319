package guestbuild

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
)

const installASC = "npm install --save-dev assemblyscript@0.28.20"

// buildAssemblyScript builds what asconfig.json in dir names as its entries,
// with the options of its target "release".
func buildAssemblyScript(ctx context.Context, dir, output string) (tool string, flags []string, err error) {
	asc, err := findInstalled(dir, "asc")
	if err != nil {
		return "", nil, err
	}
	if _, err := exec.LookPath("node"); err != nil {
		return "", nil, missing("node", "apt-get install --no-install-recommends nodejs npm")
	}
	if tool, err = (command{dir: dir, name: asc, args: []string{"--version"}}).run(ctx); err != nil {
		return "", nil, err
	}
	flags = []string{"--config", "asconfig.json", "--target", "release"}
	_, err = command{dir: dir, name: asc, args: append(flags, "--outFile", output)}.run(ctx)
	return tool, flags, err
}

// findInstalled finds a tool that npm installed for the folder or one above it,
// or for everybody.
func findInstalled(dir, tool string) (string, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return "", missing(tool, installASC)
	}
	for ; ; at = filepath.Dir(at) {
		path := filepath.Join(at, "node_modules", ".bin", tool)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	path, err := exec.LookPath(tool)
	if err != nil {
		return "", missing(tool, installASC)
	}
	return path, nil
}
