package main

import (
	"errors"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

// exitCode maps an error to what a script can act on.
func exitCode(err error) int {
	var usage usageError
	if err == nil {
		return exitOK
	}
	if errors.As(err, &usage) {
		return exitUsage
	}
	switch code := problem.CodeOf(err); code {
	case problem.Unauthenticated:
		return exitAuth
	case problem.StaleGeneration, problem.IfMatchRequired:
		return exitConflict
	case problem.BuildFailed:
		return exitInvalid
	default:
		return exitOfGroup(code)
	}
}

// exitOfGroup: whatever refuses a release is a verdict on it.
func exitOfGroup(code problem.Code) int {
	switch server.GroupOf(code) {
	case server.GroupTrust, server.GroupArtifact:
		return exitInvalid
	}
	return exitError
}
