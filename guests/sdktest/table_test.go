package sdktest_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/swapline/swapline/examples/riskscore/mcc"
)

var update = flag.Bool("update", false, "write the generated table")

// TestTheTableOfCategoriesIsThatOfGo keeps the C form of the table.
func TestTheTableOfCategoriesIsThatOfGo(t *testing.T) {
	const file = "../c/examples/riskscore/mcc_table.h"
	var want bytes.Buffer
	want.WriteString("/* Made of examples/riskscore/mcc/mcc_codes.csv: go test ./guests/sdktest -run Table -update */\n")
	for code := range 10_000 {
		if d, ok := mcc.Lookup(fmt.Sprintf("%04d", code)); ok {
			fmt.Fprintf(&want, "MCC(%d, \"%s\")\n", code, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(d))
		}
	}
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the table makes: run with -update (%v)", file, err)
	}
}
