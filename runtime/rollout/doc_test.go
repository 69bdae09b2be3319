package rollout

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheWorkedExampleIsAPolicy decodes the one of the package comment.
func TestTheWorkedExampleIsAPolicy(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "A worked example:\n//\n")
	example, _, ok := strings.Cut(rest, "\n//\n")
	if !ok {
		t.Fatal("no example")
	}
	p := decoded(t, strings.ReplaceAll(example, "\n//", "\n")[2:])
	if len(p.Stages) != 3 || len(p.Guards) != 3 || p.Guards[0].Expected[0] != "no_funds" {
		t.Errorf("%s", p.Encode())
	}
}

// TestEveryMemberIsSpecified looks for each name that a document can have in the
// package comment.
func TestEveryMemberIsSpecified(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([a-z0-9_]+)":`).FindAllStringSubmatch(string(decoded(t, full).Encode()), -1) {
		if m[1] != "a" && !regexp.MustCompile(`\b`+m[1]+`\b`).Match(text) {
			t.Errorf("%s is not in the package comment", m[1])
		}
	}
}
