package risk

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
)

// folder holds the release, seen from the module's root.
const folder = "examples/riskscore/v2"

// Release is what the benchmarks need of the release.
type Release struct {
	Config map[string]any
	Golden []manifest.GoldenCase
	// Input is the payment that is measured, as a map and as JSON text.
	Input map[string]any
	Text  []byte
}

// Read reads the release of the module whose root is given.
func Read(root string) (*Release, error) {
	r := &Release{}
	statement, err := readJSON(filepath.Join(root, folder, "strategy.json"))
	if err != nil {
		return nil, err
	}
	r.Config, _ = statement.(map[string]any)["config"].(map[string]any)
	cases, err := readJSON(filepath.Join(root, folder, "golden.json"))
	if err != nil {
		return nil, err
	}
	list, _ := cases.([]any)
	for _, c := range list {
		r.Golden = append(r.Golden, goldenCase(c))
	}
	if len(r.Golden) == 0 || r.Config == nil {
		return nil, errors.New("the release has no golden cases or no config")
	}
	if r.Text, err = os.ReadFile(filepath.Join(root, folder, "../payment.json")); err != nil {
		return nil, err
	}
	r.Input, err = wire.ParseJSONMap(r.Text)
	return r, err
}

func readJSON(path string) (any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return wire.ParseJSON(text)
}

func goldenCase(v any) (c manifest.GoldenCase) {
	m, _ := v.(map[string]any)
	c.Name, _ = m["name"].(string)
	c.Input, _ = m["input"].(map[string]any)
	c.Output, _ = m["output"].(map[string]any)
	c.Rejected, _ = m["rejected"].(string)
	return c
}
