package rollout

import "time"

// Part reads one object of a document that is no policy but has parts of one, as
// strictly as [Decode]: an experiment's plan. The first refusal sticks, later reads
// give what is absent; read all members and then ask Err. It is not safe for
// concurrent use.
type Part struct{ m *members }

// Open begins to read a document; of is what it is called in errors.
func Open(of string, doc map[string]any) *Part {
	return &Part{(&document{of: of}).open("", doc)}
}

// Err refuses members that nobody read, and returns the first refusal, a *Malformed,
// or nil.
func (p *Part) Err() error {
	p.m.done()
	if p.m.doc.err == nil {
		return nil
	}
	return p.m.doc.err
}

// Has reports whether there is a member, null included.
func (p *Part) Has(name string) bool { return p.m.has(name) }

// Refuse refuses a member for what it stands beside.
func (p *Part) Refuse(name, text, want, cure string) {
	p.m.read[name] = true
	p.m.refuse(name, text, want, cure)
}

// Word reads one of a few words; an absent one is the first.
func (p *Part) Word(name string, words ...string) string { return p.m.word(name, words...) }

// Text reads a string that satisfies valid; an absent one is "".
func (p *Part) Text(name, want string, valid func(string) bool) string {
	return p.m.text(name, want, valid)
}

// Pointer reads a JSON Pointer; an absent one is "".
func (p *Part) Pointer(name string) string { return p.m.text(name, wantPointer, validPointer) }

// Pointers reads a list of JSON Pointers.
func (p *Part) Pointers(name string) []string {
	return p.m.texts(name, wantPointer, maxEntries, validPointer)
}

// Plain reads the value that a share counts.
func (p *Part) Plain(name string) any { return p.m.plain(name) }

// Number reads a number from low to high.
func (p *Part) Number(name string, otherwise, low, high float64) float64 {
	return p.m.number(name, otherwise, low, high)
}

// Count reads a whole number from 1 to a billion.
func (p *Part) Count(name string, otherwise int64) int64 {
	return p.m.count(name, otherwise, 1, maxCalls)
}

// Seconds reads a time in steps of a millisecond.
func (p *Part) Seconds(name string, otherwise time.Duration) time.Duration {
	return p.m.seconds(name, otherwise)
}

// Weight reads a percentage.
func (p *Part) Weight(name string, otherwise Weight) Weight { return p.m.weight(name, otherwise) }

// Sticky reads "sticky".
func (p *Part) Sticky() Sticky { return readSticky(p.m.object("sticky")) }

// Guards reads "guards".
func (p *Part) Guards() []Guard {
	p.m.read["guards"] = true
	return readGuards(p.m)
}

// Expected reads "expected", codes of business errors.
func (p *Part) Expected() []string { return p.m.expected() }

// Compare reads "ignore" and "tolerance".
func (p *Part) Compare() Compare { return p.m.compare() }

// Check refuses what a policy that was made of the document may not have; its
// guards are taken for the document's.
func (p *Part) Check(policy *Policy) { policy.check(p.m.doc) }

// Decimal is a number in a document for [Canonical] whose type does not matter: 60
// and 60.0 are one text.
type Decimal = decimal

// Canonical is the JSON of a document as [Policy.Encode] writes it. Its values are of
// the wire domain without bytes, or decimals.
func Canonical(doc map[string]any) []byte { return appendCanonical(nil, doc) }

// Document is the guard as a policy document has it, for [Canonical].
func (g Guard) Document() map[string]any { return g.document() }

// Document is the key as a policy document has it, for [Canonical].
func (s Sticky) Document() map[string]any { return s.document() }
