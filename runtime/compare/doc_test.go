package compare_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

func TestTheWorkedExample(t *testing.T) {
	report := two(t, compare.Plan{Seed: 3, Rounds: 12, Calls: 100, OpenFor: -1, Callers: -1, Starts: -1},
		timed("old", around(10*time.Microsecond, 5), echo), timed("new", around(11*time.Microsecond, 6), echo))
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(strings.ReplaceAll(string(doc), "//", "")), " ")
	if v := report.Verdicts[0]; v.Word != compare.Worse || !strings.Contains(words, v.Sentence) {
		t.Errorf("the package comment does not have %q", v.Sentence)
	}
}
