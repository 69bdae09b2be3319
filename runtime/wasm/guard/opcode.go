package guard

// Opcodes with a meaning for the structure of a function.
const (
	opUnreachable = 0x00
	opNop         = 0x01
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opElse        = 0x05
	opEnd         = 0x0b
	opBranch      = 0x0c
	opBranchIf    = 0x0d
	opTable       = 0x0e
	opReturn      = 0x0f
	opCall        = 0x10
	opIndirect    = 0x11
	opDrop        = 0x1a
	opSelect      = 0x1b
	opSelectType  = 0x1c
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opLocalTee    = 0x22
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opTableGet    = 0x25
	opTableSet    = 0x26
	opFirstLoad   = 0x28
	opLastLoad    = 0x35
	opLastStore   = 0x3e
	opMemorySize  = 0x3f
	opMemoryGrow  = 0x40
	opConstI32    = 0x41
	opConstI64    = 0x42
	opConstF32    = 0x43
	opConstF64    = 0x44
	opFirstMath   = 0x45
	opLessI32     = 0x48 // i32.lt_s, the first of eight that order
	opLessI64     = 0x53 // i64.lt_s, the first of eight that order
	opAndI32      = 0x71
	opShlI32      = 0x74 // followed by shr_s and shr_u
	opAndI64      = 0x83
	opShlI64      = 0x86 // followed by shr_s and shr_u
	opLastMath    = 0xc4
	opRefNull     = 0xd0
	opRefIsNull   = 0xd1
	opRefFunc     = 0xd2
	opMore        = 0xfc
	opSIMD        = 0xfd
	opThreads     = 0xfe
)

// instruction reads one instruction with its immediates.
func (p *parser) instruction() {
	op := p.byte()
	switch {
	case p.err != nil:
	case op >= opFirstMath && op <= opLastMath:
	case op >= opLocalGet && op <= opLocalTee:
		p.readLocal()
	case op >= opFirstLoad && op <= opLastStore:
		p.memoryAccess(op)
	case op >= opBlock && op <= opTable:
		p.control(op)
	case op >= opConstI32 && op <= opConstF64:
		p.number(op)
	default:
		p.other(op)
	}
}

// readLocal reads the index of a local.
func (p *parser) readLocal() {
	if i := p.index("local", p.code.locals); p.tracer != nil && p.err == nil {
		p.local, p.value = int(i), p.load(int(i))
	}
}

// control reads the instructions that open, close or leave blocks.
func (p *parser) control(op byte) {
	switch op {
	case opBlock, opLoop, opIf:
		p.blockType()
		p.push(op)
	case opElse:
		p.elseBranch()
	case opEnd:
		p.pop()
	case opBranch:
		p.branch()
	case opBranchIf:
		p.branch()
		p.label(1)
	case opTable:
		p.branchTable()
	default:
		p.unknown(op)
	}
}

func (p *parser) number(op byte) {
	switch op {
	case opConstI32:
		p.value = constant(I32, p.signed(32))
	case opConstI64:
		p.value = constant(I64, p.signed(64))
	case opConstF32:
		p.value = operand{typ: F32}
		p.skip(4)
	case opConstF64:
		p.value = operand{typ: F64}
		p.skip(8)
	}
}

func (p *parser) other(op byte) {
	switch op {
	case opUnreachable, opNop, opReturn, opDrop, opSelect:
	case opRefIsNull:
		p.value = operand{typ: I32}
	case opCall:
		if i := p.functionIndex(); p.err == nil {
			p.sign = p.funcType(i)
		}
	case opIndirect:
		if i := p.index("type", len(p.types)); p.err == nil {
			p.sign = p.types[i]
		}
		p.index("table", len(p.tables))
	case opSelectType:
		p.selectType()
	case opGlobalGet, opGlobalSet:
		if i := p.index("global", p.m.Globals); p.err == nil {
			p.value = operand{typ: p.globals[i], origin: unknown}
		}
	case opTableGet, opTableSet:
		if i := p.index("table", len(p.tables)); p.err == nil {
			p.value = operand{typ: p.tables[i].entry}
		}
	case opMemorySize, opMemoryGrow:
		p.value = operand{typ: I32}
		p.memory()
	case opRefNull:
		p.value = operand{typ: p.referenceType()}
	case opRefFunc:
		p.value = operand{typ: FuncRef}
		p.functionIndex()
	case opMore:
		p.bulk(p.u32())
	default:
		p.unknown(op)
	}
}

func (p *parser) unknown(op byte) {
	switch op {
	case opSIMD:
		p.unsupported("SIMD instructions are not supported")
	case opThreads:
		p.unsupported("thread instructions are not supported")
	case 0x12, 0x13:
		p.unsupported("tail calls are not supported")
	default:
		p.unsupported("opcode 0x%02x is not known", op)
	}
}

func (p *parser) selectType() {
	if n := p.u32(); p.err == nil && n != 1 {
		p.malformed("select with %d types", n)
	}
	p.valueType()
}

// memory reads the byte that stands for the only memory.
func (p *parser) memory() {
	if i := p.byte(); p.err == nil && int(i) >= min(len(p.m.Memories), 1) {
		p.malformed("memory %d does not exist, there are %d", i, len(p.m.Memories))
	}
}

// alignment returns the largest alignment exponent of a load or store.
func alignment(op byte) uint32 {
	const exponents = "\x02\x03\x02\x03\x00\x00\x01\x01\x00\x00\x01\x01\x02\x02" + // loads
		"\x02\x03\x02\x03\x00\x01\x00\x01\x02" // stores
	return uint32(exponents[op-opFirstLoad])
}

func (p *parser) memoryAccess(op byte) {
	if align := p.u32(); p.err == nil && align > alignment(op) {
		p.malformed("alignment 2^%d is larger than natural", align)
	}
	p.u32()
	if p.err == nil && len(p.m.Memories) == 0 {
		p.malformed("memory access without a memory")
	}
}

// bulk reads the instructions behind the prefix 0xfc.
func (p *parser) bulk(op uint32) {
	p.more = op
	switch op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // saturating conversions
	case 8: // memory.init
		p.dataIndex()
		p.memory()
	case 9: // data.drop
		p.dataIndex()
	case 10: // memory.copy
		p.memory()
		p.memory()
	case 11: // memory.fill
		p.memory()
	case 12: // table.init
		p.elementIndex()
		p.index("table", len(p.tables))
	case 13: // elem.drop
		p.elementIndex()
	case 14: // table.copy
		p.index("table", len(p.tables))
		p.index("table", len(p.tables))
	case 15: // table.grow
		p.tableGrow()
	case 16: // table.size
		p.index("table", len(p.tables))
	case 17: // table.fill, of which engines make a loop
		p.index("table", len(p.tables))
		p.label(loopWeight)
	default:
		p.unsupported("opcode 0xfc %d is not known", op)
	}
}

// dataIndex needs the data count section, which comes before the code.
func (p *parser) dataIndex() {
	if p.err == nil && !p.seen[12] {
		p.malformed("data segments are used without a data count section")
	}
	p.index("data segment", p.dataCount)
}

func (p *parser) elementIndex() { p.index("element segment", p.segments) }

func (p *parser) tableGrow() {
	if i := p.index("table", len(p.tables)); p.err == nil && !p.tables[i].bounded {
		p.growsOpen = true
	}
}
