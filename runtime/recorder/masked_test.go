package recorder_test

import (
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/recorder"
)

func TestMaskedIsACopyAndLeavesTheValue(t *testing.T) {
	masks, err := pointer.Compile([]string{"/cards/*/number", "/pin"})
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]any{"cards": []any{map[string]any{"number": "4111", "ok": true}}, "pin": int64(7), "raw": []byte{1}}
	got, err := recorder.Masked(given, masks)
	want := map[string]any{"cards": []any{map[string]any{"number": "xxxx", "ok": true}}, "pin": int64(0), "raw": []byte{1}}
	if err != nil || !wire.Equal(got, any(want)) {
		t.Errorf("%v, %v", got, err)
	}
	if given["pin"] != int64(7) || given["raw"].([]byte)[0] != 1 {
		t.Errorf("%v was changed", given)
	}
	all, _ := pointer.Compile([]string{""})
	for _, c := range []struct{ v, want any }{{"abc", "xxx"}, {int64(5), int64(0)}, {[]any{1.5, nil}, []any{0.0, nil}}, {map[string]any{"k": true}, map[string]any{"k": false}}} {
		if got, err := recorder.Masked(c.v, all); err != nil || !wire.Equal(got, c.want) {
			t.Errorf("%v became %v, %v", c.v, got, err)
		}
		if got, err := recorder.Masked(c.v, pointer.Patterns{}); err != nil || !wire.Equal(got, c.v) {
			t.Errorf("%v without masks became %v, %v", c.v, got, err)
		}
	}
	if _, err := recorder.Masked(func() {}, all); err == nil {
		t.Error("a function was masked")
	}
}
