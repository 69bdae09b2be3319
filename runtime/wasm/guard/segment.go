package guard

// constant reads an initialiser: one constant and end.
func (p *parser) constant() {
	switch op := p.byte(); op {
	case 0x41:
		p.signed(32)
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
	if form&elementPassive == 0 {
		target := uint32(0)
		if form&elementExplicit != 0 {
			target = p.u32()
		}
		if p.err == nil && int64(target) >= int64(len(p.tables)) {
			p.malformed("element segment for table %d, there are %d", target, len(p.tables))
		}
		p.constant()
	}
	if form&(elementPassive|elementExplicit) != 0 {
		p.elementKind(form)
	}
	p.elementItems(form)
}

// elementKind reads what forms other than 0 and 4 state about their items.
func (p *parser) elementKind(form uint32) {
	if form&elementExprs != 0 {
		p.referenceType()
	} else if kind := p.byte(); p.err == nil && kind != 0 {
		p.malformed("element kind %d", kind)
	}
}

func (p *parser) elementItems(form uint32) {
	size, item := 1, func() { p.functionIndex() }
	if form&elementExprs != 0 {
		size, item = 3, p.constant
	}
	p.each("elements", size, p.limits.Elements-p.elements, func() {
		item()
		p.elements++
	})
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
