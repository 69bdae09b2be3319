package rollout

import (
	"strconv"
	"unicode/utf8"
)

// check holds what no member can hold alone.
func (p *Policy) check(d *document) {
	p.checkStages(d)
	for i := range p.Stages {
		p.checkGuards(d, i)
	}
	p.checkSwitch(d)
	p.checkBreaker(d)
}

func (p *Policy) checkStages(d *document) {
	if len(p.Stages) == 0 {
		d.refuse(Malformed{Pointer: "/stages", Text: "a rollout needs a stage", Want: `at least {"weight": 100}`, Got: "an empty list"})
		return
	}
	last := len(p.Stages) - 1
	for i, s := range p.Stages {
		pointer := "/stages/" + strconv.Itoa(i)
		switch {
		case i > 0 && s.Weight <= p.Stages[i-1].Weight:
			d.refuse(Malformed{Pointer: pointer + "/weight", Text: "weights rise from stage to stage",
				Want: "more than " + p.Stages[i-1].Weight.String(), Got: s.Weight.String()})
		case i == last && s.Weight != Full:
			d.refuse(Malformed{Pointer: pointer + "/weight", Text: "the last stage is all traffic", Want: "100", Got: s.Weight.String(),
				Cure: `add {"weight": 100}`})
		case s.Baseline && i == last:
			d.refuse(Malformed{Pointer: pointer + "/baseline", Text: "at 100 % nothing is left to compare with", Want: "false", Got: "true"})
		case s.Baseline && s.Weight >= Full/2:
			d.refuse(Malformed{Pointer: pointer + "/baseline", Text: "the baseline gets as much traffic as the candidate, and stable needs some, too",
				Want: "false where weight is 50 or more", Got: "true"})
		}
	}
}

func (p *Policy) checkGuards(d *document, stage int) {
	guards := p.At(stage)
	if len(guards) > MaxGuards {
		d.refuse(Malformed{Pointer: "/stages/" + strconv.Itoa(stage) + "/guards", Text: "too many guards at one stage",
			Want: "at most " + strconv.Itoa(MaxGuards) + " with those of the policy", Got: strconv.Itoa(len(guards))})
	}
	seen := map[string]bool{}
	for i, g := range guards {
		pointer := p.pointerTo(stage, i)
		if seen[g.Name] {
			d.refuse(Malformed{Pointer: pointer + "/name", Text: "two guards of a stage have one name", Want: "another name", Got: strconv.Quote(g.Name)})
		}
		seen[g.Name] = true
		p.checkArm(d, stage, pointer, g, i >= len(p.Guards))
	}
}

// checkArm wants what a guard compares with to be there. Guards of the policy that
// compare are left out at 100 %, where the switch rules take their place.
func (p *Policy) checkArm(d *document, stage int, pointer string, g Guard, own bool) {
	full := p.Stages[stage].Weight == Full
	switch {
	case g.Versus != "" && full && own:
		d.refuse(Malformed{Pointer: pointer + "/versus", Text: "at 100 % no other arm is left to compare with", Want: "nothing",
			Got: strconv.Quote(g.Versus), Cure: "the members of switch compare with the time before"})
	case g.Versus == ArmBaseline && !full && !p.Stages[stage].Baseline:
		d.refuse(Malformed{Pointer: pointer + "/versus", Text: "stage " + strconv.Itoa(stage) + " has no baseline", Want: ArmStable,
			Got: strconv.Quote(g.Versus), Cure: "set baseline of the stage to true"})
	}
}

// pointerTo names a guard of At(stage) in the document.
func (p *Policy) pointerTo(stage, guard int) string {
	if guard < len(p.Guards) {
		return "/guards/" + strconv.Itoa(guard)
	}
	return "/stages/" + strconv.Itoa(stage) + "/guards/" + strconv.Itoa(guard-len(p.Guards))
}

func (p *Policy) checkSwitch(d *document) {
	s := p.Switch
	switch {
	case s.MaxP99Ratio != 0 && s.MaxP99Ratio < 1:
		d.refuse(Malformed{Pointer: "/switch/max_p99_ratio", Text: "a ratio below 1 asks for a faster release",
			Want: "0 to leave latency out, or 1 and more", Got: decimal(s.MaxP99Ratio).String()})
	case s.After > 0 && s.Before == 0:
		d.refuse(Malformed{Pointer: "/switch/before_s", Text: "a watch compares with the time before", Want: "more than 0", Got: "0",
			Cure: "set after_s to 0 to watch nothing"})
	}
}

func (p *Policy) checkBreaker(d *document) {
	b := p.Breaker
	if b.FaultRate == 0 && b.P95 == 0 {
		return
	}
	switch {
	case b.Window == 0:
		d.refuse(zero("/breaker/window_s", "the breaker looks at a window of time"))
	case b.Calls == 0:
		d.refuse(zero("/breaker/calls", "the breaker does not open on nothing"))
	case b.Open == 0:
		d.refuse(zero("/breaker/open_s", "an open breaker rests before it is probed"))
	case b.Probes == 0:
		d.refuse(zero("/breaker/probes", "the breaker closes after good probes"))
	case len(b.Fallback) == 0:
		d.refuse(Malformed{Pointer: "/breaker/fallback", Text: "nothing says what answers", Want: "a list with an entry", Got: "an empty list",
			Cure: `[{"kind": "unavailable"}] answers with an error`})
	}
	b.checkOrder(d)
}

func zero(pointer, text string) Malformed {
	return Malformed{Pointer: pointer, Text: text, Want: "more than 0", Got: "0", Cure: "set fault_rate and p95_ms to 0 for no breaker"}
}

// checkOrder refuses what is never asked: a kind given twice, and whatever follows
// one that always answers.
func (b Breaker) checkOrder(d *document) {
	seen := map[FallbackKind]bool{}
	for i, f := range b.Fallback {
		pointer := "/breaker/fallback/" + strconv.Itoa(i) + "/kind"
		always := f.Kind == FallbackStatic || f.Kind == FallbackUnavailable
		switch {
		case seen[f.Kind]:
			d.refuse(Malformed{Pointer: pointer, Text: "a fallback is named once", Want: "another kind", Got: strconv.Quote(string(f.Kind))})
		case always && i < len(b.Fallback)-1:
			d.refuse(Malformed{Pointer: pointer, Text: string(f.Kind) + " always answers: what follows it is never asked", Want: "it at the end",
				Got: strconv.Itoa(len(b.Fallback)-1-i) + " after it"})
		}
		seen[f.Kind] = true
	}
}

// String is the percentage, without the sign.
func (w Weight) String() string { return decimal(float64(w) / 100).String() }

func validText(s string) bool { return utf8.ValidString(s) }
