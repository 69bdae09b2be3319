package breaker

import (
	"fmt"
	"time"

	"github.com/swapline/swapline/runtime/rollout"
)

// slowShare is the part of calls that is slower than the 95th percentile.
const slowShare = 0.05

// broken says which bound a window crosses, "" if none.
func broken(p *rollout.Breaker, w Window) string {
	if w.Calls < max(p.Calls, 1) {
		return ""
	}
	if p.FaultRate > 0 && beyond(w.Faults, w.Calls, p.FaultRate) {
		return fmt.Sprintf("%s of %d calls within %s were faults, allowed are %s",
			percent(share(w.Faults, w.Calls)), w.Calls, spell(w.At.Sub(w.From)), percent(p.FaultRate))
	}
	if p.P95 > 0 && beyond(w.Slow, w.Calls, slowShare) {
		return fmt.Sprintf("%s of %d calls within %s took longer than %s, allowed are %s",
			percent(share(w.Slow, w.Calls)), w.Calls, spell(w.At.Sub(w.From)), p.P95, percent(slowShare))
	}
	return ""
}

// beyond reports whether n of all is more than a part of it. 29 of 100 is not more
// than 0.29, although the product is 28.999999999999996.
func beyond(n, all int64, part float64) bool {
	const rounding = 1e-9
	return float64(n) > part*float64(all)*(1+rounding)
}

func share(n, all int64) float64 { return float64(n) / float64(all) }

func percent(part float64) string { return fmt.Sprintf("%.3g %%", 100*part) }

// spell is a duration that a person reads, not one of nanoseconds.
func spell(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func failed(s State, r Probed) string {
	why := r.Why
	if why == "" {
		why = "it did not answer as it should"
	}
	return fmt.Sprintf("probe %d of round %d failed: %s", s.Good+1, s.Round, why)
}

func mended(good int64) string {
	if good == 1 {
		return "a probe was good"
	}
	return fmt.Sprintf("%d probes in a row were good", good)
}

func helpless(reason, why string) string {
	return fmt.Sprintf("%s; the release serves on because no fallback can answer: %s", reason, why)
}
