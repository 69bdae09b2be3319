package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

func TestInputsAreReadAsLinesOrAsAnArray(t *testing.T) {
	want := []map[string]any{{"amount": int64(1)}, {"amount": 1.0, "text": "ä\n"}, {}}
	for name, text := range map[string]string{
		"lines":                      "{\"amount\": 1}\n{\"amount\": 1.0, \"text\": \"ä\\n\"}\n{}\n",
		"no newline at the end":      "{\"amount\": 1}\n{\"amount\": 1.0, \"text\": \"ä\\n\"}\n{}",
		"empty lines, and Windows":   "\r\n{\"amount\": 1}\r\n\r\n{\"amount\": 1.0, \"text\": \"ä\\n\"}\r\n  {}  \r\n\r\n",
		"an array":                   "[{\"amount\": 1},{\"amount\": 1.0, \"text\": \"ä\\n\"},{}]",
		"an array over lines, later": "\n\n [\n{\"amount\": 1},\n{\"amount\": 1.0, \"text\": \"ä\\n\"}\n,{}]\n\n",
	} {
		got, err := defaultInputLimits().read(name, strings.NewReader(text))
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %v, %v", name, got, err)
			continue
		}
		for i := range want {
			if !wire.Equal(got[i], want[i]) {
				t.Errorf("%s: input %d is %v, want %v", name, i, got[i], want[i])
			}
		}
	}
}

func TestInputsThatAreWrongAreNamed(t *testing.T) {
	small := inputLimits{count: 3, one: 20, all: 60}
	for _, c := range []struct{ name, text, where string }{
		{"nothing", "", "no input"},
		{"empty lines", "\n\n  \n", "no input"},
		{"an empty array", "[]", "no input"},
		{"a broken line", "{}\n{\"a\":}\n", "line 2"},
		{"a key twice", "{}\n\n{\"a\":1,\"a\":2}\n", "line 3"},
		{"a value that is no object", "{}\n17\n", "line 2"},
		{"two objects in a line", "{} {}\n", "line 1"},
		{"a lone surrogate", "{\"a\":\"\\ud800\"}\n", "line 1"},
		{"no UTF-8", "{\"a\":\"\xff\"}\n", "line 1"},
		{"an integer too large", "{\"a\":9223372036854775808}\n", "line 1"},
		{"an element that is no object", "[{},[]]", "element 2"},
		{"a key twice in an element", "[{},{\"a\":1,\"a\":2}]", "element 2"},
		{"an array without its end", "[{},{}", ""},
		{"a missing comma", "[{} {}]", ""},
		{"a comma too many", "[{},]", ""},
		{"something behind the array", "[{}]{}", ""},
		{"too many lines", "{}\n{}\n{}\n{}\n", "line 4"},
		{"too many elements", "[{},{},{},{}]", "element 4"},
		{"a line too long", "{}\n{\"a\":\"" + strings.Repeat("x", 40) + "\"}\n", "line 2"},
		{"an element too long", "[{\"a\":\"" + strings.Repeat("x", 20) + "\"}]", "element 1"},
		{"too much of it", strings.Repeat("\n", 100), "more than 60 B together"},
		{"too much of it within a line", strings.Repeat("{\"a\":\"123456789012\"}\n", 3), "more than 60 B together"},
		{"too much of an array", "[" + strings.Repeat(" ", 100) + "{}]", "more than 60 B together"},
	} {
		got, err := small.read("payments.ndjson", iotest.OneByteReader(strings.NewReader(c.text)))
		if problem.CodeOf(err) != problem.ComparisonMalformed || !strings.Contains(err.Error(), "payments.ndjson") || !strings.Contains(err.Error(), c.where) {
			t.Errorf("%s: %v, %v; want %q", c.name, got, err, c.where)
		}
	}
}

// FuzzInputs: whatever is read was read as strictly as a call's body is, and comes
// back when it is written.
func FuzzInputs(f *testing.F) {
	for _, s := range []string{"{}\n{\"a\":1}", "[{\"a\":1.0},{}]", "\n[", "[{}]x", "{\"a\":\"\\ud800\"}", "{}\r\n\r\n{}", "[{},]", "{\"a\":1,\"a\":1}"} {
		f.Add([]byte(s))
	}
	limits := inputLimits{count: 50, one: 200, all: 2000}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := limits.read("x", bytes.NewReader(text))
		if err != nil {
			if list != nil || problem.CodeOf(err) != problem.ComparisonMalformed {
				t.Fatalf("%v, %v", list, err)
			}
			return
		}
		if len(list) == 0 || len(list) > limits.count || len(text) > limits.all {
			t.Fatalf("%d inputs of %d bytes", len(list), len(text))
		}
		var lines, array bytes.Buffer
		for i, in := range list {
			text, err := wire.AppendJSON(nil, in)
			if err != nil {
				t.Fatal(err)
			}
			lines.Write(append(bytes.Clone(text), '\n'))
			array.WriteString(map[bool]string{true: "[", false: ","}[i == 0])
			array.Write(text)
		}
		array.WriteByte(']')
		for _, again := range []string{lines.String(), array.String()} {
			back, err := defaultInputLimits().read("x", strings.NewReader(again))
			if err != nil || len(back) != len(list) {
				t.Fatalf("%d inputs became %d, %v: %q", len(list), len(back), err, again)
			}
			for i := range list {
				if !wire.Equal(back[i], list[i]) {
					t.Fatalf("%v became %v", list[i], back[i])
				}
			}
		}
	})
}
