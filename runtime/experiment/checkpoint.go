package experiment

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/histogram"
	"github.com/swapline/swapline/runtime/rollout"
)

// Checkpoint is all that an experiment needs to go on in another process as if
// nothing had happened: the same calls lead to the same findings.
//
// # Encoding
//
// One text for one checkpoint. Numbers are unsigned LEB128 of as few bytes as will
// do, those with a fraction eight bytes of IEEE 754, the lowest first. A row is a list
// of counts of which most are 0: how many are not, and of each how many zeros
// are before it, and itself. The whole is
//
//	"swlx" 1           format
//	32 bytes           SHA-256 of the mode, a zero and the plan's hash as text
//	time, losses       measured, in ns; how often before measurements were lost
//	counts             of the mode, below
//	course             gap in ns, number of moments, and of each: time since the one before,
//	                   units, change (low, point, high), evidence (worse, better, equivalent),
//	                   and for each arm the row of what its coarse latencies grew by
//	4 bytes            CRC-32C of all before
//
// and the counts are
//
//	split, if calls have keys: the cells that were seen, as 1 and their number, and of
//	    each how many are not before it; or, if that is not shorter, as 2 and all bits
//	split: calls without a key; of each half of the reference and of the candidate
//	    calls and, if they have keys, units, as rows on the ladder of package histogram;
//	    faults; business errors; units with each of the three errors; and of each value
//	    its units, how many of them are 1, the sum, and the sum of squares; the row of
//	    units' latencies
//	paired: live calls; left out; of both arms calls, faults, business errors, number, sum
//	    and sum of squares of what is counted, the row of latencies; the rows of ratios;
//	    for what is counted pairs in which only the candidate, only the reference had it,
//	    and all; the sums of both means; answers compared; different
//
// Whoever decodes refuses all that no experiment can have counted, and what would
// not be encoded to the same bytes again. It allocates what an empty experiment does,
// and 1.3 MB for the longest course.
type Checkpoint struct {
	Counts *Counts
	Track  *Track
	Since  time.Duration // measured until then
}

const checkpointFormat = "swlx\x01"

// castagnoli is CRC-32C, the polynomial of iSCSI (RFC 3720, section 12.1).
func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// planMark binds a checkpoint to a plan.
func planMark(mode, hash string) [sha256.Size]byte {
	return sha256.Sum256([]byte(mode + "\x00" + hash))
}

// Encode writes the checkpoint of an experiment of p, whose hash is the one under
// which it began.
func (c *Checkpoint) Encode(p *Plan, hash string) []byte {
	w := &writer{b: append(make([]byte, 0, 64<<10), checkpointFormat...)}
	mark := planMark(p.Mode, hash)
	w.b = append(w.b, mark[:]...)
	w.counts(int64(c.Since), int64(c.Counts.anew))
	if p.paired() {
		c.Counts.writePairs(w)
	} else {
		c.Counts.writeSplit(w, p)
	}
	c.Track.write(w)
	return binary.LittleEndian.AppendUint32(w.b, castagnoli(w.b))
}

// Errors of a checkpoint that is not gone on from.
var (
	errNotOurs = errors.New("it is of another format, or of another plan")
	errDamaged = errors.New("it is damaged")
)

// DecodeCheckpoint reads a checkpoint of an experiment of p that began under a hash.
// It trusts nothing: the text may be damaged, or of another program.
func DecodeCheckpoint(p *Plan, hash string, text []byte) (*Checkpoint, error) {
	mark := planMark(p.Mode, hash)
	head := append([]byte(checkpointFormat), mark[:]...)
	if !bytes.HasPrefix(text, head) {
		return nil, errNotOurs
	}
	body := len(text) - crc32.Size
	if body < len(head) || binary.LittleEndian.Uint32(text[body:]) != castagnoli(text[:body]) {
		return nil, errDamaged
	}
	r := &reader{b: text[len(head):body]}
	c := &Checkpoint{Since: time.Duration(r.count()), Track: &Track{}}
	c.Counts = &Counts{anew: int(r.count())}
	if p.paired() {
		c.Counts.readPairs(r)
	} else {
		c.Counts.readSplit(r, p)
	}
	c.Track.read(r)
	r.must(c.Since <= 2*longest && c.Track.since() <= c.Since, "more time than there was")
	if err := r.end(); err != nil {
		return nil, err
	}
	if !bytes.Equal(c.Encode(p, hash), text) {
		return nil, fmt.Errorf("%w: it is not written as it should be", errDamaged)
	}
	return c, nil
}

// writeSplit writes what was counted of arms that share the traffic.
func (c *Counts) writeSplit(w *writer, p *Plan) {
	if p.keyed() {
		w.cells(c.seen)
	}
	w.counts(c.keyless)
	for i := range c.sides {
		s := c.sides[i].sample
		w.row(s.Latency.Buckets)
		if p.keyed() {
			w.row(s.Units.Buckets)
		}
		w.counts(s.Faults, s.Business)
		for i, g := range s.Guards {
			if i < countInstructions {
				w.counts(g.Opening)
				continue
			}
			w.counts(g.Units, g.Firsts)
			w.floats(g.Sum, g.Squares)
		}
		w.row(c.sides[i].latency)
	}
}

func (c *Counts) readSplit(r *reader, p *Plan) {
	if p.keyed() {
		c.seen = r.cells()
	}
	c.keyless = r.count()
	calls := int64(0)
	for i := range c.sides {
		c.sides[i] = readSide(r, p)
		calls += c.sides[i].sample.Calls
	}
	r.must(c.keyless <= calls, "more calls without keys than calls")
}

func readSide(r *reader, p *Plan) sideCounts {
	s := &rollout.Sample{Guards: make([]rollout.Count, len(counted(p)))}
	s.Latency = r.histogram()
	if s.Calls, s.Units = s.Latency.N, s.Latency; p.keyed() {
		s.Units = r.histogram()
	}
	s.Faults, s.Business = r.count(), r.count()
	r.must(s.Units.N <= s.Calls && s.Faults+s.Business <= s.Calls, "more of a part than of all")
	for i := range s.Guards {
		g := &s.Guards[i]
		if i < countInstructions {
			g.Opening = r.count()
			g.Events, g.Firsts, g.Trials, g.Units = g.Opening, g.Opening, s.Calls, s.Units.N
			r.must(g.Opening <= s.Units.N, "more errors than units")
			continue
		}
		g.Units, g.Firsts = r.count(), r.count()
		g.Trials, g.Events, g.Opening = g.Units, g.Firsts, g.Firsts
		g.Sum, g.Squares = r.float(), r.float()
		r.must(g.Firsts <= g.Units && g.Units <= s.Units.N && g.Sum >= 0 && g.Squares >= 0, "more values than units")
	}
	out := sideCounts{sample: s, latency: r.row(size)}
	r.must(total(out.latency) <= s.Units.N, "more latencies than units")
	return out
}

// histogram reads a row on the ladder of that package.
func (r *reader) histogram() histogram.Counts {
	h := histogram.New()
	h.Load(histogram.Counts{Buckets: r.row(histogram.Size)})
	return h.Read()
}

// bitmap is how long the cells are as bits, in bytes.
const bitmap = arm.Cells / 8

// cells writes those that were seen in the shorter way.
func (w *writer) cells(seen []uint64) {
	if list, ok := sparse(seen); ok {
		w.b = append(append(w.b, 1), list...)
		return
	}
	w.b = append(w.b, 2)
	for _, word := range seen {
		w.b = binary.LittleEndian.AppendUint64(w.b, word)
	}
}

// cells reads what was written so.
func (r *reader) cells() []uint64 {
	seen := make([]uint64, arm.Cells/64)
	switch form := r.take(1); {
	case form == nil:
	case form[0] == 1:
		next := int64(0)
		for n := r.count(); n > 0 && r.err == nil; n-- {
			next += r.count()
			if r.must(next < int64(arm.Cells), "a cell that does not exist"); r.err == nil {
				seen[next/64] |= 1 << (next % 64)
			}
			next++
		}
	case form[0] == 2:
		for i, b := range slices.Collect(slices.Chunk(r.take(bitmap), 8)) {
			seen[i] = binary.LittleEndian.Uint64(b)
		}
	default:
		r.must(false, "cells in an unknown form")
	}
	return seen
}
