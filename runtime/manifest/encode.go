package manifest

import (
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest/fields"
	"github.com/swapline/swapline/runtime/problem"
)

// Encode returns the canonical text of m, the bytes to sign: members sorted by
// name, no white space, absent instead of empty. It refuses what Check refuses.
// Decode(Encode(m)) equals m, and any accepted text decodes to a manifest whose
// Encode is the same canonical text.
func (m *Manifest) Encode() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	b, err := limits().AppendJSON(nil, m.toMap())
	if err != nil {
		return nil, problem.New(problem.ManifestMalformed, "manifest has a value outside of the format: %w", err)
	}
	return b, nil
}

// checkValues makes sure that the free values are in the wire domain.
func (m *Manifest) checkValues() error {
	if _, err := wire.Normalize(m.values()); err != nil {
		return problem.New(problem.ManifestMalformed, "manifest has a value outside of the wire domain: %w", err)
	}
	return nil
}

// values collects what has a free shape, in the shape of the document.
func (m *Manifest) values() map[string]any {
	doc := map[string]any{"config": m.Config}
	if m.ConfigSchema != nil {
		doc["config_schema"] = m.ConfigSchema
	}
	if m.Rollout != nil {
		doc["rollout"] = m.Rollout
	}
	golden := make([]any, len(m.Golden))
	for i, g := range m.Golden {
		golden[i] = g.toMap()
	}
	doc["golden"] = golden
	return doc
}

func (g GoldenCase) toMap() map[string]any {
	doc := map[string]any{"name": g.Name, "input": g.Input}
	if g.Output != nil {
		doc["output"] = g.Output
	}
	putText(doc, "rejected", g.Rejected)
	return doc
}

func (m *Manifest) toMap() map[string]any {
	doc := m.values()
	if len(m.Config) == 0 {
		delete(doc, "config")
	}
	doc["name"] = m.Name
	doc["version"] = m.Version
	doc["sequence"] = m.Sequence
	doc["kind"] = string(m.Kind)
	doc["abi_version"] = m.ABIVersion
	doc["artifact"] = map[string]any{"sha256": string(m.Artifact.SHA256), "size": m.Artifact.Size}
	doc["expires"] = m.Expires.Format(fields.TimeLayout)
	doc["issued"] = m.Issued.Format(fields.TimeLayout)
	putList(doc, "methods", m.Methods)
	m.putOptional(doc)
	return doc
}

func (m *Manifest) putOptional(doc map[string]any) {
	putText(doc, "engine", m.Engine)
	putText(doc, "isolation", m.Isolation)
	putText(doc, "encoding", m.Encoding)
	putText(doc, "min_host_version", m.MinHostVersion)
	putText(doc, "previous", string(m.Previous))
	putList(doc, "capabilities", m.Capabilities)
	putList(doc, "audience", m.Audience)
	if !m.NotBefore.IsZero() {
		doc["not_before"] = m.NotBefore.Format(fields.TimeLayout)
	}
	if l := m.Limits.toMap(); len(l) > 0 {
		doc["limits"] = l
	}
	if w := m.Withdraw.toMap(); len(w) > 0 {
		doc["withdraw"] = w
	}
	if len(m.Labels) > 0 {
		labels := make(map[string]any, len(m.Labels))
		for k, v := range m.Labels {
			labels[k] = v
		}
		doc["labels"] = labels
	}
}

func (l Limits) toMap() map[string]any {
	doc := map[string]any{}
	putInt(doc, "timeout_ms", int64(l.Timeout/time.Millisecond))
	putInt(doc, "memory_bytes", l.MemoryBytes)
	putInt(doc, "instructions", l.Instructions)
	putInt(doc, "concurrency", l.Concurrency)
	putInt(doc, "table_entries", l.TableEntries)
	putInt(doc, "call_depth", l.CallDepth)
	putInt(doc, "output_bytes", l.OutputBytes)
	putInt(doc, "log_bytes", l.LogBytes)
	putInt(doc, "host_calls", l.HostCalls)
	putText(doc, "deadline", l.Deadline)
	return doc
}

func (w Withdraw) toMap() map[string]any {
	doc := map[string]any{}
	putInt(doc, "faults", w.Faults)
	if w.Share != 0 {
		doc["share"] = w.Share
	}
	putInt(doc, "window_ms", int64(w.Window/time.Millisecond))
	return doc
}

func putText(doc map[string]any, name, s string) {
	if s != "" {
		doc[name] = s
	}
}

func putInt(doc map[string]any, name string, n int64) {
	if n != 0 {
		doc[name] = n
	}
}

func putList(doc map[string]any, name string, list []string) {
	if len(list) == 0 {
		return
	}
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	doc[name] = out
}
