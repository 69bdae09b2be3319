package rollout

import "strings"

// Malformed says why a document is no policy. It is the error of [Decode].
type Malformed struct {
	Pointer string // JSON Pointer (RFC 6901) to what is wrong, "" for the document
	Text    string // what is wrong
	Want    string // what would be right
	Got     string // what is there instead
	Cure    string // what to do about it, "" when Want says enough
	Of      string // what the document is, "" for a rollout policy
}

func (m *Malformed) Error() string {
	var b strings.Builder
	b.WriteString(either(m.Of == "", "rollout policy", m.Of) + ": " + m.Text)
	if m.Pointer != "" {
		b.WriteString(" at " + m.Pointer)
	}
	if m.Want != "" {
		b.WriteString(": expected " + m.Want)
	}
	if m.Got != "" {
		b.WriteString(", found " + m.Got)
	}
	if m.Cure != "" {
		b.WriteString("; " + m.Cure)
	}
	return b.String()
}
