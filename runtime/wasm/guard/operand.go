package guard

// operands follows which types are on the operand stack of the function that is
// being read, and where they came from. It checks nothing: what it says of a module
// is true if an engine accepts the module, and harmless if none does.
type operands struct {
	stack  []operand
	frames []frame
	line   int32 // counts the straight lines of code
}

// frame is an open block.
type frame struct {
	typ    FuncType
	height int  // of the stack below the block's operands
	dead   bool // what follows is not reached
	unborn bool // the block itself is not reached
}

// begin opens the block that the body of a function is.
func (o *operands) begin(results []ValueType) {
	o.line++
	o.stack = o.stack[:0]
	o.frames = append(o.frames[:0], frame{typ: FuncType{Results: results}})
}

// push pushes values of which nothing is known.
func (o *operands) push(ts ...ValueType) {
	for _, t := range ts {
		o.put(operand{typ: t, origin: unknown})
	}
}

func (o *operands) put(v operand) { o.stack = append(o.stack, v) }

// pop takes n operands of the innermost block, or all that it has.
func (o *operands) pop(n int) {
	o.stack = o.stack[:max(len(o.stack)-n, o.frames[len(o.frames)-1].height)]
}

// open opens a block.
func (o *operands) open(t FuncType) {
	dead := o.frames[len(o.frames)-1].dead
	if !dead {
		o.pop(len(t.Params))
	}
	o.frames = append(o.frames, frame{t, len(o.stack), dead, dead})
	o.push(t.Params...)
}

// part opens the else part.
func (o *operands) part() {
	f := &o.frames[len(o.frames)-1]
	f.dead = f.unborn
	o.stack = o.stack[:f.height]
	o.push(f.typ.Params...)
}

// close closes the innermost block.
func (o *operands) close() {
	top := len(o.frames) - 1
	f := o.frames[top]
	o.frames = o.frames[:top]
	o.stack = o.stack[:f.height]
	o.push(f.typ.Results...)
}

// leave ends what is reached in the innermost block.
func (o *operands) leave() { o.frames[len(o.frames)-1].dead = true }

// selected returns the type that a select chooses from: below the condition.
func (o *operands) selected() ValueType {
	return o.under(1).typ
}

// under returns the value n below the top one, none if the block has not so many.
func (o *operands) under(n int) (v operand) {
	if at := len(o.stack) - 1 - n; at >= o.frames[len(o.frames)-1].height {
		return o.stack[at]
	}
	return v
}

// operate follows the instruction that was read last. For a select that can be
// reached it returns the type of its operands.
func (p *parser) operate(op byte) (selected ValueType) {
	o := &p.operands
	if bends(op) {
		o.line++
	}
	switch op {
	case opIf:
		o.pop(1)
		o.open(p.sign)
	case opBlock, opLoop:
		o.open(p.sign)
	case opElse:
		o.part()
	case opEnd:
		o.close()
	case opUnreachable, opBranch, opTable, opReturn:
		o.leave()
	default:
		if !o.frames[len(o.frames)-1].dead {
			return p.effect(op)
		}
	}
	return 0
}

// effect follows instructions that go on with the next one.
func (p *parser) effect(op byte) (selected ValueType) {
	o := &p.operands
	switch {
	case op >= opFirstMath && op <= opLastMath:
		n, t := arithmetic(op)
		v := o.result(op, t)
		o.pop(n)
		o.put(v)
	case op >= opFirstLoad && op <= opLastLoad:
		o.pop(1)
		o.put(operand{typ: loaded(op)})
	case op > opLastLoad && op <= opLastStore:
		o.pop(2)
	case op == opSelect || op == opSelectType:
		selected = o.selected()
		o.pop(3)
		o.put(operand{typ: selected})
	case op == opIndirect:
		o.pop(1)
		p.called()
	case op == opCall:
		p.called()
	case op == opMore:
		o.bulk(p.more)
	default:
		p.moved(op)
	}
	return selected
}

func (p *parser) called() {
	p.operands.pop(len(p.sign.Params))
	p.operands.push(p.sign.Results...)
}

// moved follows instructions that move one value.
func (p *parser) moved(op byte) {
	o := &p.operands
	switch op {
	case opLocalGet, opGlobalGet, opRefNull, opRefFunc, opMemorySize, opConstI32, opConstI64, opConstF32, opConstF64:
		o.put(p.value)
	case opLocalSet:
		p.store()
		o.pop(1)
	case opLocalTee:
		p.store()
	case opGlobalSet, opDrop, opBranchIf:
		o.pop(1)
	case opTableGet, opMemoryGrow, opRefIsNull:
		o.pop(1)
		o.put(p.value)
	case opTableSet:
		o.pop(2)
	}
}

// bulk follows what stands behind the prefix 0xfc.
func (o *operands) bulk(op uint32) {
	switch {
	case op < 4:
		o.pop(1)
		o.push(I32)
	case op < 8:
		o.pop(1)
		o.push(I64)
	case op == 15: // table.grow
		o.pop(2)
		o.push(I32)
	case op == 16: // table.size
		o.push(I32)
	case op != 9 && op != 13: // with a length; not data.drop, elem.drop
		o.pop(3)
	}
}

// loaded returns the type that a load pushes.
func loaded(op byte) ValueType {
	return byLetter("ilfdiiiillllll"[op-opFirstLoad])
}

// arithmetic returns how many operands an instruction of the range from i32.eqz to
// i64.extend32_s takes and what it pushes: capital letters are for one operand.
func arithmetic(op byte) (operands int, result ValueType) {
	const results = "Iiiiiiiiiii" + "Iiiiiiiiiii" + "iiiiii" + "iiiiii" + // tests of i32, i64, f32, f64
		"IIIiiiiiiiiiiiiiii" + "LLLlllllllllllllll" + // arithmetic of i32, i64
		"FFFFFFFfffffff" + "DDDDDDDddddddd" + // of f32, f64
		"IIIII" + "LLLLLL" + "FFFFF" + "DDDDD" + "ILFD" + // conversions, reinterpretations
		"IILLL" // sign extension
	letter := results[op-opFirstMath]
	if lower := letter | 0x20; lower != letter {
		return 1, byLetter(lower)
	}
	return 2, byLetter(letter)
}

func byLetter(c byte) ValueType {
	switch c {
	case 'i':
		return I32
	case 'l':
		return I64
	case 'f':
		return F32
	}
	return F64
}
