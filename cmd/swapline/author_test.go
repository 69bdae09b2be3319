package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/trust"
)

// commandResult is what a command did.
type commandResult struct {
	code           int
	stdout, stderr string
}

// command runs swapline in this process on a data folder.
func command(t *testing.T, data string, args ...string) commandResult {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(append(args, "--data", data), strings.NewReader(""), &stdout, &stderr)
	return commandResult{code, stdout.String(), stderr.String()}
}

// must fails the test unless the command succeeded; it returns the output.
func must(t *testing.T, data string, args ...string) string {
	t.Helper()
	r := command(t, data, args...)
	if r.code != exitOK {
		t.Fatalf("swapline %s: exit code %d: %s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

// refused fails the test unless the command failed with this code, and said why.
func refused(t *testing.T, r commandResult, code int, why string) {
	t.Helper()
	if r.code != code || !strings.Contains(r.stderr, why) {
		t.Errorf("exit code %d, %q; want %d and %q", r.code, r.stderr, code, why)
	}
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// wasmBytes is the smallest module: only its header.
const wasmBytes = "\x00asm\x01\x00\x00\x00"

const sourceText = `{"name": "risk", "version": "1.2.0", "config": {"max": 5},
 "golden": [{"name": "a", "input": {"amount": 1}, "output": {"ok": true}}], "golden_file": "golden.json"}`

const goldenText = `[{"name": "b", "input": {}, "rejected": "bad_input"}]`

// artifactFile writes an artifact and a source beside a golden file.
func artifactFile(t *testing.T) (artifact, source string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "golden.json"), goldenText)
	return write(t, filepath.Join(dir, "risk-1.2.0.wasm"), wasmBytes), write(t, filepath.Join(dir, "strategy.json"), sourceText)
}

func TestKeygenWritesAKeyThatCanBeReadByItsOwnerAlone(t *testing.T) {
	data := t.TempDir()
	var out generated
	if err := json.Unmarshal([]byte(must(t, data, "keygen", "--name", "alice", "--custodian", "alice@example.com", "--json")), &out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out.Private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := trust.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	if key.ID() != out.ID || key.Custodian() != "alice@example.com" {
		t.Errorf("the file holds %v of %s", key, key.Custodian())
	}
	info, err := os.Stat(out.Private)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	open, err := os.ReadFile(out.Public)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := trust.ParsePublicKey(open); err != nil || p.ID() != out.ID {
		t.Errorf("public key %v, %v", p, err)
	}
}

func TestKeygenKeepsAKeyThatExists(t *testing.T) {
	data := t.TempDir()
	must(t, data, "keygen", "--name", "alice")
	before, err := os.ReadFile(filepath.Join(data, "keys", "alice.pem"))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, command(t, data, "keygen", "--name", "alice"), exitUsage, "exists already")
	after, err := os.ReadFile(filepath.Join(data, "keys", "alice.pem"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the key changed: %v", err)
	}
}

func TestKeygenRefusesNamesThatLeaveTheFolder(t *testing.T) {
	for _, name := range []string{"", "../alice", "Alice", "a/b", "."} {
		refused(t, command(t, t.TempDir(), "keygen", "--name", name), exitUsage, "--name")
	}
}

func TestSignedArtifactVerifies(t *testing.T) {
	data := t.TempDir()
	artifact, source := artifactFile(t)
	var s signed
	if err := json.Unmarshal([]byte(must(t, data, "sign", artifact, "--source", source, "--sequence", "7", "--json")), &s); err != nil {
		t.Fatal(err)
	}
	if s.Sequence != 7 || s.Kind != "wasm" || s.Envelope != artifact+".dsse" {
		t.Errorf("got %+v", s)
	}
	var v verdict
	if err := json.Unmarshal([]byte(must(t, data, "verify", artifact, "--json")), &v); err != nil {
		t.Fatal(err)
	}
	if !v.Verified || v.Digest != s.Digest || v.Name != "risk" {
		t.Errorf("got %+v", v)
	}
	if text := must(t, data, "verify", artifact); !strings.Contains(text, "golden cases  2, not run") {
		t.Errorf("verify prints\n%s", text)
	}
}

func TestSignInlinesTheGoldenFileAfterTheOtherCases(t *testing.T) {
	data := t.TempDir()
	artifact, source := artifactFile(t)
	must(t, data, "sign", artifact, "--source", source)
	m := claimed(t, artifact+".dsse")
	if len(m.Golden) != 2 || m.Golden[0].Name != "a" || m.Golden[1].Rejected != "bad_input" {
		t.Errorf("golden cases %+v", m.Golden)
	}
	if len(m.Methods) != 1 || m.Methods[0] != "Execute" {
		t.Errorf("methods %v", m.Methods)
	}
}

func claimed(t *testing.T, envelope string) *manifest.Manifest {
	t.Helper()
	text, err := os.ReadFile(envelope)
	if err != nil {
		t.Fatal(err)
	}
	m, err := unverifiedManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestVerifyRefuses(t *testing.T) {
	tests := []struct {
		name  string
		harm  func(t *testing.T, data, artifact string) []string // more arguments
		code  int
		wants string
	}{
		{"another artifact", func(t *testing.T, _, artifact string) []string {
			write(t, artifact, wasmBytes+"\x00\x02\x01x")
			return nil
		}, exitInvalid, "artifact_digest_mismatch"},
		{"a changed envelope", func(t *testing.T, _, artifact string) []string {
			b, err := os.ReadFile(artifact + ".dsse")
			if err != nil {
				t.Fatal(err)
			}
			i := bytes.Index(b, []byte(`"payload":"`)) + 40
			b[i] = map[bool]byte{true: 'B', false: 'A'}[b[i] == 'A']
			write(t, artifact+".dsse", string(b))
			return nil
		}, exitInvalid, "signature_invalid"},
		{"a key that the policy does not know", func(t *testing.T, data, artifact string) []string {
			must(t, data, "keygen", "--name", "mallory")
			must(t, data, "sign", artifact, "--source", filepath.Join(filepath.Dir(artifact), "strategy.json"),
				"--key", filepath.Join(data, "keys", "mallory.pem"))
			return nil
		}, exitInvalid, "key_unknown"},
		{"another strategy", func(*testing.T, string, string) []string { return []string{"--strategy", "pricing"} }, exitInvalid, "wrong_strategy"},
		{"no envelope", func(t *testing.T, _, artifact string) []string {
			if err := os.Remove(artifact + ".dsse"); err != nil {
				t.Fatal(err)
			}
			return nil
		}, exitUsage, "no such file"},
		{"no policy", func(t *testing.T, data, _ string) []string {
			if err := os.RemoveAll(filepath.Join(data, "trust")); err != nil {
				t.Fatal(err)
			}
			return nil
		}, exitInvalid, "policy_missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := t.TempDir()
			artifact, source := artifactFile(t)
			must(t, data, "sign", artifact, "--source", source)
			more := test.harm(t, data, artifact)
			refused(t, command(t, data, append([]string{"verify", artifact}, more...)...), test.code, test.wants)
		})
	}
}

func TestSignRefuses(t *testing.T) {
	tests := []struct {
		name, artifact, source string
		more                   []string
		code                   int
		wants                  string
	}{
		{"text for an artifact", "hello", sourceText, nil, exitInvalid, "kind_unknown"},
		{"an empty artifact", "", sourceText, nil, exitInvalid, "kind_unknown"},
		{"source that is not JSON", wasmBytes, "{", nil, exitInvalid, "manifest_malformed"},
		{"source that is a list", wasmBytes, "[]", nil, exitInvalid, "manifest_malformed"},
		{"source with a duplicate", wasmBytes, `{"name": "a", "name": "b"}`, nil, exitInvalid, "manifest_malformed"},
		{"source that states its digest", wasmBytes, `{"name": "a", "version": "1.0.0", "artifact": {}}`, nil, exitInvalid, "/artifact"},
		{"source with an unknown member", wasmBytes, `{"name": "a", "version": "1.0.0", "limit": {}}`, nil, exitInvalid, "manifest_malformed"},
		{"no version", wasmBytes, `{"name": "a"}`, nil, exitInvalid, "/version"},
		{"golden file outside of the folder", wasmBytes, `{"name": "a", "version": "1.0.0", "golden_file": "../golden.json"}`, nil, exitInvalid, "/golden_file"},
		{"golden file that is missing", wasmBytes, `{"name": "a", "version": "1.0.0", "golden_file": "no.json"}`, nil, exitUsage, "no.json"},
		{"no time to live", wasmBytes, sourceText, []string{"--valid-for", "0s"}, exitUsage, "--valid-for"},
		{"previous that is no digest", wasmBytes, sourceText, []string{"--previous", "abc"}, exitInvalid, "/previous"},
		{"negative sequence", wasmBytes, sourceText, []string{"--sequence", "-1"}, exitInvalid, "/sequence"},
		{"key that does not exist", wasmBytes, sourceText, []string{"--key", "no.pem"}, exitUsage, "no.pem"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			artifact, source := artifactFile(t)
			write(t, artifact, test.artifact)
			write(t, source, test.source)
			refused(t, command(t, t.TempDir(), append([]string{"sign", artifact, "--source", source}, test.more...)...), test.code, test.wants)
			if _, err := os.Stat(artifact + ".dsse"); !os.IsNotExist(err) {
				t.Error("an envelope was written")
			}
		})
	}
}

func TestSignAddKeepsThePayload(t *testing.T) {
	data := t.TempDir()
	artifact, source := artifactFile(t)
	must(t, data, "sign", artifact, "--source", source)
	must(t, data, "keygen", "--name", "bob")
	before := claimed(t, artifact+".dsse")
	bob := filepath.Join(data, "keys", "bob.pem")
	must(t, data, "sign", artifact, "--add", "--key", bob)
	text, err := os.ReadFile(artifact + ".dsse")
	if err != nil {
		t.Fatal(err)
	}
	u, err := trust.ReadUnverified(text)
	if err != nil || len(u.KeyIDs) != 2 {
		t.Fatalf("%d signatures, %v", len(u.KeyIDs), err)
	}
	if after := claimed(t, artifact+".dsse"); after.Sequence != before.Sequence {
		t.Error("the manifest changed")
	}
	refused(t, command(t, data, "sign", artifact, "--add", "--key", bob), exitInvalid, "has signed this envelope already")
	must(t, data, "verify", artifact)
}

func TestSignAddLooksAtTheArtifactFirst(t *testing.T) {
	data := t.TempDir()
	artifact, source := artifactFile(t)
	must(t, data, "sign", artifact, "--source", source)
	must(t, data, "keygen", "--name", "bob")
	write(t, artifact, wasmBytes+"\x00\x02\x01x")
	refused(t, command(t, data, "sign", artifact, "--add", "--key", filepath.Join(data, "keys", "bob.pem")), exitInvalid, "artifact_digest_mismatch")
}

func TestInspectShowsWhatIsInAModule(t *testing.T) {
	data := t.TempDir()
	artifact, source := artifactFile(t)
	must(t, data, "sign", artifact, "--source", source)
	var out inspection
	if err := json.Unmarshal([]byte(must(t, data, "inspect", artifact, "--json")), &out); err != nil {
		t.Fatal(err)
	}
	if out.Artifact == nil || out.Artifact.Size != 8 || out.Module == nil || out.Manifest == nil || !strings.Contains(out.Manifest.Payload, `"risk"`) {
		t.Errorf("got %+v", out)
	}
	if text := must(t, data, "inspect", artifact+".dsse"); !strings.Contains(text, "risk@1.2.0, wasm") || strings.Contains(text, "functions") {
		t.Errorf("inspect prints\n%s", text)
	}
}

func TestInspectRefusesAMalformedModule(t *testing.T) {
	artifact, _ := artifactFile(t)
	write(t, artifact, wasmBytes+"\xff\xff")
	refused(t, command(t, t.TempDir(), "inspect", artifact), exitInvalid, "wasm_malformed")
}

func TestInspectRefusesAnEnvelopeOfAnotherPurpose(t *testing.T) {
	data := t.TempDir()
	artifact, source := artifactFile(t)
	must(t, data, "sign", artifact, "--source", source)
	refused(t, command(t, data, "inspect", filepath.Join(data, "trust", "policy.dsse")), exitInvalid, "envelope_wrong_type")
}

func TestNewWritesAFolderThatIsComplete(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "myrisk")
	must(t, t.TempDir(), "new", "myrisk", "--dir", dir)
	var files []string
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if !e.IsDir() {
			files = append(files, e.Name())
		}
		return err
	})
	if err != nil || strings.Join(files, " ") != "go.mod golden.json main.go main_test.go strategy.json" {
		t.Errorf("files %v, %v", files, err)
	}
	s, err := readSource(filepath.Join(dir, "strategy.json"))
	if err != nil || s.release() != "myrisk-0.1.0" {
		t.Errorf("source %v, %v", s, err)
	}
	refused(t, command(t, t.TempDir(), "new", "myrisk", "--dir", dir), exitUsage, "not empty")
}

func TestNewRefuses(t *testing.T) {
	refused(t, command(t, t.TempDir(), "new", "My Risk"), exitUsage, "NAME")
	refused(t, command(t, t.TempDir(), "new", "risk", "--dir", t.TempDir(), "--source", t.TempDir()), exitUsage, "no checkout")
	refused(t, command(t, t.TempDir(), "new"), exitUsage, "accepts 1 arg")
}

// TestNewStrategyBuildsSignsAndVerifies walks the author's way with the real
// toolchain: the scaffold's own test, a module, an envelope.
func TestNewStrategyBuildsSignsAndVerifies(t *testing.T) {
	data, dir := t.TempDir(), filepath.Join(t.TempDir(), "myrisk")
	must(t, data, "new", "myrisk", "--dir", dir)
	goTest(t, dir)
	var out struct{ Artifacts []built }
	if err := json.Unmarshal([]byte(must(t, data, "build", dir, "--out", filepath.Join(dir, "dist"), "--json")), &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Artifacts) != 1 || filepath.Base(out.Artifacts[0].Path) != "myrisk-0.1.0.wasm" {
		t.Fatalf("built %+v", out.Artifacts)
	}
	artifact := out.Artifacts[0].Path
	must(t, data, "sign", artifact)
	must(t, data, "verify", artifact)
	if text := must(t, data, "inspect", artifact); !strings.Contains(text, "swapline_execute func(i32, i32) i64") {
		t.Errorf("inspect prints\n%s", text)
	}
	if m := claimed(t, artifact+".dsse"); len(m.Golden) != 4 {
		t.Errorf("%d golden cases", len(m.Golden))
	}
}

func TestBuildRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "strategy.json"), `{"name": "risk", "version": "1.0.0"}`)
	write(t, filepath.Join(dir, "go.mod"), "module example.com/risk\n\ngo 1.26.0\n")
	write(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() { undefined() }\n")
	out := filepath.Join(dir, "dist")
	refused(t, command(t, dir, "build", dir, "--kind", "jar"), exitUsage, "--kind")
	refused(t, command(t, dir, "build", filepath.Join(dir, "none")), exitUsage, "strategy.json")
	refused(t, command(t, dir, "build", dir, "--out", out), exitInvalid, "undefined: undefined")
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 0 {
		t.Errorf("a failed build left %v, %v", entries, err)
	}
}

// TestHelpLeadsWithExamples holds for every command.
func TestHelpLeadsWithExamples(t *testing.T) {
	for _, c := range (&app{}).commands() {
		if c.Hidden {
			continue
		}
		help := must(t, t.TempDir(), c.Name(), "--help")
		example, usage := strings.Index(help, "\n  swapline "), strings.Index(help, "\nUsage:")
		if example < 0 || usage < example || example > len(c.Short)+2 {
			t.Errorf("the help of %s does not begin with an example:\n%s", c.Name(), help)
		}
	}
}

func TestErrorsAreJSONWhenAsked(t *testing.T) {
	artifact, source := artifactFile(t)
	write(t, artifact, "hello")
	r := command(t, t.TempDir(), "sign", artifact, "--source", source, "--json")
	var out map[string]any
	if err := json.Unmarshal([]byte(r.stderr), &out); err != nil || out["code"] != "kind_unknown" || r.stdout != "" {
		t.Errorf("stderr %q, stdout %q, %v", r.stderr, r.stdout, err)
	}
}

// goTest runs the tests of a strategy's folder as its author would.
func goTest(t *testing.T, dir string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "test", ".")
	c.Dir = dir
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go test in the new folder: %v\n%s", err, out)
	}
}
