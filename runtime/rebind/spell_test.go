package rebind

import (
	"net/http"
	"reflect"
	"testing"
	"time"
)

type pair[T any] struct{ A, B T }

func TestTypesAreSpelledWithTheirPackagesPaths(t *testing.T) {
	for want, value := range map[string]any{
		"int64":             int64(0),
		"error":             new(error),
		"func()":            func() {},
		"func(int64) int64": func(int64) int64 { return 0 },
		"func(string, ...[]uint8) (net/http.Header, error)":                 func(string, ...[]byte) (http.Header, error) { return nil, nil },
		"map[time.Month][]*net/http.Request":                                map[time.Month][]*http.Request{},
		"struct { A int }":                                                  struct{ A int }{},
		"github.com/swapline/swapline/runtime/rebind.pair[net/http.Header]": pair[http.Header]{},
	} {
		typ := reflect.TypeOf(value)
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if got := Spell(typ); got != want {
			t.Errorf("%v is spelled %q, want %q", typ, got, want)
		}
	}
}
