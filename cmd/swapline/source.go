package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// sourceFile is the author's part of a manifest, in the strategy's folder.
const sourceFile = "strategy.json"

// source is what the author states about a release: the members of a manifest
// (package manifest describes them) without those that the tools know better.
//
//	{
//	  "name": "risk",                          required
//	  "version": "1.2.0",                      required
//	  "methods": ["Execute", "Validate"],      default ["Execute"]
//	  "limits": {"timeout_ms": 250, "memory_bytes": 67108864, "concurrency": 64},
//	  "config": {"max": 1000},
//	  "config_schema": {"type": "object"},
//	  "golden": [{"name": "small", "input": {}, "output": {}}],
//	  "golden_file": "golden.json",
//	  "rollout": {"stages": [{"weight": 5, "for_s": 60}, {"weight": 100}]},
//	  "engine": "", "capabilities": [], "audience": [], "not_before": "...",
//	  "min_host_version": "0.1.0", "labels": {"owner": "payments"}
//	}
//
// golden_file names a file, relative to the folder of strategy.json, with a list
// of golden cases; they follow those in golden. A case has a name, an input and
// either an output or "rejected", the code of the expected business error.
//
// Signing adds artifact, kind, abi_version, sequence, issued, expires and
// previous; a source that states one of them is refused. Building puts a copy
// beside the artifact, NAME.strategy.json, with the golden cases in it, so that
// what is signed belongs to what was built.
type source map[string]any

// added lists the members that signing adds.
func added() []string {
	return []string{"artifact", "kind", "abi_version", "sequence", "issued", "expires", "previous"}
}

// readSource reads strategy.json and the file of golden cases that it names.
func readSource(path string) (source, error) {
	v, err := readJSON(path)
	if err != nil {
		return nil, err
	}
	doc, ok := v.(map[string]any)
	if !ok {
		return nil, problem.New(problem.ManifestMalformed, "%s is not a JSON object", path)
	}
	for _, name := range added() {
		if _, ok := doc[name]; ok {
			return nil, problem.New(problem.ManifestMalformed, "%s states what signing adds", path).At("/" + name).
				Cure("remove the member; swapline sign has flags for what can be chosen")
		}
	}
	s := source(doc)
	if err := s.inlineGolden(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if _, ok := s["methods"]; !ok {
		s["methods"] = []any{abi.MethodExecute}
	}
	if err := s.checkName(path); err != nil {
		return s, err
	}
	return s, s.checkRollout(path)
}

func (s source) inlineGolden(folder string) error {
	file, ok := s["golden_file"]
	if !ok {
		return nil
	}
	name, ok := file.(string)
	if !ok || !filepath.IsLocal(name) {
		return problem.New(problem.ManifestMalformed, "golden_file must name a file in the strategy's folder").At("/golden_file")
	}
	v, err := readJSON(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	more, ok := v.([]any)
	if !ok {
		return problem.New(problem.ManifestMalformed, "%s is not a list of golden cases", name).At("/golden_file")
	}
	cases, _ := s["golden"].([]any)
	s["golden"] = slices.Concat(cases, more)
	delete(s, "golden_file")
	return nil
}

// checkName refuses names that could not be a file's either.
func (s source) checkName(path string) error {
	if !manifest.ValidName(s.text("name")) {
		return problem.New(problem.ManifestMalformed, "%s has no usable name", path).At("/name").
			Want("1 to 64 of a-z 0-9 . _ - beginning with a letter or digit").Got("%q", s.text("name"))
	}
	if !manifest.ValidVersion(s.text("version")) {
		return problem.New(problem.ManifestMalformed, "%s has no usable version", path).At("/version").
			Want("a semantic version like 2.0.0, without v").Got("%q", s.text("version"))
	}
	return nil
}

// checkRollout reads the policy as a server will, when its author can still mend it.
func (s source) checkRollout(path string) error {
	policy, ok := s["rollout"]
	if !ok {
		return nil
	}
	doc, ok := policy.(map[string]any)
	if !ok {
		return problem.New(problem.ManifestMalformed, "the rollout policy in %s is no object", path).At("/rollout")
	}
	return checkPolicy(path, "/rollout", doc)
}

// text returns a member that is text, "" for any other.
func (s source) text(name string) string {
	t, _ := s[name].(string)
	return t
}

// release is the file name of a build without its extension.
func (s source) release() string { return s.text("name") + "-" + s.text("version") }

// write puts the source beside an artifact.
func (s source) write(artifact string) error {
	b, err := wire.AppendJSON(nil, map[string]any(s))
	if err != nil {
		return err
	}
	return os.WriteFile(besideArtifact(artifact), append(b, '\n'), 0o644)
}

// besideArtifact is where building puts the source of an artifact.
func besideArtifact(artifact string) string { return artifact + "." + sourceFile }

func readJSON(path string) (any, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError{err}
	}
	if err != nil {
		return nil, err
	}
	v, err := wire.ParseJSON(b)
	if err != nil {
		return nil, problem.New(problem.ManifestMalformed, "%s is not valid JSON: %w", path, err)
	}
	return v, nil
}
