package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

func comparisonChecks() []check {
	return []check{
		{"a comparison is kept with its report", comparisonKept},
		{"a comparison that is written again keeps its report", comparisonAgain},
		{"comparisons come newest first", comparisonsNewest},
		{"of comparisons the oldest are forgotten", comparisonsForgotten},
		{"of comparisons that are large fewer are kept", comparisonsLarge},
		{"a comparison that contradicts itself is refused", comparisonContradicts},
		{"a comparison that is not kept is unknown", comparisonUnknown},
	}
}

// compared is comparison n, ended if n is even.
func compared(n int) store.Comparison {
	c := store.Comparison{Number: uint64(n), ID: fmt.Sprint("id", n), Record: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n)), Begun: at(n)} //nolint:gosec // small
	if n%2 == 0 {
		c.Ended = at(n + 1)
	}
	return c
}

// kept ends the case unless these comparisons are kept, newest first.
func (s *subject) kept(numbers ...int) {
	s.t.Helper()
	var want []store.Comparison
	for _, n := range numbers {
		want = append(want, compared(n))
	}
	list, err := s.Comparisons(s.ctx)
	s.ok(err)
	s.equal(list, want)
}

// reported ends the case unless a comparison has this report.
func (s *subject) reported(n int, want []byte) {
	s.t.Helper()
	report, err := s.ComparisonReport(s.ctx, uint64(n)) //nolint:gosec // small
	s.ok(err)
	if !bytes.Equal(report, want) || (report == nil) != (want == nil) {
		s.t.Fatalf("comparison %d: got a report of %d bytes, want %d", n, len(report), len(want))
	}
}

func comparisonKept(s *subject) {
	s.kept()
	far := time.FixedZone("far", 7200)
	c := compared(2)
	c.Begun, c.Ended = c.Begun.In(far), c.Ended.In(far)
	s.ok(s.RecordComparison(s.ctx, c, []byte("report\x00\xff")))
	s.ok(s.RecordComparison(s.ctx, compared(3), nil))
	for range 2 {
		s.kept(3, 2)
		s.reported(2, []byte("report\x00\xff"))
		s.reported(3, nil)
		list, err := s.Comparisons(s.ctx)
		s.ok(err)
		report, err := s.ComparisonReport(s.ctx, 2)
		s.ok(err)
		list[0].Record[0], report[0] = '!', '!' // the caller's own
		if !list[0].Open() || list[1].Open() {
			s.t.Fatalf("%+v", list)
		}
		s.restart()
	}
}

func comparisonAgain(s *subject) {
	begun := compared(2)
	begun.Ended, begun.Record = time.Time{}, json.RawMessage(`{"state": "running"}`)
	s.ok(s.RecordComparison(s.ctx, begun, []byte("first")))
	s.ok(s.RecordComparison(s.ctx, compared(2), nil))
	s.kept(2)
	s.reported(2, []byte("first"))
	s.ok(s.RecordComparison(s.ctx, compared(2), []byte("second")))
	s.restart()
	s.kept(2)
	s.reported(2, []byte("second"))
}

func comparisonsNewest(s *subject) {
	for _, n := range []int{300, 7, 256, 255, 1} { // more than one byte of number
		s.ok(s.RecordComparison(s.ctx, compared(n), fmt.Append(nil, n)))
	}
	for range 2 {
		s.kept(300, 256, 255, 7, 1)
		s.reported(7, []byte("7"))
		s.reported(256, []byte("256"))
		s.restart()
	}
}

func comparisonsForgotten(s *subject) {
	const most = store.MaxComparisons
	var all []int
	for n := 1; n <= most+3; n++ {
		s.ok(s.RecordComparison(s.ctx, compared(n), []byte("report")))
		all = append(all, n)
	}
	s.restart()
	slices.Reverse(all)
	s.kept(all[:most]...)
	s.reported(4, []byte("report"))
	s.refused(second(s.ComparisonReport(s.ctx, 3)), problem.UnknownComparison)
	s.ok(s.RecordComparison(s.ctx, compared(3), []byte("late"))) // is the oldest at once
	s.kept(all[:most]...)
}

func comparisonsLarge(s *subject) {
	large := bytes.Repeat([]byte("0123456789abcdef"), store.MaxReport/16)
	last, kept := 0, []int(nil)
	for last < 9 {
		last++
		s.ok(s.RecordComparison(s.ctx, compared(last), large))
		list, err := s.Comparisons(s.ctx)
		s.ok(err)
		if kept = nil; len(list) == 0 || list[0].Number != uint64(last) { //nolint:gosec // small
			s.t.Fatalf("the newest is gone: %+v", list)
		}
		for _, c := range list {
			kept = append(kept, int(c.Number)) //nolint:gosec // small
		}
	}
	if n := len(kept); n < 2 || n*store.MaxReport > store.MaxComparisonBytes {
		s.t.Fatalf("%d large reports are kept", n)
	}
	s.restart()
	s.kept(kept...)
	s.reported(kept[len(kept)-1], large)
	s.refused(second(s.ComparisonReport(s.ctx, 1)), problem.UnknownComparison)
	s.refused(s.RecordComparison(s.ctx, compared(10), append(large, 'x')), problem.BodyTooLarge)
	s.kept(kept...)
}

func comparisonContradicts(s *subject) {
	s.ok(s.RecordComparison(s.ctx, compared(2), []byte("report")))
	for name, change := range map[string]func(*store.Comparison){
		"no number":  func(c *store.Comparison) { c.Number = 0 },
		"no ID":      func(c *store.Comparison) { c.ID = "" },
		"another ID": func(c *store.Comparison) { c.ID = "other" },
		"no record":  func(c *store.Comparison) { c.Record = nil },
		"no JSON":    func(c *store.Comparison) { c.Record = json.RawMessage("{") },
	} {
		c := compared(2)
		change(&c)
		if err := s.RecordComparison(s.ctx, c, []byte("other")); problem.CodeOf(err) != problem.Internal {
			s.t.Errorf("%s: got %v", name, err)
		}
	}
	s.kept(2)
	s.reported(2, []byte("report"))
}

func comparisonUnknown(s *subject) {
	s.refused(second(s.ComparisonReport(s.ctx, 1)), problem.UnknownComparison)
	s.ok(s.RecordComparison(s.ctx, compared(2), nil))
	for _, n := range []uint64{0, 1, 3, math.MaxUint64} {
		s.refused(second(s.ComparisonReport(s.ctx, n)), problem.UnknownComparison)
	}
}
