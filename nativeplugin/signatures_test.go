package nativeplugin_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"testing"

	"github.com/swapline/swapline/runtime/driver"
)

func TestSignaturesOfAPluginNameTheContractsTypes(t *testing.T) {
	want := []string{
		"Execute func(context.Context, map[string]interface {}) (map[string]interface {}, error)",
		"NewStrategy func(github.com/swapline/swapline/abi.Host) (github.com/swapline/swapline/abi.Strategy, error)",
	}
	v1 := load(t, release(t, "1.0.0", scorer("v1")), "1.0.0", nil)
	if got := driver.SignaturesOf(v1); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	want = append(want, "Validate func(context.Context) error")
	v2 := load(t, release(t, "2.0.0", scorer("v2")), "2.0.0", nil)
	if got := driver.SignaturesOf(v2); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAPanicsStackNamesFunctionAndReleaseOfThePlugin(t *testing.T) {
	in := load(t, release(t, "1.0.0", scorer("v1")), "1.0.0", nil)
	_, err := in.Execute(context.Background(), map[string]any{"panic": true})
	var f *driver.Fault
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	frame := regexp.MustCompile(`(?m)^swapline\.release/risk/v1_0_0_\w+\.\(\*strategy\)\.Execute\(.*\)\n\t.*main\.go:\d+ `)
	if !frame.MatchString(f.Stack) {
		t.Errorf("no frame of the plugin in\n%s", f.Stack)
	}
}
