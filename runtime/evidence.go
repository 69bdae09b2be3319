package runtime

import (
	"encoding/json"

	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/store"
)

// evidence is what a rollout's record keeps of answers that were compared, for
// people: the verdicts have their numbers.
type evidence struct {
	Replay *RolloutReplay `json:"replay,omitempty"`
	Shadow *RolloutReplay `json:"shadow,omitempty"`
}

// evidenceOf reads what a record has; one that is damaged has nothing.
func evidenceOf(record store.Rollout) (e evidence) {
	if len(record.Replay) > 0 && json.Unmarshal(record.Replay, &e) != nil {
		return evidence{}
	}
	return e
}

// noteEvidence changes what will be stored with the next step.
func (ro *rolling) noteEvidence(change func(*evidence)) {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	e := evidenceOf(ro.record)
	change(&e)
	if text, err := json.Marshal(e); err == nil { // numbers and texts
		ro.record.Replay = text
	}
}

// replayOf is a table of differences as people see it.
func replayOf(t *difference.Table) *RolloutReplay {
	totals := t.Totals()
	v := &RolloutReplay{Compared: int(totals.Compared), Different: int(totals.Different)}
	for _, row := range t.Rows(evidenceRows) {
		v.Differences = append(v.Differences, RolloutDifference{Pointer: row.Pointer, Count: int(row.Count), Stable: row.Stable, Candidate: row.Candidate})
	}
	return v
}

// evidenceRows is how many places of differences are listed.
const evidenceRows = 50
