package runtime

import (
	"slices"

	"github.com/swapline/swapline/runtime/compare"
)

// Masks protect what is personal, so that one which comes while an experiment runs
// holds for all of it: for what is kept from then on, and for what was kept before,
// which goes. One that is taken away holds until the experiment ends, so that all that
// is kept was masked alike. A record says what its examples were masked by; whoever
// shows it later, when more is to be hidden, leaves them out.

// mask hides what a strategy's policy names now, too.
func (x *experimenting) mask(masks []string) {
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.maskLocked(masks)
}

func (x *experimenting) maskLocked(masks []string) {
	if all := joinedMasks(x.masks, masks); len(all) > len(x.masks) {
		x.masks = all
		x.hideLocked()
	}
}

// hideLocked lets go what was kept under fewer masks.
func (x *experimenting) hideLocked() {
	x.made = nil
	x.earlier = hidden(x.earlier)
	x.record.obey(x.plan.Mask, x.masks)
	if p := x.pairing; p != nil {
		for _, ledger := range []*compare.Ledger{p.candidate, p.self} {
			if err := ledger.Mask(x.masks); err != nil { // policy and plan were checked
				x.ro.rt.cfg.Log.Error("a mask cannot be followed", "strategy", x.ro.s.name, "rollout", x.ro.id(), "error", err)
			}
		}
	}
}

// findLocked takes over what processes before found of answers, under these masks.
func (x *experimenting) findLocked(answers []compare.Answers, under []string) {
	x.earlier = nil
	x.maskLocked(under)
	if x.earlier = answers; !covers(under, x.plan.Mask, x.masks) {
		x.earlier = hidden(answers)
	}
}

// joinedMasks are those of both, each once.
func joinedMasks(masks, more []string) []string {
	out := slices.Clone(masks)
	for _, m := range more {
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// covers reports whether what was masked by these, and as the plan says, hides all that
// is to be hidden.
func covers(masks, plan, all []string) bool {
	return !slices.ContainsFunc(all, func(m string) bool { return !slices.Contains(masks, m) && !slices.Contains(plan, m) })
}

func hidden(list []compare.Answers) []compare.Answers {
	out := make([]compare.Answers, len(list))
	for i, a := range list {
		out[i] = a.Hide()
	}
	return out[:len(list):len(list)]
}

// hiddenNote says in a report why it has no examples.
const hiddenNote = "Examples of answers were kept before a mask was added to the policy of the strategy: they are not shown."

// obey hides the examples of a stored report if they were masked by less than masks.
func (r *experimentRecord) obey(plan, masks []string) {
	if covers(r.Masks, plan, masks) {
		return
	}
	r.Masks = masks
	report, err := r.report()
	if err != nil || report == nil || len(report.Answers) == 0 {
		return // what cannot be read is not shown
	}
	report.Answers = hidden(report.Answers)
	report.Notes = append(report.Notes, hiddenNote)
	r.Report = packReport(report)
}

// masks are what the strategy's policy keeps out of its records now.
func (b *beside) masks() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.record == nil {
		return nil
	}
	return b.record.Mask
}
