package sdktest_test

import (
	"strings"
	"testing"

	"github.com/swapline/swapline/abi"
)

func TestTheExampleOfTheAssemblyScriptPageWorks(t *testing.T) {
	shows(t, "../assemblyscript/README.md", "../assemblyscript/examples/limit/index.ts", "import",
		"../../assembly", "@swapline/guest/assembly")
	limits(t, build(t, "../assemblyscript/examples/limit"), map[string]any{})
}

// TestMistakesInAssemblyScriptAreTold: the SDK knows more than the host does
// about what was written wrongly, and where.
func TestMistakesInAssemblyScriptAreTold(t *testing.T) {
	g := openGuest(t, build(t, "../assemblyscript/testdata/mistakes"), map[string]any{})
	for _, what := range []string{"twice", "no key", "no value", "two keys", "too many ends", "reserved", "low surrogate"} {
		if status, body, err := g.call(g.execute, encoded(t, map[string]any{"what": what})); err != nil || status != abi.StatusInvalid {
			t.Errorf("%s: status %d, %q, %v", what, status, body, err)
		}
	}
	_, _, err := g.call(g.execute, encoded(t, map[string]any{"what": "wrong type"}))
	if said := strings.Join(g.host.asked, ""); err == nil || !strings.Contains(said, "a value is no integer at ../../assembly/value.ts:") {
		t.Errorf("%v, output %q", err, said)
	}
}

// TestGarbageIsCollectedBetweenCalls: a guest whose memory nobody puts back must
// not grow with the number of calls.
func TestGarbageIsCollectedBetweenCalls(t *testing.T) {
	g := openGuest(t, build(t, "../assemblyscript/testdata/mistakes"), map[string]any{})
	for range 500 {
		if status, body, err := g.call(g.execute, encoded(t, map[string]any{"what": "garbage"})); err != nil || status != abi.StatusOK {
			t.Fatalf("status %d, %q, %v", status, body, err)
		}
	}
	if size := g.module.Memory().Size(); size > 64<<20 {
		t.Errorf("after 500 calls of a megabyte each the memory has %d bytes", size)
	}
}
