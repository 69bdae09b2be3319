package server

import (
	"slices"

	"github.com/swapline/swapline/runtime/problem"
)

// Entry is what the world is told about one problem code: the row of the only
// table from codes to HTTP.
type Entry struct {
	Code problem.Code
	// Status is the HTTP status code of answers with this code.
	Status int
	// Title names the class in a few words; it never changes with the occurrence.
	Title string
	// Help says what it means and what to do, for docs/errors.md.
	Help string
}

// Group is a family of codes, as openapi.yaml and docs/errors.md divide them.
type Group struct {
	Name    string
	Intro   string
	Entries []Entry
}

// Names of the groups.
const (
	GroupRequests    = "Requests"
	GroupRollouts    = "Rollouts"
	GroupComparisons = "Comparisons and experiments"
	GroupExecution   = "Execution"
	GroupTrust       = "Envelope, policy and manifest"
	GroupArtifact    = "Artifact and loading"
	GroupStore       = "Store and host"
)

// Catalogue returns the whole table in the order of the documentation.
func Catalogue() []Group {
	return []Group{
		{GroupRequests, "What was asked for cannot be done as it was asked.",
			slices.Concat(bodyEntries(), accessEntries(), conflictEntries())},
		{GroupRollouts, "What was asked of a rollout cannot be done now. What runs is not touched.", rolloutEntries()},
		{GroupComparisons, "Two releases cannot be compared as it was asked.", comparisonEntries()},
		{GroupExecution, "The release that should have answered broke. It keeps serving; the broken instance is replaced.",
			executionEntries()},
		{GroupTrust, "The signed statement about a release was refused. What runs is not touched.",
			slices.Concat(envelopeEntries(), policyEntries(), manifestEntries())},
		{GroupArtifact, "The release was signed but cannot be served. What runs is not touched.",
			slices.Concat(artifactEntries(), wasmEntries(), nativeEntries(), quarantineEntries(), validationEntries(), rebindEntries())},
		{GroupStore, "The host itself has a problem.", storeEntries()},
	}
}

// answersByCode is the table for look-ups.
func answersByCode() map[string]Entry {
	m := map[string]Entry{}
	for _, g := range Catalogue() {
		for _, e := range g.Entries {
			m[string(e.Code)] = e
		}
	}
	return m
}

// GroupOf returns the name of the group that a code is in, "" for a code that is
// not of this table (a strategy's own).
func GroupOf(code problem.Code) string {
	for _, g := range Catalogue() {
		if slices.ContainsFunc(g.Entries, func(e Entry) bool { return e.Code == code }) {
			return g.Name
		}
	}
	return ""
}
