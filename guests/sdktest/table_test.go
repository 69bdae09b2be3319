package sdktest_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/swapline/swapline/examples/riskscore/mcc"
)

var update = flag.Bool("update", false, "write the generated tables")

// TestTheTablesOfCategoriesAreThatOfGo keeps the forms of the table for the
// languages that cannot embed it.
func TestTheTablesOfCategoriesAreThatOfGo(t *testing.T) {
	const made = "Made of examples/riskscore/mcc/mcc_codes.csv: go test ./guests/sdktest -run Tables -update"
	for file, want := range map[string]string{
		"../c/examples/riskscore/mcc_table.h":               "/* " + made + " */\n" + tableC(),
		"../assemblyscript/examples/riskscore/mcc_table.ts": "// " + made + "\n\n" + tableTS(),
	} {
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s is not what the table makes: run with -update (%v)", file, err)
		}
	}
}

// categories calls f for each code, in ascending order.
func categories(f func(code int, description string)) {
	for code := range 10_000 {
		if d, ok := mcc.Lookup(fmt.Sprintf("%04d", code)); ok {
			f(code, d)
		}
	}
}

func tableC() string {
	var b strings.Builder
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	categories(func(code int, d string) { fmt.Fprintf(&b, "MCC(%d, \"%s\")\n", code, quoted.Replace(d)) })
	return b.String()
}

// tableTS writes the codes, where each of their descriptions begins, in UTF-16 as
// AssemblyScript counts, and the descriptions, a line each.
func tableTS() string {
	var codes, offsets, names strings.Builder
	at, n := 0, 0
	categories(func(code int, d string) {
		if n++; n%20 == 1 {
			codes.WriteString("\n ")
			offsets.WriteString("\n ")
		}
		fmt.Fprintf(&codes, " %d,", code)
		fmt.Fprintf(&offsets, " %d,", at)
		names.WriteString(d + "\n") // none has a backquote, a backslash or a dollar sign
		at += len(utf16.Encode([]rune(d))) + 1
	})
	return "export const CODES: StaticArray<u16> = [" + codes.String() + "\n];\n\n" +
		"export const OFFSETS: StaticArray<u16> = [" + offsets.String() + fmt.Sprintf(" %d,\n];\n\n", at) +
		"export const NAMES = `" + names.String() + "`;\n"
}
