package runtime

import (
	"testing"
	"time"
)

// BenchmarkClosedBreaker is all that a closed breaker adds to a call.
func BenchmarkClosedBreaker(b *testing.B) {
	rel := &release{}
	cut := &cutout{rel: rel, bound: time.Second}
	none := &release{}
	rel.cut.Store(cut)
	for _, one := range []struct {
		name string
		rel  *release
	}{{"none", none}, {"closed", rel}} {
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			asked := 0
			for b.Loop() {
				c := one.rel.cut.Load()
				if c != nil && !c.gate.Closed() {
					asked++
				}
				if c := one.rel.cut.Load(); c != nil {
					c.saw(verdictOK, time.Duration(b.N))
				}
			}
			if asked > 0 {
				b.Fatal("the gate is not closed")
			}
		})
	}
}
