package guard

import "runtime"

// body is the state of the function that is being read.
type body struct {
	locals int       // with parameters
	nest   []byte    // opcodes of the open blocks, outermost first
	loops  int       // open loops
	labels int       // weighted, see the package comment
	values []operand // of the locals; kept for a tracer only
}

// work estimates the compile effort so far.
func (b *body) work() int { return b.labels*(1+b.locals) + b.labels*b.labels/100 }

// loopWeight is how many labels a loop counts for.
const loopWeight = 4

func (p *parser) codeSection() {
	n := p.count("function bodies", 3, p.limits.Functions)
	if p.err == nil && n != p.m.Functions {
		p.malformed("%d functions declared, %d have code", p.m.Functions, n)
	}
	start := p.pos
	for i := 0; i < n && p.err == nil; i++ {
		p.function(p.funcs[p.imported+i])
	}
	p.m.CodeBytes = p.pos - start
}

// stretch is how many bytes of code are read before others may run: about a
// millisecond's worth. The code of a Go guest is read three times when it is
// loaded, beside strategies that answer.
const stretch = 32 << 10

func (p *parser) function(typ uint32) {
	size := p.u32()
	p.within("bytes of a function", size, p.limits.Body)
	outer := p.enter(size)
	start := p.pos
	p.code = body{nest: p.code.nest[:0], locals: len(p.types[typ].Params), values: p.code.values[:0]}
	for _, t := range p.types[typ].Params {
		p.declare(1, t)
	}
	p.localDecls()
	if p.tracer != nil && p.err == nil {
		p.tracer.Body(Body{Type: p.types[typ], Locals: p.code.locals, Start: start, Code: p.pos, End: p.end})
	}
	p.operands.begin(p.types[typ].Results)
	p.push(opBlock)
	for p.err == nil && len(p.code.nest) > 0 {
		p.step()
		if p.pos-p.rested > stretch {
			p.rested = p.pos
			runtime.Gosched()
		}
	}
	p.leave(outer)
	p.account()
}

// account adds the function that was read to the description of the module.
func (p *parser) account() {
	work := p.code.work()
	p.m.Locals = max(p.m.Locals, p.code.locals)
	p.m.Work = max(p.m.Work, work)
	if p.m.TotalWork += work; p.m.TotalWork > p.limits.TotalWork {
		p.tooLarge("branches times locals in all functions", p.limits.TotalWork, p.m.TotalWork)
	}
}

func (p *parser) localDecls() {
	p.each("local declarations", 2, p.limits.Locals, func() {
		n := p.u32()
		t := p.valueType()
		if p.within("locals of a function", n, p.limits.Locals-p.code.locals) {
			p.code.locals += int(n)
			p.declare(int(n), t)
		}
	})
}

// declare notes n more locals.
func (p *parser) declare(n int, t ValueType) {
	for ; n > 0 && p.tracer != nil; n-- {
		p.code.values = append(p.code.values, operand{typ: t})
	}
}

// push opens a block.
func (p *parser) push(op byte) {
	if len(p.code.nest) > p.limits.Depth {
		p.tooLarge("nested blocks", p.limits.Depth, len(p.code.nest))
		return
	}
	p.code.nest = append(p.code.nest, op)
	p.m.Deepest = max(p.m.Deepest, len(p.code.nest))
	if op != opLoop {
		p.label(1)
		return
	}
	if p.code.loops++; p.code.loops > p.limits.Loops {
		p.tooLarge("nested loops", p.limits.Loops, p.code.loops)
	}
	p.label(loopWeight)
}

// pop closes the innermost block.
func (p *parser) pop() {
	top := len(p.code.nest) - 1
	if p.code.nest[top] == opLoop {
		p.code.loops--
	}
	p.code.nest = p.code.nest[:top]
}

// label charges n labels.
func (p *parser) label(n int) {
	p.code.labels += n
	if work := p.code.work(); work > p.limits.Work {
		p.tooLarge("branches times locals in one function", p.limits.Work, work)
	}
}

// branch reads a label.
func (p *parser) branch() {
	p.index("label", len(p.code.nest))
}

func (p *parser) branchTable() {
	n := p.count("br_table targets", 1, p.limits.Work)
	p.label(n)
	for ; n >= 0 && p.err == nil; n-- {
		p.branch()
	}
}

// elseBranch turns an open if into its else part.
func (p *parser) elseBranch() {
	top := len(p.code.nest) - 1
	if p.code.nest[top] != opIf {
		p.malformed("else without if")
		return
	}
	p.code.nest[top] = opElse
	p.label(1)
}

// alone is the list of one type.
func (p *parser) alone(t ValueType) []ValueType {
	p.codes[t] = t
	return p.codes[t : t+1 : t+1]
}

// blockType reads nothing (0x40), a value type or a type index.
func (p *parser) blockType() {
	if p.err != nil || p.pos >= p.end {
		p.malformed("unexpected end")
		return
	}
	c := p.b[p.pos]
	switch t := ValueType(c); {
	case c == 0x40:
		p.pos++
		p.sign = FuncType{}
		return
	case t.number() || t.reference():
		p.pos++
		p.sign = FuncType{Results: p.alone(t)}
		return
	}
	i := p.signed(33)
	if p.err == nil && (i < 0 || i >= int64(len(p.types))) {
		p.malformed("block type %d does not exist, there are %d", i, len(p.types))
	}
	if p.err == nil {
		p.sign = p.types[i]
	}
}
