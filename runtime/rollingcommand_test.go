package runtime_test

import (
	"context"
	"sync"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// Of commands that were decided on one revision only one is heard, however close
// they come; the others are told so.
func TestOneOfManyCommandsIsHeard(t *testing.T) {
	for _, verb := range []rollout.Verb{rollout.VerbPause, rollout.VerbAbort} {
		t.Run(string(verb), func(t *testing.T) {
			w := rollingWorld(t, 0)
			seen := w.start(patient())
			errs := make([]error, 16)
			var all sync.WaitGroup
			for i := range errs {
				all.Go(func() {
					_, errs[i] = w.rt.Rollouts.Command(context.Background(),
						runtime.RolloutCommand{Strategy: name, ID: seen.ID, Verb: verb, IfRevision: &seen.Revision})
				})
			}
			all.Wait()
			heard := 0
			for _, err := range errs {
				switch code := problem.CodeOf(err); code {
				case "":
					heard++
				case problem.StaleRollout, problem.RolloutEnded:
				default:
					t.Errorf("refused with %s: %v", code, err)
				}
			}
			if heard != 1 {
				t.Errorf("%d of %d commands were heard", heard, len(errs))
			}
		})
	}
}
