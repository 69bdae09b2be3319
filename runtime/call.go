package runtime

import (
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/experiment"
)

// call is one request on its way through a release: a map or JSON text.
type call struct {
	in, out   map[string]any
	text, dst []byte
	textual   bool
	kept      int // of dst belong to the caller
	lane      int // among those who count at the same time

	key        arm.Key
	meter      *arm.Meter      // nil for none
	experiment *experiment.Set // likewise
}

// make runs the call in the shape that suits the release's instance best.
func (rel *release) make(d *deadline, c *call) (err error) {
	if !c.textual {
		c.out, err = rel.execute(d, c.in)
		return err
	}
	if rel.textual != nil {
		c.dst, err = rel.textual.ExecuteText(d, c.text, c.dst, &d.used)
		return err
	}
	in, err := wire.ParseJSONMap(c.text)
	if err != nil {
		return driver.BadInput(err)
	}
	out, err := rel.parsed(d, in, len(c.text))
	if err != nil {
		return err
	}
	c.dst, err = wire.AppendJSON(c.dst, out)
	return err
}

// execute runs a map. Instances that do not encode it get a copy.
func (rel *release) execute(d *deadline, in map[string]any) (map[string]any, error) {
	if in == nil {
		in = map[string]any{}
	}
	if rel.metered != nil {
		return rel.metered.ExecuteMetered(d, in, &d.used)
	}
	input, err := wire.NormalizeMap(in)
	if err != nil {
		return nil, driver.BadInput(err)
	}
	return rel.instance.Execute(d, input)
}

// surelyFits is a length of JSON text whose value is within the limit of encoded
// values: one byte of text becomes at most this many, as "0.1" and its comma do.
const surelyFits = 8 << 20 / 9

// parsed runs a map that was made of JSON text: it is of the domain and nobody
// else has it, so it needs no copy.
func (rel *release) parsed(d *deadline, in map[string]any, length int) (map[string]any, error) {
	if rel.metered != nil || length > surelyFits {
		return rel.execute(d, in)
	}
	return rel.instance.Execute(d, in)
}
