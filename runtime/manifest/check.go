package manifest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest/fields"
	"github.com/swapline/swapline/runtime/problem"
)

// Bounds of a manifest. Integers stay below 2^53 so that every JSON reader
// sees the same number.
const (
	maxInteger     = 1<<53 - 1
	maxArtifact    = 1 << 30
	maxMemory      = 1 << 32
	maxTimeout     = time.Hour
	maxConcurrency = 1 << 16
	maxTable       = 1 << 24
	maxOutput      = 8 << 20
	maxFaults      = 1 << 20
	maxList        = 32
	maxGolden      = 64
	maxGoldenName  = 100
	maxLabels      = 64
	maxLabel       = 256
)

// Check reports the first value that the format does not allow, as a
// *problem.Error of code ManifestMalformed with a JSON Pointer. It needs no
// clock: whether a manifest is expired is for package trust to say.
func (m *Manifest) Check() error {
	return cmp.Or(
		m.checkIdentity(),
		m.checkArtifact(),
		m.checkMethods(),
		checkWords("/capabilities", m.Capabilities),
		checkWords("/audience", m.Audience),
		oneOf("/isolation", m.Isolation, IsolationRequest, IsolationInstance, IsolationProcess),
		oneOf("/encoding", m.Encoding, EncodingCBOR, EncodingJSON),
		m.checkLimits(),
		m.Withdraw.check(),
		m.checkGolden(),
		m.checkTimes(),
		m.checkLabels(),
		m.checkValues(),
	)
}

func (m *Manifest) checkIdentity() error {
	return cmp.Or(
		need(ValidName(m.Name), "/name", "1 to 64 of a-z 0-9 . _ - beginning with a letter or digit", m.Name),
		need(ValidVersion(m.Version), "/version", "a semantic version like 2.0.0, without v", m.Version),
		within("/sequence", m.Sequence, 1, maxInteger),
		need(ValidName(string(m.Kind)), "/kind", "a lower-case word", string(m.Kind)),
		need(m.Engine == "" || ValidName(m.Engine), "/engine", "a lower-case word", m.Engine),
		within("/abi_version", m.ABIVersion, 1, maxInteger),
		need(m.Previous == "" || m.Previous.Valid(), "/previous", "sha256: and 64 lower-case hex digits", string(m.Previous)),
		need(m.MinHostVersion == "" || ValidVersion(m.MinHostVersion), "/min_host_version",
			"a semantic version like 2.0.0, without v", m.MinHostVersion),
	)
}

func (m *Manifest) checkArtifact() error {
	return cmp.Or(
		need(m.Artifact.SHA256.Valid(), "/artifact/sha256", "sha256: and 64 lower-case hex digits", string(m.Artifact.SHA256)),
		within("/artifact/size", m.Artifact.Size, 1, maxArtifact),
	)
}

func (m *Manifest) checkMethods() error {
	for i, s := range m.Methods {
		if err := need(validMethod(s), at("/methods", i), "an exported identifier of at most 64 characters", s); err != nil {
			return err
		}
	}
	return cmp.Or(
		checkOrder("/methods", m.Methods),
		need(slices.Contains(m.Methods, abi.MethodExecute), "/methods", "a list that contains "+abi.MethodExecute,
			strings.Join(m.Methods, ", ")),
	)
}

func (m *Manifest) checkLimits() error {
	ms := int64(m.Limits.Timeout / time.Millisecond)
	return cmp.Or(
		within("/limits/timeout_ms", ms, 0, int64(maxTimeout/time.Millisecond)),
		need(m.Limits.Timeout%time.Millisecond == 0, "/limits/timeout_ms", "whole milliseconds", m.Limits.Timeout.String()),
		within("/limits/memory_bytes", m.Limits.MemoryBytes, 0, maxMemory),
		within("/limits/instructions", m.Limits.Instructions, 0, maxInteger),
		within("/limits/concurrency", m.Limits.Concurrency, 0, maxConcurrency),
		within("/limits/table_entries", m.Limits.TableEntries, 0, maxTable),
		within("/limits/call_depth", m.Limits.CallDepth, 0, maxInteger),
		within("/limits/output_bytes", m.Limits.OutputBytes, 0, maxOutput),
		within("/limits/log_bytes", m.Limits.LogBytes, 0, maxInteger),
		oneOf("/limits/deadline", m.Limits.Deadline, DeadlineHard, DeadlineCooperative),
		within("/limits/host_calls", m.Limits.HostCalls, 0, maxInteger),
	)
}

func (w Withdraw) check() error {
	return cmp.Or(
		within("/withdraw/faults", w.Faults, 0, maxFaults),
		need(w.Share >= 0 && w.Share <= 1, "/withdraw/share", "a part of all calls from 0 to 1", strconv.FormatFloat(w.Share, 'g', -1, 64)),
		within("/withdraw/window_ms", int64(w.Window/time.Millisecond), 0, int64(maxTimeout/time.Millisecond)),
		need(w.Window%time.Millisecond == 0, "/withdraw/window_ms", "whole milliseconds", w.Window.String()),
	)
}

func (m *Manifest) checkGolden() error {
	if err := within("/golden", int64(len(m.Golden)), 1, maxGolden); err != nil {
		return err
	}
	seen := make(map[string]bool, len(m.Golden))
	for i, g := range m.Golden {
		if err := g.check(at("/golden", i)); err != nil {
			return err
		}
		if seen[g.Name] {
			return malformed(at("/golden", i)+"/name", "a name that no other case has", g.Name)
		}
		seen[g.Name] = true
	}
	return nil
}

func (g GoldenCase) check(pointer string) error {
	return cmp.Or(
		need(g.Name != "" && validText(g.Name, maxGoldenName), pointer+"/name", "1 to 100 bytes without control characters", g.Name),
		need(g.Input != nil, pointer+"/input", "object", "nothing"),
		need((g.Output == nil) != (g.Rejected == ""), pointer, "exactly one of output and rejected", g.expectations()),
		need(g.Rejected == "" || validCode(g.Rejected), pointer+"/rejected", "lower-case words joined by underscores", g.Rejected),
	)
}

func (g GoldenCase) expectations() string {
	if g.Output == nil {
		return "neither"
	}
	return "both"
}

func (m *Manifest) checkTimes() error {
	return cmp.Or(
		checkTime("/expires", m.Expires, false),
		checkTime("/issued", m.Issued, false),
		checkTime("/not_before", m.NotBefore, true),
		need(m.Expires.After(m.Issued), "/expires", "a time after issued", m.Expires.Format(fields.TimeLayout)),
		need(m.Expires.After(m.NotBefore), "/expires", "a time after not_before", m.Expires.Format(fields.TimeLayout)),
	)
}

func checkTime(pointer string, t time.Time, optional bool) error {
	if t.IsZero() && optional {
		return nil
	}
	ok := t.Location() == time.UTC && t.Nanosecond() == 0 && t.Year() >= 1970 && t.Year() <= 9999
	return need(ok, pointer, "a time in UTC of whole seconds from 1970 to 9999", t.Format(time.RFC3339Nano))
}

func (m *Manifest) checkLabels() error {
	if err := within("/labels", int64(len(m.Labels)), 0, maxLabels); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		pointer := "/labels/" + fields.Escape(key)
		err := cmp.Or(
			need(ValidName(key), pointer, "a key of 1 to 64 of a-z 0-9 . _ -", key),
			need(validText(m.Labels[key], maxLabel), pointer, "at most 256 bytes without control characters", m.Labels[key]),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

func checkWords(pointer string, list []string) error {
	for i, s := range list {
		if err := need(ValidName(s), at(pointer, i), "1 to 64 of a-z 0-9 . _ -", s); err != nil {
			return err
		}
	}
	return checkOrder(pointer, list)
}

// checkOrder keeps lists short, sorted and free of duplicates: one set, one text.
func checkOrder(pointer string, list []string) error {
	if err := within(pointer, int64(len(list)), 0, maxList); err != nil {
		return err
	}
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return malformed(at(pointer, i), "sorted, distinct entries", list[i]+" after "+list[i-1])
		}
	}
	return nil
}

// oneOf accepts an absent word.
func oneOf(pointer, word string, words ...string) error {
	return need(word == "" || slices.Contains(words, word), pointer, strings.Join(words, " or "), word)
}

func need(ok bool, pointer, want, found string) error {
	if ok {
		return nil
	}
	return malformed(pointer, want, strconv.Quote(found[:min(len(found), 80)]))
}

func within(pointer string, n, low, high int64) error {
	if n >= low && n <= high {
		return nil
	}
	want := strconv.FormatInt(low, 10) + " to " + strconv.FormatInt(high, 10)
	return malformed(pointer, want, strconv.FormatInt(n, 10))
}

func malformed(pointer, want, found string) error {
	return problem.New(problem.ManifestMalformed, "manifest has a bad value").At(pointer).Want("%s", want).Got("%s", found)
}

func at(pointer string, i int) string { return pointer + "/" + strconv.Itoa(i) }
