package assemblyscript_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/swapline/swapline/examples/riskscore/mcc"
)

// AssemblyScript cannot embed files, so the table of merchant categories is
// written as source.
func TestTheTableOfCategoriesIsThatOfPackageMCC(t *testing.T) {
	name := filepath.Join("examples", "riskscore", "mcc_table.ts")
	want := categories()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil || string(got) != want {
		t.Errorf("%s is not current (%v): go test ./guests/assemblyscript -run Categories -update", name, err)
	}
}

var update = flag.Bool("update", false, "write generated files")

// categories writes the table: the codes in ascending order, where each of their
// names begins, in UTF-16 as AssemblyScript counts, and the names, a line each.
func categories() string {
	var codes, offsets, names strings.Builder
	at, n := 0, 0
	for code := range 10_000 {
		name, ok := mcc.Lookup(fmt.Sprintf("%04d", code))
		if !ok {
			continue
		}
		wrap(&codes, n, 20)
		fmt.Fprintf(&codes, " %d,", code)
		wrap(&offsets, n, 20)
		fmt.Fprintf(&offsets, " %d,", at)
		names.WriteString(name + "\n") // none has a backquote, a backslash or a dollar sign
		at += len(utf16.Encode([]rune(name))) + 1
		n++
	}
	return "// Made by go test ./guests/assemblyscript -run Categories -update from the table of\n// examples/riskscore/mcc.\n\n" +
		"export const CODES: StaticArray<u16> = [" + codes.String() + "\n];\n\n" +
		"export const OFFSETS: StaticArray<u16> = [" + offsets.String() + fmt.Sprintf(" %d,\n];\n\n", at) +
		"export const NAMES = `" + names.String() + "`;\n"
}

func wrap(b *strings.Builder, n, every int) {
	if n%every == 0 {
		b.WriteString("\n ")
	}
}
