package wire

// Limits bounds one value. A field that is zero or negative means its default.
type Limits struct {
	// Depth is the greatest number of containers inside each other. A scalar
	// has depth 0, an empty list depth 1.
	Depth int
	// Bytes is the greatest length of a whole encoded value.
	Bytes int
	// Items is the greatest number of list elements and map members in all
	// containers of the value together.
	Items int
	// String is the greatest length, in bytes, of one text, key or byte string.
	String int
}

// DefaultLimits returns the limits that the functions of this package use:
// depth 64, 8 MiB, 100,000 items, 1 MiB for one string.
func DefaultLimits() Limits {
	return Limits{Depth: 64, Bytes: 8 << 20, Items: 100_000, String: 1 << 20}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	return Limits{
		Depth:  positive(l.Depth, d.Depth),
		Bytes:  positive(l.Bytes, d.Bytes),
		Items:  positive(l.Items, d.Items),
		String: positive(l.String, d.String),
	}
}

func positive(n, or int) int {
	if n > 0 {
		return n
	}
	return or
}

// budget is what one pass over one value may still use.
type budget struct {
	depth, bytes, items, str int
}

func (l Limits) budget() budget {
	l = l.orDefault()
	return budget{depth: l.Depth, bytes: l.Bytes, items: l.Items, str: l.String}
}

// open enters a container of n items; close leaves it. After an error the
// budget is of no further use.
func (b *budget) open(n int) *Error {
	if b.depth == 0 {
		return fail(ErrDepth, "")
	}
	b.depth--
	return b.item(n)
}

func (b *budget) close() { b.depth++ }

// item takes n items.
func (b *budget) item(n int) *Error {
	if n > b.items {
		return fail(ErrSize, "too many items")
	}
	b.items -= n
	return nil
}

// write takes n encoded bytes.
func (b *budget) write(n int) *Error {
	if n > b.bytes {
		return fail(ErrSize, "too many bytes")
	}
	b.bytes -= n
	return nil
}

// text checks the length of one string.
func (b *budget) text(n int) *Error {
	if n > b.str {
		return fail(ErrSize, "string too long")
	}
	return nil
}
