package guard

import "math"

// custom reads a custom section. Only "name" and "producers" are looked into:
// the first because engines do, the second to describe the module.
func (p *parser) custom(size int) {
	if p.customs++; p.customs > p.limits.Customs {
		p.tooLarge("custom sections", p.limits.Customs, p.customs)
		return
	}
	start := p.pos
	name := p.name(p.limits.Name)
	if p.tracer != nil && p.err == nil {
		p.tracer.Section(0, name, start, p.end)
	}
	p.m.Sections = append(p.m.Sections, Section{Name: name, Size: size})
	switch {
	case name == "name" && p.named:
		p.malformed("there are two name sections")
	case name == "name":
		p.named = true
		p.names()
	case name == "producers" && p.m.Producers == nil:
		p.producers()
	default:
		p.skip(uint32(p.remaining()))
	}
}

// names checks the name section: subsections in rising order, filled to the
// last byte.
func (p *parser) names() {
	for last := -1; p.err == nil && p.remaining() > 0; {
		id := int(p.byte())
		if p.err == nil && id <= last {
			p.malformed("subsections of the name section are out of order")
		}
		last = id
		outer := p.enter(p.u32())
		if p.tracer != nil && p.err == nil {
			p.tracer.Subsection(byte(id), p.pos, p.end)
		}
		p.nameSubsection(id)
		p.leave(outer)
	}
}

func (p *parser) nameSubsection(id int) {
	switch {
	case p.err != nil:
	case id == 0:
		p.name(p.limits.Name)
	case id == 1:
		p.nameMap(p.functionName)
	case id == 2:
		p.each("functions with named locals", 2, p.limits.Functions, func() {
			p.functionName()
			p.nameMap(func() { p.u32() })
		})
	default:
		p.skip(uint32(p.remaining()))
	}
}

// functionName reads which function is named; it need not exist.
func (p *parser) functionName() { p.traced(math.MaxInt) }

// nameMap reads pairs of an index and a name.
func (p *parser) nameMap(index func()) {
	p.each("names", 2, p.remaining(), func() {
		index()
		p.name(p.limits.Name)
	})
}

// producers reads the "producers" section of the tool conventions. What does
// not follow them is ignored, since it is information only.
func (p *parser) producers() {
	const fields, values, text = 8, 32, 256
	for n := p.count("producer fields", 2, fields); n > 0; n-- {
		field := p.name(text)
		for v := p.count("producers", 2, values); v > 0; v-- {
			e := Producer{Field: field, Name: p.name(text)}
			e.Version = p.name(text)
			if p.err != nil {
				return
			}
			p.m.Producers = append(p.m.Producers, e)
		}
	}
}
