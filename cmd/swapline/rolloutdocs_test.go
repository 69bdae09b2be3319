package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/rollout"
)

// TestThePoliciesInTheDocumentsAreGood: whoever copies one must not be refused.
func TestThePoliciesInTheDocumentsAreGood(t *testing.T) {
	text, err := os.ReadFile("../../docs/rollouts.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(text, -1)
	if len(found) == 0 {
		t.Fatal("no policy in the document")
	}
	for _, m := range found {
		doc, err := wire.ParseJSONMap(m[1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rollout.Decode(doc); err != nil {
			t.Error(err)
		}
	}
}
