package pointer

// Patterns are JSON Pointers in which the token "*" stands for every element of
// a list and every member of a map. They are followed along a value from its
// root:
//
//	p, err := pointer.Compile([]string{"/ts", "/items/*/price"})
//	p.Step("items").Step("0").Step("price").Hit()  // true
//	p.Step("items").Step("0").Hit()                // false: nothing ends there
//
// A member that is really called "*" is met too. The zero value meets nothing.
// Patterns are not changed after they are made: they are safe for concurrent use.
type Patterns struct{ rests [][]string }

// Compile reads patterns; "" meets the whole value. It fails for a text that is
// no JSON Pointer (RFC 6901).
func Compile(list []string) (Patterns, error) {
	var p Patterns
	for _, text := range list {
		tokens, err := split(text)
		if err != nil {
			return Patterns{}, err
		}
		p.rests = append(p.rests, tokens)
	}
	return p, nil
}

// Empty reports whether nothing can be met from here on.
func (p Patterns) Empty() bool { return len(p.rests) == 0 }

// Hit reports whether a pattern ends here: it meets this value.
func (p Patterns) Hit() bool {
	for _, rest := range p.rests {
		if len(rest) == 0 {
			return true
		}
	}
	return false
}

// Step goes into a member, or into the element of a list whose index the token
// writes. It allocates only where a pattern goes on.
func (p Patterns) Step(token string) Patterns {
	var next Patterns
	for _, rest := range p.rests {
		if len(rest) > 0 && (rest[0] == token || rest[0] == "*") {
			next.rests = append(next.rests, rest[1:])
		}
	}
	return next
}
