package driver_test

import (
	"context"
	"io/fs"
	"slices"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
)

const (
	constructorLine = "NewStrategy func(github.com/swapline/swapline/abi.Host) (github.com/swapline/swapline/abi.Strategy, error)"
	executeLine     = "Execute func(context.Context, map[string]interface {}) (map[string]interface {}, error)"
	validateLine    = "Validate func(context.Context) error"
)

type executing struct{}

func (executing) Execute(context.Context, map[string]any) (map[string]any, error) { return nil, nil }

// Other is no method of the contract.
func (executing) Other() {}

type validating struct{ executing }

func (*validating) Validate(context.Context) error { return nil }

type nearMiss struct{ executing }

func (nearMiss) Validate(fs.FileInfo, ...*fs.PathError) (map[int][]fs.DirEntry, func(chan int) error) {
	return nil, nil
}

type silent struct{ executing }

func (silent) Validate() {}

type rebinding struct{ executing }

func (rebinding) Points() []abi.Exposed { return nil }

func (rebinding) Bindings() []abi.Binding { return nil }

func TestSignaturesOfAGoStrategyNameWholeTypes(t *testing.T) {
	for name, c := range map[string]struct {
		strategy abi.Strategy
		want     []string
	}{
		"only Execute":               {executing{}, []string{executeLine, constructorLine}},
		"behind a pointer":           {&executing{}, []string{executeLine, constructorLine}},
		"with Validate":              {&validating{}, []string{executeLine, constructorLine, validateLine}},
		"Validate of the value type": {validating{}.executing, []string{executeLine, constructorLine}},
		"with points and values for others'": {rebinding{}, []string{"Bindings func() []github.com/swapline/swapline/abi.Binding", executeLine, constructorLine,
			"Points func() []github.com/swapline/swapline/abi.Exposed"}},
		"Validate without parameters": {silent{}, []string{executeLine, constructorLine, "Validate func()"}},
		"Validate of another type": {nearMiss{}, []string{executeLine, constructorLine,
			"Validate func(io/fs.FileInfo, ...*io/fs.PathError) (map[int][]io/fs.DirEntry, func(chan int) error)"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := driver.GoSignatures(c.strategy); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// unsigned is an instance that cannot tell.
type unsigned struct{ driver.Instance }

func TestAnInstanceThatCannotTellHasNoSignatures(t *testing.T) {
	if got := driver.SignaturesOf(unsigned{}); got != nil {
		t.Errorf("got %q", got)
	}
}
