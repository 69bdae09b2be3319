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
	if end := new(outcome); errors.As(err, &end) {
		return end.code
	}
	switch code := problem.CodeOf(err); code {
	case problem.Unauthenticated:
		return exitAuth
	case problem.StaleGeneration, problem.StaleRollout, problem.IfMatchRequired, problem.RolloutActive:
		return exitConflict
	case problem.BuildFailed, problem.RolloutFinal, problem.RolloutPolicyMalformed:
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
