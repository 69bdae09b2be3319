package page

import (
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/compare"
)

// TestTheTextBeginsWithTheVerdict, and says what a reviewer asks next.
func TestTheTextBeginsWithTheVerdict(t *testing.T) {
	text := tell(t, offline(3))
	at := -1
	for _, w := range []string{"### riskscore: native against others", "- 🔴 **wazero worse**: wazero takes 1.62× as long", "_Next:_ Keep", "- 🔴 **wasmtime worse**", "- 🟡 Load, yellow", "| metric | native | wazero | wasmtime |",
		"| Latency p50 | 9.03 µs | 14.6 µs, **1.62× [1.60, 1.64]** |", "| 65.5 µs, ~ 1.40× [0.874, 2.24] |", "Answers of wasmtime: **1** of 10,000 differ", "`/score` in 1: `0.731` against `0.732`", "<details>", "| Allocations |", "    swapline compare dist/", "Seed 7", "</details>"} {
		i := strings.Index(text, w)
		if i <= at {
			t.Errorf("%q is at %d, after what is at %d:\n%s", w, i, at, text)
		}
		at = i
	}
	if strings.Contains(text, ", green") {
		t.Error("a green check is told")
	}
}

// TestTheTextOfEveryReportFits, also of those that are partial, live or empty.
func TestTheTextOfEveryReportFits(t *testing.T) {
	for name, r := range reports() {
		text := tell(t, r)
		checkMarkdown(t, text)
		if strings.Contains(text, "NaN") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
	if partial := tell(t, reports()["partial"]); !strings.Contains(partial, "**PARTIAL**: interrupted after round 7") {
		t.Error(partial)
	}
	if blocked := tell(t, live()); !strings.Contains(blocked, "Blocked by the check “sample ratio”") || !strings.Contains(blocked, "🟥 Sample ratio, red") {
		t.Error(blocked)
	}
	if green := tell(t, &compare.Report{Health: []compare.Check{{Name: "a", Light: compare.Green}}}); strings.Contains(green, "green") {
		t.Error(green)
	}
}

func TestMarkupIsTakenFromNames(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a|b", `a\|b`}, {"<b>&", "&lt;b&gt;&amp;"}, {"[x](y)", `\[x\](y)`}, {"*_`~$\\", "\\*\\_\\`\\~\\$\\\\"}, {"@a #1", "@\u200ba #\u200b1"}, {"http://x www.y", "http:\u200b//x www\u200b.y"}, {"a\n# b", "a #\u200b b"},
	} {
		if got := plain(c.in); got != c.want {
			t.Errorf("%q becomes %q, not %q", c.in, got, c.want)
		}
	}
}
