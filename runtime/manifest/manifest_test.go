package manifest

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// example returns the worked example of the package comment.
func example(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/riskscore.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t testing.TB, b []byte) *Manifest {
	t.Helper()
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func encode(t testing.TB, m *Manifest) []byte {
	t.Helper()
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPackageCommentShowsTheTestedExample(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for line := range strings.Lines(string(example(t))) {
		shown.WriteString("//\t" + line)
	}
	if !strings.Contains(string(doc), shown.String()) {
		t.Error("doc.go does not contain testdata/riskscore.json line by line")
	}
	canonical := encode(t, decode(t, example(t)))
	if digest := string(Sum(canonical)); !strings.Contains(string(doc), digest) {
		t.Errorf("doc.go does not state the digest %s of the canonical text (%d bytes)", digest, len(canonical))
	}
}

func TestDecodeReadsEveryMember(t *testing.T) {
	want := &Manifest{
		Name: "riskscore", Version: "1.4.2", Sequence: 17, Kind: "wasm", Engine: "wazero", ABIVersion: 1,
		Artifact:     Artifact{SHA256: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Size: 48211},
		Methods:      []string{"Execute", "Validate"},
		Capabilities: []string{"log"},
		Limits:       Limits{Timeout: 50 * time.Millisecond, MemoryBytes: 32 << 20, Concurrency: 8},
		Config:       map[string]any{"block_above": int64(500000), "night_factor": 1.5},
		ConfigSchema: map[string]any{"type": "object", "properties": map[string]any{"block_above": map[string]any{"type": "integer"}}},
		Golden: []GoldenCase{
			{Name: "groceries", Input: map[string]any{"amount": int64(1250), "mcc": "5411"},
				Output: map[string]any{"decision": "approve", "score": int64(3)}},
			{Name: "amount is text", Input: map[string]any{"amount": "12.50"}, Rejected: "bad_input"},
		},
		Audience:       []string{"production", "staging"},
		NotBefore:      time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
		Expires:        time.Date(2027, 11, 1, 0, 0, 0, 0, time.UTC),
		Issued:         time.Date(2026, 11, 1, 9, 30, 0, 0, time.UTC),
		MinHostVersion: "0.1.0",
		Previous:       "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
		Labels:         map[string]string{"commit": "3f9c1e2", "team": "payments-risk"},
	}
	if got := decode(t, example(t)); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEncodeIsCanonicalAndReversible(t *testing.T) {
	m := decode(t, example(t))
	canonical := encode(t, m)
	if again := decode(t, canonical); !reflect.DeepEqual(again, m) {
		t.Errorf("decoding the canonical text gives another manifest:\n%+v\n%+v", again, m)
	}
	if again := encode(t, decode(t, canonical)); !bytes.Equal(again, canonical) {
		t.Errorf("canonical text is not stable:\n%s\n%s", again, canonical)
	}
	loose, err := wire.ParseJSON(example(t))
	if err != nil {
		t.Fatal(err)
	}
	strict, err := wire.AppendJSON(nil, loose)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(strict, canonical) {
		t.Errorf("canonical text differs from the plain JSON of the example:\n%s\n%s", canonical, strict)
	}
}

func TestAbsentMembersHaveTheirDocumentedMeaning(t *testing.T) {
	m := decode(t, without(t, "engine", "capabilities", "limits", "config", "config_schema", "audience",
		"not_before", "min_host_version", "previous", "labels"))
	if m.Config == nil || len(m.Config) != 0 {
		t.Errorf("config = %v, want an empty map", m.Config)
	}
	if m.Engine != "" || m.Capabilities != nil || m.Limits != (Limits{}) || m.ConfigSchema != nil || m.Audience != nil ||
		!m.NotBefore.IsZero() || m.MinHostVersion != "" || m.Previous != "" || m.Labels != nil {
		t.Errorf("absent members are not zero: %+v", m)
	}
	if again := decode(t, encode(t, m)); !reflect.DeepEqual(again, m) {
		t.Errorf("round trip of a minimal manifest:\n%+v\n%+v", again, m)
	}
}

func TestEmptyMeansAbsent(t *testing.T) {
	want := encode(t, decode(t, without(t, "engine", "capabilities", "limits", "config", "labels", "audience")))
	got := encode(t, decode(t, changed(t, map[string]any{
		"/engine": "", "/capabilities": []any{}, "/limits": map[string]any{"timeout_ms": int64(0)},
		"/config": map[string]any{}, "/labels": map[string]any{}, "/audience": []any{},
	})))
	if !bytes.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestEmptySchemaAndEmptyAnswerAreKept(t *testing.T) {
	m := decode(t, changed(t, map[string]any{"/config_schema": map[string]any{}, "/golden/0/output": map[string]any{}}))
	again := decode(t, encode(t, m))
	if again.ConfigSchema == nil || again.Golden[0].Output == nil {
		t.Errorf("an empty object was lost: %+v", again)
	}
}

func TestEncodeRefusesWhatDecodeWouldRefuse(t *testing.T) {
	m := decode(t, example(t))
	m.Config["when"] = time.Now
	if _, err := m.Encode(); problem.CodeOf(err) != problem.ManifestMalformed {
		t.Errorf("a function in config: %v", err)
	}
	m = decode(t, example(t))
	m.Config["blob"] = strings.Repeat("x", MaxPayload)
	if _, err := m.Encode(); problem.CodeOf(err) != problem.ManifestMalformed {
		t.Errorf("a manifest above the greatest length: %v", err)
	}
	m = decode(t, example(t))
	m.Issued = m.Issued.In(time.FixedZone("", 3600))
	if _, err := m.Encode(); problem.CodeOf(err) != problem.ManifestMalformed {
		t.Errorf("a local time: %v", err)
	}
}

func TestEncodeTakesPlainGoNumbers(t *testing.T) {
	m := decode(t, example(t))
	m.Config["retries"] = 3
	if got := decode(t, encode(t, m)).Config["retries"]; got != int64(3) {
		t.Errorf("retries = %v (%T)", got, got)
	}
}

func TestFromMapIsDecode(t *testing.T) {
	members, err := wire.ParseJSONMap(example(t))
	if err != nil {
		t.Fatal(err)
	}
	m, err := FromMap(members)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m, decode(t, example(t))) {
		t.Errorf("got %+v", m)
	}
	members["surplus"] = true
	if _, err := FromMap(members); problem.CodeOf(err) != problem.ManifestMalformed {
		t.Errorf("unknown field: %v", err)
	}
}
