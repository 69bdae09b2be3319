package rollout

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of a policy document.
const (
	MaxStages  = 16
	MaxGuards  = 32 // at one stage, the policy's included
	maxEntries = 32 // of other lists
	maxText    = 256
	maxTime    = 30 * 24 * time.Hour
	maxCalls   = 1_000_000_000
	maxRatio   = 1000.0
	maxKept    = 1_000_000
	maxRecord  = 1 << 30
)

// Decode reads a policy document of the wire domain (nil, bool, int64, float64,
// string, []any, map[string]any) as the package comment specifies it. Errors are
// *Malformed. The policy may keep parts of doc.
func Decode(doc map[string]any) (*Policy, error) {
	d := new(document)
	m := d.open("", doc)
	p := Default()
	p.Alpha = m.number("alpha", p.Alpha, 1e-6, 0.2)
	p.Sticky = readSticky(m.object("sticky"))
	if m.has("stages") {
		p.Stages = readStages(m)
	}
	if m.has("guards") {
		p.Guards = readGuards(m)
	}
	p.Switch = readSwitch(m.object("switch"), p.Switch)
	p.Breaker = readBreaker(m.object("breaker"), p.Breaker)
	p.Shadow = readShadow(m.object("shadow"))
	p.Replay = readReplay(m.object("replay"))
	p.Record = readRecord(m.object("record"))
	for _, name := range []string{"stages", "guards"} {
		m.read[name] = true
	}
	m.done()
	p.check(d)
	if d.err != nil {
		return nil, d.err
	}
	return p, nil
}

func readSticky(m *members) (s Sticky) {
	if m == nil {
		return s
	}
	defer m.done()
	s.Header = m.text("header", "a name of 1 to 64 letters, digits or -", validHeader)
	s.Pointer = m.text("pointer", wantPointer, validPointer)
	if m.has("header") == m.has("pointer") {
		m.doc.refuse(Malformed{Pointer: m.pointer, Text: "sticky names one key", Want: "exactly one of header and pointer",
			Got: either(m.has("header"), "both", "neither"), Cure: "leave sticky out for arms that are drawn for each call"})
	}
	return s
}

func readStages(m *members) []Stage {
	var out []Stage
	for _, o := range m.objects("stages", MaxStages) {
		out = append(out, readStage(o))
	}
	return out
}

func readStage(m *members) Stage {
	defer m.done()
	if !m.has("weight") {
		m.refuse("weight", "a stage needs its share of the traffic", "a percentage from 0.01 to 100", "")
	}
	return Stage{
		Weight:   m.weight("weight", 0),
		For:      m.seconds("for_s", time.Minute),
		Calls:    m.count("calls", 100, 0, maxCalls),
		Hold:     m.seconds("hold_s", time.Hour),
		Then:     Then(m.word("then", string(ThenPause), string(ThenRollback))),
		Gate:     m.flag("gate"),
		Baseline: m.flag("baseline"),
		Guards:   readGuards(m),
	}
}

func readSwitch(m *members, s Switch) Switch {
	if m == nil {
		return s
	}
	defer m.done()
	return Switch{
		Before:       m.seconds("before_s", s.Before),
		After:        m.seconds("after_s", s.After),
		MaxErrorRise: m.number("max_error_rise", s.MaxErrorRise, 0, 1),
		MaxP99Ratio:  m.number("max_p99_ratio", s.MaxP99Ratio, 0, maxRatio),
		Floor:        m.millis("floor_ms", s.Floor),
		Calls:        m.count("calls", s.Calls, 0, maxCalls),
	}
}

func readBreaker(m *members, b Breaker) Breaker {
	if m == nil {
		return b
	}
	defer m.done()
	b.FaultRate = m.number("fault_rate", 0, 0, 1)
	b.P95 = m.millis("p95_ms", 0)
	b.Window = m.seconds("window_s", b.Window)
	b.Calls = m.count("calls", b.Calls, 0, maxCalls)
	b.Open = m.seconds("open_s", b.Open)
	b.Probes = m.count("probes", b.Probes, 0, 1000)
	if m.has("fallback") {
		b.Fallback = nil
	}
	for _, o := range m.objects("fallback", 4) {
		b.Fallback = append(b.Fallback, readFallback(o))
	}
	return b
}

func readFallback(m *members) Fallback {
	defer m.done()
	f := Fallback{Kind: FallbackKind(m.word("kind", string(FallbackPrevious), string(FallbackStatic), string(FallbackLastGood), string(FallbackUnavailable)))}
	if !m.has("kind") {
		m.refuse("kind", "a fallback says what answers", "previous or static or last_good or unavailable", "")
	}
	switch f.Kind {
	case FallbackStatic:
		f.Output = m.answer("output")
	case FallbackLastGood:
		f.Keep = int(m.count("keep", 1000, 1, maxKept))
		f.MaxAge = m.seconds("max_age_s", time.Minute)
	}
	return f
}

func (m *members) answer(name string) map[string]any {
	const want = "an object of at most 1000 values, 16 levels and 64 KiB, without bytes"
	v, ok := take[map[string]any](m, name, want)
	if !m.has(name) {
		m.refuse(name, "a static answer is missing", want, "")
	}
	if r := (room{values: 1000, bytes: 64 << 10}); ok && !r.holds(v, 16) {
		m.bad(name, want, describe(v))
	}
	return v
}

func readShadow(m *members) *Shadow {
	if m == nil {
		return nil
	}
	defer m.done()
	return &Shadow{
		Share:     m.weight("share", 1000),
		Budget:    m.number("budget", 0.25, 0.001, 10),
		For:       m.seconds("for_s", 30*time.Second),
		Calls:     m.count("calls", 200, 1, maxCalls),
		Hold:      m.seconds("hold_s", 10*time.Minute),
		Different: m.number("max_different", 0, 0, 1),
		Compare:   m.compare(),
	}
}

func readReplay(m *members) *Replay {
	if m == nil {
		return nil
	}
	defer m.done()
	r := &Replay{
		Last:      int(m.count("last", 1000, 1, maxKept)),
		AtLeast:   int(m.count("at_least", 100, 0, maxKept)),
		Different: m.number("max_different", 0, 0, 1),
		Compare:   m.compare(),
	}
	if r.AtLeast > r.Last {
		m.refuse("at_least", "more inputs are needed than are replayed", "at most last", "")
	}
	return r
}

func (m *members) compare() Compare {
	return Compare{
		Ignore:    m.texts("ignore", wantPointer, maxEntries, validPointer),
		Tolerance: m.number("tolerance", 0, 0, 1),
	}
}

func readRecord(m *members) *Record {
	if m == nil {
		return nil
	}
	defer m.done()
	return &Record{
		Last:  int(m.count("last", 1000, 1, maxKept)),
		Bytes: m.count("bytes", 16<<20, 1, maxRecord),
		Share: m.weight("share", Full),
		Mask:  m.texts("mask", wantPointer, maxEntries, validPointer),
	}
}

func (m *members) weight(name string, otherwise Weight) Weight {
	return Weight(m.steps(name, 100, int64(otherwise), 1, int64(Full)))
}

func (m *members) seconds(name string, otherwise time.Duration) time.Duration {
	const unit = time.Second / time.Millisecond
	return time.Millisecond * time.Duration(m.steps(name, float64(unit), int64(otherwise/time.Millisecond), 0, int64(maxTime/time.Millisecond)))
}

func (m *members) millis(name string, otherwise time.Duration) time.Duration {
	const unit = time.Millisecond / time.Microsecond
	return time.Microsecond * time.Duration(m.steps(name, float64(unit), int64(otherwise/time.Microsecond), 0, int64(time.Hour/time.Microsecond)))
}

const wantPointer = "a JSON Pointer like /customer of at most 256 bytes"

// validPointer follows RFC 6901; the whole document is nothing that a policy can
// name.
func validPointer(s string) bool {
	if s == "" || s[0] != '/' || len(s) > maxText || !utf8.ValidString(s) {
		return false
	}
	rest := strings.NewReplacer("~0", "", "~1", "").Replace(s)
	return !strings.Contains(rest, "~")
}

func validHeader(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

func either[T any](ok bool, yes, no T) T {
	if ok {
		return yes
	}
	return no
}
