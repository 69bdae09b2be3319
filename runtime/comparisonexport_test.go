package runtime

import (
	"context"
	"errors"
)

// LateInterrupt is an interrupt that found the comparison under way when it began; what
// it returns is the rest of it, for whose context is over by then.
func (c *Comparisons) LateInterrupt(id string) (rest func()) {
	job := c.underWay(id)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	return func() { job.await(over, errors.New("the host was renewed")) }
}
