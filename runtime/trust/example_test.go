package trust

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/manifest"
)

func file(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The files are for other implementations: they were written once and must stay
// what this code writes and accepts.
func TestPublishedFilesAreWhatThisCodeWrites(t *testing.T) {
	for name, want := range map[string][]byte{
		"policy.json":    policyText(t),
		"policy.dsse":    policyEnvelope(t, []Key{rita(), rob()}),
		"riskscore.dsse": signed(t),
	} {
		if got := file(t, "testdata/"+name); !bytes.Equal(got, want) {
			t.Errorf("%s holds\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestPackageCommentShowsTheTestedPolicy(t *testing.T) {
	var indented bytes.Buffer
	if err := json.Indent(&indented, file(t, "testdata/policy.json"), "", "  "); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for line := range strings.Lines(indented.String()) {
		shown.WriteString("//\t" + line)
	}
	if !strings.Contains(string(file(t, "doc.go")), shown.String()) {
		t.Errorf("doc.go does not contain\n%s", shown.String())
	}
}

func TestPublishedReleaseOpens(t *testing.T) {
	text := file(t, "testdata/policy.dsse")
	p, err := OpenPolicy(text, manifest.Sum(file(t, "testdata/policy.json")), now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(p, file(t, "testdata/riskscore.dsse"), context()); err != nil {
		t.Error(err)
	}
}
