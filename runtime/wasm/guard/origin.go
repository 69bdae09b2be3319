package guard

// operand is a value on the operand stack or in a local.
type operand struct {
	typ    ValueType
	origin origin
	line   int32 // in which it was masked, or stored in the local
}

// origin is what is known of where a value came from.
type origin byte

const (
	computed origin = iota // it is neither of the others
	unknown                // it may be the constant 0
	masked                 // and made it
)

func constant(t ValueType, n int64) operand {
	if n == 0 {
		return operand{typ: t, origin: unknown}
	}
	return operand{typ: t}
}

// bends tells whether another straight line begins behind the instruction. A block
// goes on with the one in front of it.
func bends(op byte) bool {
	switch op {
	case opLoop, opIf, opElse, opEnd, opBranchIf, opCall, opIndirect:
		return true
	}
	return false
}

// load returns what is in a local: from an earlier line it may be anything.
func (p *parser) load(local int) operand {
	v := p.code.values[local]
	if v.line != p.operands.line {
		v.origin = unknown
	}
	return v
}

// store notes that the local that was named last has the value on top.
func (p *parser) store() {
	o := &p.operands
	v := &p.code.values[p.local]
	if v.origin = o.under(0).origin; v.origin == masked && !o.isMasked(0) {
		v.origin = computed
	}
	v.line = o.line
}

// isMasked tells whether and made the value n below the top one in this line.
func (o *operands) isMasked(n int) bool {
	v := o.under(n)
	return v.origin == masked && v.line == o.line
}

// masked tells whether the instruction, which comes next, is a comparison of
// which [Instruction.Masked] speaks.
func (o *operands) masked(op byte) bool {
	if op&^7 != opLessI32 && (op < opLessI64 || op >= opLessI64+8) {
		return false
	}
	return o.isMasked(0) && o.under(1).origin == unknown || o.isMasked(1) && o.under(0).origin == unknown
}

// result returns what an instruction of two operands pushes. What is shifted may
// be what it was: engines leave out shifts by 0.
func (o *operands) result(op byte, t ValueType) operand {
	switch {
	case op == opAndI32 || op == opAndI64:
		return operand{t, masked, o.line}
	case op >= opShlI32 && op < opShlI32+3 || op >= opShlI64 && op < opShlI64+3:
		return o.under(1)
	}
	return operand{typ: t}
}
