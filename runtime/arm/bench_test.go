package arm_test

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/rollout"
)

// BenchmarkRecord has what measuring adds to a call; run it with -cpu 1,2. Together
// with BenchmarkBucket of package rollout it is what being in a rollout costs.
func BenchmarkRecord(b *testing.B) {
	rates := []rollout.Guard{{Metric: rollout.ErrorRate}, {Metric: rollout.FaultRate}, {Metric: rollout.LatencyP99}}
	fields := append([]rollout.Guard{{Metric: rollout.FieldMean, Field: "/score"}, {Metric: rollout.FieldShare, Field: "/approved", Equals: true}}, rates...)
	good := arm.Call{Latency: 300 * time.Microsecond, Out: map[string]any{"score": 0.5, "approved": true}, Instructions: 1000}
	asText := good
	asText.Out, asText.Text = nil, []byte(`{"score":0.5,"approved":true}`)
	failed := arm.Call{Latency: 300 * time.Microsecond, Fault: true}
	for _, c := range []struct {
		name   string
		guards []rollout.Guard
		keys   uint64 // 0: no keys, 1: all new
		call   *arm.Call
	}{
		{"no-guards", nil, 0, &good},
		{"rates/no-key", rates, 0, &good},
		{"rates/one-customer", rates, 2, &good},
		{"rates/10000-customers", rates, 10_000, &good},
		{"rates/new-customers", rates, 1, &good},
		{"rates/10000-customers/faults", rates, 10_000, &failed},
		{"fields/10000-customers", fields, 10_000, &good},
		{"fields/no-key", fields, 0, &good},
		{"fields/no-key/text", fields, 0, &asText},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := arm.NewSet(c.guards, c.keys > 0).Meter(rollout.ArmStable)
			hashes := make([]uint64, 1<<16)
			for i := range hashes {
				hashes[i] = rand.Uint64()
				if c.keys > 1 {
					hashes[i] = rollout.Hasher{}.Sum([]byte{byte(i % int(c.keys)), byte(i % int(c.keys) >> 8)})
				}
			}
			var workers atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				lane, call := int(workers.Add(1))-1, *c.call
				for i := lane * 100; pb.Next(); i++ {
					m.Record(lane, arm.Key{Hash: hashes[i%len(hashes)] + uint64(i)<<32*(c.keys&1), Given: c.keys > 0}, &call)
				}
			})
		})
	}
}

func BenchmarkSample(b *testing.B) {
	m := arm.NewSet([]rollout.Guard{{Metric: rollout.ErrorRate}}, true).Meter(rollout.ArmStable)
	b.ReportAllocs()
	for b.Loop() {
		m.Sample()
	}
}

func BenchmarkNewSet(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s := arm.NewSet([]rollout.Guard{{Metric: rollout.ErrorRate}}, true)
		s.Meter(rollout.ArmStable)
		s.Meter(rollout.ArmCandidate)
	}
}
