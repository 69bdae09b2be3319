package riskfast

import (
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/examples/riskscore/payment"
)

// score gathers the reasons for a decision, as payment.Score does, but without
// allocating: they are written when all are known.
type score struct {
	points  int64
	count   int
	reasons [most]reason
}

// most is how many reasons there can be.
const most = 9

type reason struct {
	points int64
	code   string
	text   [4]string // one after another
}

// add counts points for a reason; no points, no reason.
func (s *score) add(points int64, code string, text ...string) {
	if points == 0 {
		return
	}
	s.points += points
	r := &s.reasons[s.count]
	r.points, r.code = points, code
	copy(r.text[:], text)
	s.count++
}

// value is the sum of all points, cut to the range of 0 to 100.
func (s *score) value() int64 { return min(max(s.points, 0), 100) }

// answer writes the members in the order of the encoding.
func (s *score) answer(p *payment.Payment, decision string, out *wire.Builder) {
	out.OpenMap()
	out.Key("mcc")
	out.Text(p.MCCDescription)
	out.Key("model")
	out.Text("riskscore/2.0.0")
	out.Key("score")
	out.Int(s.value())
	out.Key("amount")
	out.Join(payment.Text(p.Amount, p.Exponent), " ", p.Currency)
	out.Key("reasons")
	out.OpenList()
	for i := range s.count {
		s.reasons[i].write(out)
	}
	out.Close()
	out.Key("decision")
	out.Text(decision)
	out.Close()
}

func (r *reason) write(out *wire.Builder) {
	out.OpenMap()
	out.Key("code")
	out.Text(r.code)
	out.Key("text")
	out.Join(r.text[:]...)
	out.Key("points")
	out.Int(r.points)
	out.Close()
}
