package guard

// constant reads an initialiser: one constant and end.
func (p *parser) constant() { p.offset() }

// offset is constant; it returns the value of an i32.
func (p *parser) offset() (value uint32) {
	switch op := p.byte(); op {
	case 0x41:
		value = uint32(p.signed(32))
	case 0x42:
		p.signed(64)
	case 0x43:
		p.skip(4)
	case 0x44:
		p.skip(8)
	case 0xd0:
		p.referenceType()
	case 0xd2:
		p.functionIndex()
	default:
		p.unsupported("opcode 0x%02x in an initialiser is not a constant", op)
	}
	if end := p.byte(); p.err == nil && end != opEnd {
		p.unsupported("an initialiser is longer than one constant")
	}
	return value
}

// Bits of an element segment's form.
const (
	elementPassive  = 1 // or declarative
	elementExplicit = 2 // names its table, or is declarative
	elementExprs    = 4 // lists expressions instead of function indices
)

func (p *parser) elementEntry() {
	p.segments++
	form := p.u32()
	if p.err == nil && form > 7 {
		p.malformed("element segment of form %d", form)
		return
	}
	var room uint64 // for the items
	active := form&elementPassive == 0
	if active {
		room = p.elementTarget(form)
	}
	if form&(elementPassive|elementExplicit) != 0 {
		p.elementKind(form)
	}
	if n := p.elementItems(form); p.err == nil && active && uint64(n) > room {
		p.malformed("an element segment of %d items ends outside of its table; engines do not agree on what that means", n)
	}
}

// elementTarget reads where an active segment goes, and returns how many entries
// the table has from there on.
func (p *parser) elementTarget(form uint32) uint64 {
	target := uint32(0)
	if form&elementExplicit != 0 {
		target = p.u32()
	}
	if p.err == nil && int64(target) >= int64(len(p.tables)) {
		p.malformed("element segment for table %d, there are %d", target, len(p.tables))
	}
	at := p.offset()
	if p.err != nil {
		return 0
	}
	entries := p.tables[target].entries
	if at > entries {
		p.malformed("an element segment begins at %d, behind the %d entries of its table", at, entries)
	}
	return uint64(entries) - uint64(at)
}

// elementKind reads what forms other than 0 and 4 state about their items.
func (p *parser) elementKind(form uint32) {
	if form&elementExprs != 0 {
		p.referenceType()
	} else if kind := p.byte(); p.err == nil && kind != 0 {
		p.malformed("element kind %d", kind)
	}
}

// elementItems returns their number.
func (p *parser) elementItems(form uint32) int {
	before := p.elements
	size, item := 1, func() { p.functionIndex() }
	if form&elementExprs != 0 {
		size, item = 3, p.constant
	}
	p.each("elements", size, p.limits.Elements-p.elements, func() {
		item()
		p.elements++
	})
	return p.elements - before
}

func (p *parser) dataSection() {
	p.each("data segments", 2, p.limits.Data, func() {
		p.dataEntry()
		p.m.DataSegments++
	})
}

func (p *parser) dataEntry() {
	form := p.u32()
	if p.err == nil && form > 2 {
		p.malformed("data segment of form %d", form)
	}
	if form == 2 {
		p.index("memory", len(p.m.Memories))
	}
	if form != 1 {
		if p.err == nil && len(p.m.Memories) == 0 {
			p.malformed("a data segment has no memory to go to")
		}
		p.constant()
	}
	p.skip(p.u32())
}
