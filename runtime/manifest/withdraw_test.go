package manifest

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestWithdrawIsReadAndWritten(t *testing.T) {
	for name, c := range map[string]struct {
		given map[string]any
		want  Withdraw
	}{
		"all members":        {map[string]any{"faults": int64(3), "share": 0.25, "window_ms": int64(1500)}, Withdraw{3, 0.25, 1500 * time.Millisecond}},
		"only faults":        {map[string]any{"faults": int64(1)}, Withdraw{Faults: 1}},
		"a share of one":     {map[string]any{"share": int64(1)}, Withdraw{Share: 1}},
		"a share as decimal": {map[string]any{"share": 1.0}, Withdraw{Share: 1}},
		"nothing":            {map[string]any{}, Withdraw{}},
		"zeros":              {map[string]any{"faults": int64(0), "share": 0.0, "window_ms": int64(0)}, Withdraw{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := decode(t, changed(t, map[string]any{"/withdraw": c.given}))
			if m.Withdraw != c.want {
				t.Fatalf("read %+v, want %+v", m.Withdraw, c.want)
			}
			if again := decode(t, encode(t, m)); !reflect.DeepEqual(again, m) {
				t.Fatalf("written and read again: %+v", again.Withdraw)
			}
			if _, has := m.toMap()["withdraw"]; has != (c.want != Withdraw{}) {
				t.Fatalf("the canonical text has withdraw: %v", has)
			}
		})
	}
}

func TestBadWithdrawIsRefusedWhereItStands(t *testing.T) {
	for name, c := range map[string]struct {
		pointer string
		value   any
	}{
		"unknown member":          {"/withdraw/share_percent", int64(50)},
		"negative faults":         {"/withdraw/faults", int64(-1)},
		"faults beyond reason":    {"/withdraw/faults", int64(1)<<20 + 1},
		"faults with a fraction":  {"/withdraw/faults", 1.5},
		"negative share":          {"/withdraw/share", -0.1},
		"share in percent":        {"/withdraw/share", int64(50)},
		"share as text":           {"/withdraw/share", "half"},
		"negative window":         {"/withdraw/window_ms", int64(-1)},
		"window above an hour":    {"/withdraw/window_ms", int64(3_600_001)},
		"window with a fraction":  {"/withdraw/window_ms", 0.5},
		"window that is no count": {"/withdraw/window_ms", true},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, changed(t, map[string]any{"/withdraw": map[string]any{strings.TrimPrefix(c.pointer, "/withdraw/"): c.value}}), c.pointer)
		})
	}
	m := decode(t, example(t))
	m.Withdraw.Window = time.Microsecond
	if _, err := m.Encode(); err == nil {
		t.Error("a window of a microsecond was written")
	}
}
