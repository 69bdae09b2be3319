package compare_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
)

// asking is a subject that notes its inputs. It must be called one at a time.
func asking(asked map[string][]int64, name string, takes time.Duration) compare.Subject {
	s := timed(name, always(takes), echo)
	call := s.Call
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		asked[name] = append(asked[name], in["amount"].(int64))
		return call(ctx, in, used)
	}
	return s
}

// Two rounds over the same sample of the inputs say no more of all of them than one;
// taken as two, intervals of 95 % held the true ratio in 82 to 86 % of the trials.
func TestRoundsOverASampleHaveInputsOfTheirOwn(t *testing.T) {
	const all, rounds, calls, first, open = 1000, 10, 20, 16, 10
	asked := map[string][]int64{}
	plan := compare.Plan{Seed: 1, Rounds: rounds, Calls: calls, WarmUp: calls, Callers: -1, Rate: 1000, OpenFor: rounds * open * time.Millisecond, Starts: -1, Samples: 200}
	run(t, compare.Trial{Plan: plan, Subjects: []compare.Subject{asking(asked, "old", 10*time.Microsecond), asking(asked, "new", 10*time.Microsecond)}, Inputs: inputs(all)})

	// What comes before: all answers, the reference's 200 again twice, and the warm-up.
	old, changed := asked["old"][all+2*200+calls:], asked["new"][all+calls:]
	take := func(from *[]int64, n int) []int64 {
		taken := slices.Sorted(slices.Values((*from)[:n]))
		*from = (*from)[n:]
		return taken
	}
	seen := map[int64]bool{}
	for round := range 2 * rounds {
		n := calls
		if round == rounds {
			clear(seen) // of the closed loop
		}
		if round < rounds {
			take(&old, first)
			take(&changed, first)
		} else {
			n = open
		}
		one, two := take(&old, n), take(&changed, n)
		if !slices.Equal(one, two) {
			t.Errorf("round %d: the arms have inputs %v and %v", round, one, two)
		}
		for _, in := range one {
			if seen[in] {
				t.Fatalf("round %d has input %d, which one before had, too", round, in)
			}
			seen[in] = true
		}
	}
}

func TestThroughputIsOfTheSameInputs(t *testing.T) {
	const all, rounds, calls, before = 1000, 10, 20, 16 + 20
	asked := map[string][]int64{}
	plan := compare.Plan{Seed: 1, Rounds: rounds, Calls: calls, WarmUp: calls, Callers: 1, OpenFor: -1, Starts: -1, Samples: 200}
	run(t, compare.Trial{Plan: plan, Subjects: []compare.Subject{asking(asked, "old", 100*time.Microsecond), asking(asked, "new", time.Millisecond)}, Inputs: inputs(all)})
	old, slow := asked["old"][all+2*200+calls+rounds*before:], asked["new"][all+calls+rounds*before:]
	for round := range rounds {
		many, few := old[200*round:][:200], slow[20*round:][:20] // 20 ms
		if !slices.Equal(many[:20], few) {
			t.Errorf("round %d: inputs %v and %v", round, many[:20], few)
		}
	}
}
