package snapshot

import (
	"cmp"
	"slices"
	"sort"
)

// segment is data that the module places at an address.
type segment struct {
	at    uint32
	bytes []byte
}

func (s segment) end() uint64 { return uint64(s.at) + uint64(len(s.bytes)) }

// run is a part of the merged content, from its byte from on, and its address.
type run struct{ at, from, size uint32 }

// gap is how many zeros between two segments are better written than left out:
// about as many as the instructions of a run have bytes. The memory is zero
// there, nothing has run before.
const gap = 32

// merge returns the content that the segments, written in their order, leave in
// a memory of size bytes.
func merge(segments []segment, size uint64) (content []byte, runs []run) {
	for _, s := range segments {
		if s.end() > size {
			return s.bytes, []run{{s.at, 0, uint32(len(s.bytes))}} // ends in a trap, as it does in the original
		}
	}
	runs = spans(segments)
	total := uint32(0)
	for i := range runs {
		runs[i].from = total
		total += runs[i].size
	}
	content = make([]byte, total)
	for _, s := range segments {
		if len(s.bytes) == 0 {
			continue
		}
		i := sort.Search(len(runs), func(i int) bool { return runs[i].at > s.at }) - 1
		copy(content[runs[i].from+s.at-runs[i].at:], s.bytes)
	}
	return content, runs
}

// spans returns the addresses that the segments cover, in ascending order.
func spans(segments []segment) (runs []run) {
	sorted := slices.Clone(segments)
	slices.SortFunc(sorted, func(a, b segment) int { return cmp.Compare(a.at, b.at) })
	for _, s := range sorted {
		if len(s.bytes) == 0 {
			continue
		}
		if last := len(runs) - 1; last >= 0 && uint64(s.at) <= uint64(runs[last].at)+uint64(runs[last].size)+gap {
			runs[last].size = uint32(max(uint64(runs[last].at)+uint64(runs[last].size), s.end()) - uint64(runs[last].at))
			continue
		}
		runs = append(runs, run{at: s.at, size: uint32(len(s.bytes))})
	}
	return runs
}
