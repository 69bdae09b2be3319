package meter

// Subsections of the name section that are kept: the module's name, names of
// functions and of their locals. Engines read no others.
const mostSubsection = 2

// Subsection implements guard.Tracer.
func (w *rewriter) Subsection(id byte, from, to int) {
	w.finishSubsection()
	w.sub, w.pos, w.subEnd = id, from, to
	w.named = w.named[:0]
}

// finishSubsection keeps what was rewritten of the name section.
func (w *rewriter) finishSubsection() {
	if w.subEnd > 0 && w.sub <= mostSubsection {
		w.named = append(w.named, w.module[w.pos:w.subEnd]...)
		w.names = sized(append(w.names, w.sub), w.named)
	}
	w.subEnd = 0
}

// finishCustom keeps a custom section that stays true. Names stand behind the
// code; before it, nothing would be known about indices.
func (w *rewriter) finishCustom() {
	switch {
	case w.end == 0:
	case w.name == "name" && w.seen[codes]:
		w.finishSubsection()
		w.items[customs] = sized(append(w.items[customs], customs), append(sized(nil, []byte("name")), w.names...))
	case w.name == "producers":
		w.items[customs] = sized(append(w.items[customs], customs), w.module[w.pos:w.end])
	}
}
