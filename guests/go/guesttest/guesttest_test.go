package guesttest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi"
)

type answer struct {
	out map[string]any
	err error
}

func (a answer) Execute(context.Context, map[string]any) (map[string]any, error) { return a.out, a.err }

func TestCheckTellsTheDifference(t *testing.T) {
	wanted := goldenCase{name: "c", input: map[string]any{}, output: map[string]any{"n": int64(1)}}
	rejected := goldenCase{name: "c", input: map[string]any{}, rejected: "bad_input"}
	tests := []struct {
		name   string
		golden goldenCase
		answer answer
		want   string
	}{
		{"equal after normalising", wanted, answer{out: map[string]any{"n": 1}}, ""},
		{"another value", wanted, answer{out: map[string]any{"n": 2}}, `output is`},
		{"a float for an integer", wanted, answer{out: map[string]any{"n": 1.0}}, `{"n":1.0}`},
		{"one member more", wanted, answer{out: map[string]any{"n": 1, "m": 1}}, `output is`},
		{"outside of the domain", wanted, answer{out: map[string]any{"n": struct{}{}}}, "output:"},
		{"rejected", wanted, answer{err: abi.Reject("no", "no")}, "want an output"},
		{"rejected as wanted", rejected, answer{err: abi.Reject("bad_input", "no")}, ""},
		{"another code", rejected, answer{err: abi.Reject("other", "no")}, "want the code bad_input"},
		{"no code", rejected, answer{err: errors.New("no")}, "error without a code"},
		{"an output", rejected, answer{out: map[string]any{}}, "want the business error"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := test.golden.check(t.Context(), test.answer); err != nil {
				got = err.Error()
			}
			if got == "" != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
