package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout"
)

// Plan is what is fixed before an experiment starts; the package comment has its
// document. It is a value that nobody changes.
type Plan struct {
	Mode     string         // compare.ModeSplit (default) or compare.ModePaired
	Sticky   rollout.Sticky // of split; without one each call is drawn
	Weight   rollout.Weight // of the candidate, split; default 50 %
	Metric   Metric         // default latency_p50
	Field    string         // JSON Pointer, for field_share
	Equals   any            // of the wire domain, for field_share
	Expected []string       // codes of business errors that are no errors, for error_rate

	Question compare.Question // hypothesis, margin; scale and direction follow from the metric
	Alpha    float64          // default 0.05

	For   time.Duration // at most; default 1 h
	Calls int64         // units of each arm before anything is concluded; default 100
	Stop  string        // StopDecided (default) or StopTime
	Then  string        // ThenReturn (default) or ThenPromote

	Share     rollout.Weight // paired: of the calls; default all
	Budget    float64        // paired: time of extra runs by time of live calls; default 0.5
	Compare   rollout.Compare
	Mask      []string        // hidden in examples of differing answers
	Different float64         // paired: share of answers that may differ; default 0
	Guards    []rollout.Guard // take the candidate back at once, as in a rollout
	Why       string
}

// What ends an experiment, and what follows.
const (
	StopDecided = "decided" // the first verdict
	StopTime    = "time"    // the end of its time
	ThenReturn  = "return"  // all traffic goes back to stable
	ThenPromote = "promote" // the candidate becomes stable, if the verdict allows it
)

// longest is how long an experiment may last.
const longest = 14 * 24 * time.Hour

// Hash is the SHA-256 of Encode, hex.
func (p *Plan) Hash() string {
	sum := sha256.Sum256(p.Encode())
	return hex.EncodeToString(sum[:])
}

func (p *Plan) paired() bool { return p.Mode == compare.ModePaired }

// keyed reports whether calls may have keys.
func (p *Plan) keyed() bool { return p.Sticky != (rollout.Sticky{}) }

// theta0 is the share of units that are the candidate's.
func (p *Plan) theta0() float64 { return float64(p.Weight) / float64(rollout.Full) }

// spare is the part of alpha that is kept for the case that what was measured is
// lost and has to be measured anew.
const spare = 1.0 / 64

// Level is what is left of alpha for the measuring that begins after so many were
// lost: nearly all of it for the first, and then always half of what is spare. So
// all of them together are wrong no more often than alpha says.
func (p *Plan) Level(anew int) float64 {
	if anew <= 0 {
		return p.Alpha * (1 - spare)
	}
	return math.Ldexp(p.Alpha*spare, -min(anew, mostAnew))
}

// mostAnew is from how many losses on the level does not fall any more: it is so
// low by then that what it adds up to is nothing.
const mostAnew = 25

// Allows reports whether a verdict is what Then asks for to promote: better, or
// what the hypothesis was about.
func (p *Plan) Allows(v compare.Verdict) bool {
	return v.Blocked == "" && (v.Word == compare.Better || v.Word == compare.Equivalent)
}
