package guard

// rank gives the order of sections in a module; 0 means unknown. The data
// count section (12) stands before the code.
func rank(id byte) int {
	const order = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0b\x0c\x0a"
	if int(id) >= len(order) {
		return 0
	}
	return int(order[id])
}

func sectionName(id byte) string {
	names := [...]string{"custom", "type", "import", "function", "table", "memory", "global",
		"export", "start", "elem", "code", "data", "data count"}
	return names[id]
}

func (p *parser) section() {
	id := p.byte()
	size := p.u32()
	outer := p.enter(size)
	if p.err != nil {
		return
	}
	if id == 0 {
		p.custom(int(size))
	} else {
		p.known(id, int(size))
	}
	p.leave(outer)
}

func (p *parser) known(id byte, size int) {
	r := rank(id)
	switch {
	case r == 0:
		p.unsupported("section %d is not supported", id)
		return
	case r <= p.last:
		p.malformed("section %q is out of order or there twice", sectionName(id))
		return
	}
	p.last = r
	p.seen[id] = true
	p.m.Sections = append(p.m.Sections, Section{Name: sectionName(id), Size: size})
	if p.tracer != nil {
		p.tracer.Section(id, "", p.pos, p.end)
	}
	p.content(id)
}

func (p *parser) content(id byte) {
	switch id {
	case 1:
		p.each("types", 3, p.limits.Types, p.typeEntry)
	case 2:
		p.each("imports", 4, p.limits.Imports, p.importEntry)
		p.imported = len(p.funcs)
	case 3:
		p.each("functions", 1, p.limits.Functions, p.functionEntry)
	case 4:
		p.each("tables", 3, p.limits.Tables, p.tableEntry)
	case 5:
		p.each("memories", 2, 1, p.memoryEntry)
	case 6:
		p.each("globals", 4, p.limits.Globals, p.globalEntry)
	case 7:
		p.exports()
	case 8:
		p.start()
	case 9:
		p.each("element segments", 2, p.limits.Elements, p.elementEntry)
	case 10:
		p.codeSection()
	case 11:
		p.dataSection()
	case 12:
		p.dataCount = int(p.u32())
		p.within("data segments", uint32(p.dataCount), p.limits.Data)
	}
}

// each reads a vector; an element takes at least size bytes.
func (p *parser) each(what string, size, max int, element func()) {
	for n := p.count(what, size, max); n > 0 && p.err == nil; n-- {
		element()
	}
}

func (p *parser) typeEntry() {
	if form := p.byte(); p.err == nil && form != 0x60 {
		p.unsupported("type form 0x%02x is not a function", form)
	}
	params := p.valueTypes()
	p.types = append(p.types, FuncType{Params: params, Results: p.valueTypes()})
	if p.tracer != nil && p.err == nil {
		p.tracer.Type(p.types[len(p.types)-1])
	}
}

func (p *parser) valueTypes() []ValueType {
	n := p.count("parameters or results", 1, p.limits.Arity)
	if n == 0 {
		return nil
	}
	ts := make([]ValueType, n)
	for i := range ts {
		ts[i] = p.valueType()
	}
	return ts
}

func (p *parser) valueType() ValueType {
	t := ValueType(p.byte())
	if p.err == nil && !t.number() && !t.reference() {
		p.unsupported("value type 0x%02x is not supported", byte(t))
	}
	return t
}

func (p *parser) referenceType() ValueType {
	t := ValueType(p.byte())
	if p.err == nil && !t.reference() {
		p.unsupported("reference type 0x%02x is not supported", byte(t))
	}
	return t
}

func (p *parser) importEntry() {
	module, name := p.name(p.limits.Name), p.name(p.limits.Name)
	if kind := p.byte(); p.err == nil && kind != 0 {
		p.unsupported("import %q %q is a %s, only functions may be imported", module, name, ExportKind(kind))
		return
	}
	t := p.index("type", len(p.types))
	if p.err != nil {
		return
	}
	p.funcs = append(p.funcs, t)
	p.m.Imports = append(p.m.Imports, Import{Module: module, Name: name, Type: p.types[t]})
}

func (p *parser) functionEntry() {
	p.funcs = append(p.funcs, p.index("type", len(p.types)))
	p.m.Functions++
}

func (p *parser) tableEntry() {
	entry := p.referenceType()
	min, max, bounded := p.bounds()
	p.within("entries of a table", min, p.limits.TableEntries)
	p.tables = append(p.tables, table{entry: entry, entries: min, bounded: bounded && int64(max) <= int64(p.limits.TableEntries)})
	p.m.Tables++
}

func (p *parser) memoryEntry() {
	min, max, bounded := p.bounds()
	if p.err == nil && (min > 65536 || max > 65536) {
		p.malformed("a memory has at most 65536 pages")
	}
	p.within("pages of memory at the start", min, p.limits.Pages)
	p.m.Memories = append(p.m.Memories, Memory{Min: min, Max: max, HasMax: bounded})
}

// bounds reads the limits of a table or memory.
func (p *parser) bounds() (min, max uint32, bounded bool) {
	flag := p.byte()
	if p.err == nil && flag > 1 {
		p.unsupported("limits of form %d (shared or 64-bit) are not supported", flag)
	}
	min = p.u32()
	if flag == 1 {
		bounded = true
		if max = p.u32(); p.err == nil && max < min {
			p.malformed("maximum %d is below minimum %d", max, min)
		}
	}
	return min, max, bounded
}

func (p *parser) globalEntry() {
	p.globals = append(p.globals, p.valueType())
	if mutable := p.byte(); p.err == nil && mutable > 1 {
		p.malformed("mutability %d", mutable)
	}
	p.constant()
	p.m.Globals++
}

func (p *parser) exports() {
	names := make(map[string]struct{})
	p.each("exports", 3, p.limits.Exports, func() {
		e := p.exportEntry()
		if _, twice := names[e.Name]; twice && p.err == nil {
			p.malformed("%q is exported twice", e.Name)
		}
		names[e.Name] = struct{}{}
		p.m.Exports = append(p.m.Exports, e)
	})
}

func (p *parser) exportEntry() (e Export) {
	e.Name, e.Kind = p.name(p.limits.Name), ExportKind(p.byte())
	switch e.Kind {
	case ExportFunction:
		if i := p.functionIndex(); p.err == nil {
			e.Type = p.funcType(i)
		}
	case ExportTable:
		p.index("table", len(p.tables))
	case ExportMemory:
		p.index("memory", len(p.m.Memories))
	case ExportGlobal:
		p.index("global", p.m.Globals)
	default:
		p.unsupported("export of kind %d is not supported", byte(e.Kind))
	}
	return e
}

func (p *parser) start() {
	i := p.functionIndex()
	if p.err == nil && !p.funcType(i).Equal(FuncType{}) {
		p.malformed("the start function is %s, not func()", p.funcType(i))
	}
	p.m.HasStart = true
}

// finish checks what only the end of the module shows.
func (p *parser) finish() {
	switch {
	case p.err != nil:
	case p.m.Functions > 0 && !p.seen[10]:
		p.malformed("%d functions have no code", p.m.Functions)
	case p.seen[12] && p.dataCount != p.m.DataSegments:
		p.malformed("%d data segments announced, %d there", p.dataCount, p.m.DataSegments)
	case p.growsOpen:
		p.unsupported("table.grow is used on a table without a maximum of %d or less", p.limits.TableEntries)
	}
}
