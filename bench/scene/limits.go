package scene

import (
	"context"
	"path/filepath"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/bench/limit"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/nativeplugin/pluginbuild"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
)

// Limits are the ways to run package limit: in process and as a plugin, with a
// cooperative deadline and with a hard one.
func Limits(ctx context.Context, root string) ([]Kind, error) {
	native, err := output(func(path string) error {
		_, err := pluginbuild.Build(ctx, pluginbuild.Config{
			Dir: filepath.Join(root, "bench/limit/plugin"), Output: path, Strategy: strategyName("limit"), Version: Version(1)})
		return err
	})
	if err != nil {
		return nil, err
	}
	memory := []byte("limit\n")
	return []Kind{
		{Label: "native", Kind: nativeplugin.Kind, Artifact: native, Deadline: manifest.DeadlineCooperative, limit: true},
		{Label: "native.hard", Kind: nativeplugin.Kind, Artifact: native, limit: true},
		{Label: "memory", Kind: memdriver.Kind, Artifact: memory, Deadline: manifest.DeadlineCooperative, limit: true},
		{Label: "memory.hard", Kind: memdriver.Kind, Artifact: memory, limit: true},
	}, nil
}

// LimitInput is an input of package limit.
func LimitInput() map[string]any { return map[string]any{"amount": int64(7)} }

func limitGolden() []manifest.GoldenCase {
	return []manifest.GoldenCase{{Name: "below", Input: LimitInput(), Output: map[string]any{"approved": true}}}
}

// LimitOf makes a strategy of package limit out of the very code that the kind
// runs, for direct calls.
func (s *Scene) LimitOf(k Kind) (abi.Strategy, error) {
	construct := limit.New
	if k.Kind == nativeplugin.Kind {
		construct = s.native.Constructor(k.digest())
	}
	return construct(nil)
}
