package guestbuild

import "context"

// buildGo builds the main package in dir.
func buildGo(ctx context.Context, dir, output string) (tool string, flags []string, err error) {
	// An empty GOFLAGS would let the user's configuration file decide.
	env := []string{"GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-buildvcs=false", "GOEXPERIMENT=", "CGO_ENABLED=0"}
	tool, err = command{dir: dir, env: env, name: "go", args: []string{"env", "GOVERSION"}}.run(ctx)
	if err != nil {
		return "", nil, err
	}
	flags = []string{"-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-pgo=off", "-ldflags=-s -w"}
	args := append(append([]string{"build"}, flags...), "-o", output, ".")
	_, err = command{dir: dir, env: env, name: "go", args: args}.run(ctx)
	return tool, flags, err
}
