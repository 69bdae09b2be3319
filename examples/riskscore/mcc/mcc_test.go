package mcc

import (
	"encoding/csv"
	"strings"
	"testing"
)

// TestLookupFindsEveryRow compares the search in place with a CSV reader.
func TestLookupFindsEveryRow(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 982 || rows[0][1] != "edited_description" {
		t.Fatalf("the table has %d lines and the second column %q", len(rows), rows[0][1])
	}
	for i, row := range rows[1:] {
		if i > 0 && row[0] <= rows[i][0] {
			t.Errorf("row %d: code %s does not rise", i, row[0])
		}
		if strings.ContainsAny(row[1], "\"\n") {
			t.Errorf("code %s: the description holds a quotation mark or a line feed", row[0])
		}
		if got, ok := Lookup(row[0]); !ok || got != strings.TrimSpace(row[1]) {
			t.Errorf("Lookup(%s) = %q, %v; want %q", row[0], got, ok, row[1])
		}
	}
}

func TestLookupRefusesOtherCodes(t *testing.T) {
	for _, code := range []string{"", "0", "0000", "0001", "541", "54111", "5410", "9999", "mcc,", "abcd", "\xff\xff\xff\xff"} {
		if got, ok := Lookup(code); ok {
			t.Errorf("Lookup(%q) = %q", code, got)
		}
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Lookup("5411") }); n != 0 {
		t.Errorf("Lookup allocates %v times", n)
	}
}

// TestClassifiedCodesAreInTheTable finds typing errors in ClassOf: it counts
// the codes of the table per class.
func TestClassifiedCodesAreInTheTable(t *testing.T) {
	count := map[Class]int{}
	for line := range strings.Lines(table) {
		count[ClassOf(line[:4])]++
	}
	want := map[Class]int{High: 9, Elevated: 22}
	for class, n := range want {
		if count[class] != n {
			t.Errorf("%v: %d codes of the table, want %d", class, count[class], n)
		}
	}
}

func TestClassOf(t *testing.T) {
	for code, want := range map[string]string{
		"5411": "ordinary", "7995": "high", "5732": "elevated", "3000": "travel", "3999": "travel",
		"4000": "ordinary", "2999": "ordinary", "7011": "travel", "": "ordinary",
	} {
		if got := ClassOf(code).String(); got != want {
			t.Errorf("ClassOf(%s) = %s, want %s", code, got, want)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	for b.Loop() {
		Lookup("5411")
	}
}
