package runtime

import (
	"context"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
)

// call is one request on its way through a release: a map or JSON text.
type call struct {
	in, out   map[string]any
	text, dst []byte
	textual   bool
	used      driver.Usage
	limited   deadline // its context
}

// make runs the call in the shape that suits the release's instance best.
func (rel *release) make(ctx context.Context, c *call) (err error) {
	if !c.textual {
		c.out, err = rel.execute(ctx, c.in, &c.used)
		return err
	}
	if rel.textual != nil {
		c.dst, err = rel.textual.ExecuteText(ctx, c.text, c.dst, &c.used)
		return err
	}
	in, err := wire.ParseJSONMap(c.text)
	if err != nil {
		return driver.BadInput(err)
	}
	out, err := rel.execute(ctx, in, &c.used)
	if err != nil {
		return err
	}
	c.dst, err = wire.AppendJSON(c.dst, out)
	return err
}

// execute runs a map. Instances that do not encode it get a copy.
func (rel *release) execute(ctx context.Context, in map[string]any, u *driver.Usage) (map[string]any, error) {
	if in == nil {
		in = map[string]any{}
	}
	if rel.metered != nil {
		return rel.metered.ExecuteMetered(ctx, in, u)
	}
	input, err := wire.NormalizeMap(in)
	if err != nil {
		return nil, driver.BadInput(err)
	}
	return rel.instance.Execute(ctx, input)
}
