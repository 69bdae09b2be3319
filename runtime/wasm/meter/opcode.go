package meter

// Opcodes with a meaning here.
const (
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opElse        = 0x05
	opEnd         = 0x0b
	opBranch      = 0x0c
	opBranchIf    = 0x0d
	opReturn      = 0x0f
	opCall        = 0x10
	opIndirect    = 0x11
	opSelect      = 0x1b
	opSelectType  = 0x1c
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opLocalTee    = 0x22
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opMemorySize  = 0x3f
	opGrow        = 0x40
	opConstI32    = 0x41
	opConstI64    = 0x42
	opNotEqual    = 0x47 // i32.ne
	opAboveI32    = 0x4b // i32.gt_u
	opNotAboveI32 = 0x4d // i32.le_u
	opLess        = 0x53 // i64.lt_s, the first of the i64 that order
	opNotAbove    = 0x58 // i64.le_u
	opNotLess     = 0x59 // i64.ge_s
	opAddI32      = 0x6a
	opSubI32      = 0x6b
	opAndI32      = 0x71
	opOrI32       = 0x72
	opAdd         = 0x7c
	opSub         = 0x7d
	opMul         = 0x7e
	opOr          = 0x84
	opShift       = 0x88 // i64.shr_u
	opExtend      = 0xad // i64.extend_i32_u
	opConvertF32  = 0xb5 // f32.convert_i64_u
	opConvertF64  = 0xba // f64.convert_i64_u
	opBitsF32     = 0xbc // i32.reinterpret_f32
	opBitsF64     = 0xbd // i64.reinterpret_f64
	opFloatI32    = 0xbe // f32.reinterpret_i32
	opFloatI64    = 0xbf // f64.reinterpret_i64
	opRefFunc     = 0xd2
	opMore        = 0xfc
	empty         = 0x40 // block type
)

// Second opcodes of instructions with a length.
const (
	memoryInit = 8
	memoryCopy = 10
	memoryFill = 11
	tableInit  = 12
	tableCopy  = 14
	tableGrow  = 15
	tableFill  = 17
)
