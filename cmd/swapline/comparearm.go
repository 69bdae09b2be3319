package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// directCall is the word for the Go function itself, without what the runtime
// does around a call.
const directCall = "direct"

// stableRelease is the word for the release that serves.
const stableRelease = "stable"

// place is where an arm comes from.
type place int

const (
	placeFile    place = iota // an artifact
	placeFolder               // a strategy's source
	placeRelease              // a release of the running server
)

// armSpec is one arm as the command line names it:
//
//	[NAME=][WHAT[/ISOLATION]:]FILE | FOLDER | STRATEGY@RELEASE
//
// WHAT is native, wasm, wazero, wasmtime or direct. Without it a file is what its
// first bytes say, a folder becomes Wasm and a release stays what it is. A path
// that looks like something else can be written with ./ in front.
type armSpec struct {
	text      string // as it was given
	name      string // in the report; "" leaves that to the runtime
	what      string
	isolation string
	path      string
	place     place
}

// validArmName tells what fits a table and a flag.
func validArmName(s string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`).MatchString(s)
}

// parseArm reads one argument; it looks at the file system to tell files,
// folders and releases apart.
func parseArm(text string) (armSpec, error) {
	s := armSpec{text: text, path: text}
	if name, rest, ok := strings.Cut(text, "="); ok && validArmName(name) {
		s.name, s.path = name, rest
	}
	if head, rest, ok := strings.Cut(s.path, ":"); ok {
		what, isolation, _ := strings.Cut(head, "/")
		if knownWhat(what) {
			s.what, s.isolation, s.path = what, isolation, rest
		}
	}
	if err := s.check(); err != nil {
		return s, usageError{fmt.Errorf("arm %q: %w", text, err)}
	}
	return s, nil
}

func knownWhat(word string) bool {
	switch word {
	case string(nativeplugin.Kind), string(wasm.Kind), wazeroengine.Name, wasmtimeengine.Name, directCall:
		return true
	}
	return false
}

func (s *armSpec) check() error {
	switch {
	case s.path == "":
		return errors.New("what to compare is missing: a file, a source folder or STRATEGY@RELEASE")
	case s.isolation != "" && !knownIsolation(s.isolation):
		return fmt.Errorf("isolation must be %s, %s or %s, got %q", manifest.IsolationRequest, manifest.IsolationInstance, manifest.IsolationProcess, s.isolation)
	case s.what == directCall && s.isolation != "":
		return errors.New("a direct call has no isolation")
	}
	return s.find()
}

func knownIsolation(word string) bool {
	switch word {
	case manifest.IsolationRequest, manifest.IsolationInstance, manifest.IsolationProcess:
		return true
	}
	return false
}

// find tells what the path is.
func (s *armSpec) find() error {
	info, err := os.Stat(s.path)
	switch {
	case err == nil && info.IsDir():
		s.place = placeFolder
	case err == nil:
		s.place = placeFile
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case s.looksLikeRelease():
		s.place = placeRelease
	case s.unknownWhat() != "":
		return fmt.Errorf("there is no way to run it that is called %s: use native, wasm, wazero, wasmtime or direct", s.unknownWhat())
	default:
		return fmt.Errorf("there is no file or folder %s; a release of the running server is STRATEGY@VERSION, STRATEGY@DIGEST or STRATEGY@%s", s.path, stableRelease)
	}
	return nil
}

// unknownWhat is the word in front of what does exist, "" if nothing does.
func (s *armSpec) unknownWhat() string {
	word, rest, _ := strings.Cut(s.path, ":")
	there := armSpec{path: rest}
	if rest == "" || there.find() != nil {
		return ""
	}
	return word
}

func (s *armSpec) looksLikeRelease() bool {
	strategy, release := s.release()
	return manifest.ValidName(strategy) && (manifest.ValidVersion(release) || release == stableRelease || digits(strings.TrimPrefix(release, "sha256:")))
}

// digits reports whether s may be the beginning of a digest.
func digits(s string) bool {
	return len(s) >= 8 && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// release splits the path of an arm that is one.
func (s *armSpec) release() (strategy, release string) {
	strategy, release, _ = strings.Cut(s.path, "@")
	return strategy, release
}

// kind is the kind that a source folder becomes.
func (s *armSpec) kind() manifest.Kind {
	if s.what == string(nativeplugin.Kind) || s.what == directCall {
		return nativeplugin.Kind
	}
	return wasm.Kind
}

// called is the arm's name in the report, as far as its own text tells.
func (s *armSpec) called() string {
	switch {
	case s.name != "" || s.what == "":
		return s.name
	case s.what == directCall:
		return directCall
	case s.isolation != "":
		return s.what + "/" + s.isolation
	}
	return ""
}

// armNames names arms for the report. Those that run alike are told apart by their
// versions, "" where they are not known; what is left is for the runtime to name.
func armNames(arms []armSpec, versions []string) []string {
	names := make([]string, len(arms))
	for i := range arms {
		if names[i] = arms[i].called(); names[i] != "" || versions[i] == "" {
			continue
		}
		alike, same := 0, 0
		for j := range arms {
			if arms[j].called() == "" && arms[j].what == arms[i].what {
				alike++
				if versions[j] == versions[i] {
					same++
				}
			}
		}
		switch {
		case alike == 1 || same > 1:
		case alike == len(arms):
			names[i] = versions[i]
		default:
			names[i] = strings.TrimSpace(arms[i].what + " " + versions[i])
		}
	}
	return names
}

// engine is the engine that the arm asks for, "" for whatever is its own.
func (s *armSpec) engine() string {
	if s.what == wazeroengine.Name || s.what == wasmtimeengine.Name {
		return s.what
	}
	return ""
}

// fits refuses an artifact that cannot be what the arm says of it.
func (s *armSpec) fits(k manifest.Kind) error {
	if s.what == "" || s.kind() == k {
		return nil
	}
	return usageError{fmt.Errorf("arm %q: the file is an artifact of kind %s, which cannot run as %s", s.text, k, s.what)}
}

// parseArms reads all arguments. Releases and files cannot be mixed: what is
// compared has to run in one process.
func parseArms(args []string) (list []armSpec, ofServer bool, err error) {
	releases, seen := 0, map[string]bool{}
	for _, text := range args {
		s, err := parseArm(text)
		if err != nil {
			return nil, false, err
		}
		if name := s.called(); name != "" && seen[name] {
			return nil, false, usageError{fmt.Errorf("two arms are named %s: name them, as in one=%s", name, s.text)}
		}
		seen[s.called()] = true
		if s.place == placeRelease {
			releases++
		}
		list = append(list, s)
	}
	if releases > 0 && releases < len(list) {
		return nil, false, usageError{errors.New("releases of the running server and files cannot be compared with each other: push the file first (swapline push FILE --hold), or name files only")}
	}
	return list, releases > 0, nil
}

// withDirect puts the Go function itself in front, of the first arm that has one.
func withDirect(list []armSpec) ([]armSpec, error) {
	for _, s := range list {
		if s.what == directCall {
			return list, nil
		}
	}
	for _, s := range list {
		if s.place != placeRelease && !s.goes() || s.place == placeRelease && s.what != string(nativeplugin.Kind) {
			continue
		}
		s.name, s.what, s.isolation = "", directCall, ""
		s.text = directCall + ":" + s.path
		return append([]armSpec{s}, list...), nil
	}
	return nil, usageError{errors.New("--direct needs an arm whose Go function can be called: native:FOLDER, a folder with Go source, or a plugin's file")}
}

// goes reports whether the arm's Go function can be had.
func (s *armSpec) goes() bool {
	if s.place == placeFolder {
		return hasGo(s.path)
	}
	file, err := readArtifact(s.path)
	return err == nil && file.Kind == nativeplugin.Kind
}

// hasGo reports whether a folder holds Go source.
func hasGo(folder string) bool {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !e.IsDir() {
			return true
		}
	}
	return false
}
