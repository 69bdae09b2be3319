package guard

// Tracer is told where things stand in a module while it is parsed, in the
// order of the bytes. Positions are offsets from the start of the module. What
// it learns holds only if the parse succeeds.
type Tracer interface {
	// Type is one entry of the type section.
	Type(t FuncType)
	// Section begins: its content is start to end, behind id and size. Custom
	// sections (id 0) have a name, which is part of the content.
	Section(id byte, name string, start, end int)
	// Subsection of the "name" section begins, as Section.
	Subsection(id byte, start, end int)
	// FunctionIndex stands at start to end, wherever it occurs: in code,
	// exports, the start section, element segments, initialisers and names.
	FunctionIndex(i uint32, start, end int)
	// Body begins.
	Body(b Body)
	// Instruction was read; those of its parts that are function indices were
	// reported before. The "end" of Depth 0 is the last of its body.
	Instruction(i Instruction)
}

// Body is one function's code.
type Body struct {
	Type   FuncType
	Locals int // with parameters
	Start  int // of the local declarations
	Code   int // of the first instruction
	End    int
}

// Instruction is one instruction with its immediates.
type Instruction struct {
	Op         byte
	More       uint32 // second opcode behind the prefix 0xfc
	Start, End int
	Depth      int      // blocks that are open behind it, without the body itself
	Block      FuncType // of the block, loop or if that it opens
	// Operand is the type that a select chooses from, 0 where the select
	// cannot be reached. It is right if the types of the module are.
	Operand ValueType
	// Masked tells of a comparison by order that, as an engine sees it that follows
	// values through locals, one side may be the constant 0 and the other what an
	// i32.and or i64.and returned in the same straight line of code.
	Masked bool
}

// Trace is [Parse] with a tracer.
func Trace(b []byte, l Limits, t Tracer) (*Module, error) { return parse(b, l, t) }

// functionIndex reads the index of a function that exists.
func (p *parser) functionIndex() uint32 { return p.traced(len(p.funcs)) }

// traced reads the index of a function below n.
func (p *parser) traced(n int) uint32 {
	start := p.pos
	i := p.index("function", n)
	if p.tracer != nil && p.err == nil {
		p.tracer.FunctionIndex(i, start, p.pos)
	}
	return i
}

// step reads one instruction and reports it.
func (p *parser) step() {
	i := Instruction{Start: p.pos}
	p.more = 0
	p.instruction()
	if p.tracer == nil || p.err != nil {
		return
	}
	i.Op, i.More, i.End, i.Depth = p.b[i.Start], p.more, p.pos, len(p.code.nest)-1
	i.Masked = p.operands.masked(i.Op)
	i.Operand = p.operate(i.Op)
	switch i.Op {
	case opEnd:
		i.Depth++ // counted as the depth that it closes
	case opBlock, opLoop, opIf:
		i.Block = p.sign
	}
	p.tracer.Instruction(i)
}
