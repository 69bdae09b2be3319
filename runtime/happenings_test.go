package runtime

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// happen adds n entries of a strategy.
func (h *happenings) happen(n int, strategy string) {
	for range n {
		h.add(Happening{Type: "rollout.stage", Strategy: strategy})
	}
}

func ids(list []Happening) []uint64 {
	var all []uint64
	for _, e := range list {
		all = append(all, e.ID)
	}
	return all
}

func TestIdsOfHappeningsRiseOverRestartsAndFitIntoJSON(t *testing.T) {
	before := uint64(time.Now().UnixMicro())
	var h happenings
	h.happen(3, "risk")
	list, lost, _ := h.since("", 0)
	first := list[0].ID
	if !slices.Equal(ids(list), []uint64{first, first + 1, first + 2}) || lost {
		t.Errorf("%v, lost %t", ids(list), lost)
	}
	if first < before || first >= 1<<53 {
		t.Errorf("the first id is %d, an earlier process could have given it, or a parser rounds it", first)
	}
	if h.newest() != first+2 {
		t.Errorf("newest %d", h.newest())
	}
}

func TestWhoComesBackHearsWhatItMissed(t *testing.T) {
	var h happenings
	start := h.newest()
	h.happen(2, "risk")
	h.happen(1, "fx")
	h.happen(1, "risk")
	for _, c := range []struct {
		strategy string
		after    uint64
		want     []uint64
	}{
		{"", start, []uint64{start + 1, start + 2, start + 3, start + 4}},
		{"", start + 2, []uint64{start + 3, start + 4}},
		{"", start + 4, nil},
		{"risk", start + 1, []uint64{start + 2, start + 4}},
		{"fx", start, []uint64{start + 3}},
		{"fx", start + 3, nil},
		{"nobody", start, nil},
	} {
		if list, lost, more := h.since(c.strategy, c.after); !slices.Equal(ids(list), c.want) || lost || more == nil {
			t.Errorf("%q after %d: %v, lost %t, want %v", c.strategy, c.after-start, ids(list), lost, c.want)
		}
	}
}

func TestAnIdOfAnotherProcessMeansThatEventsWereLost(t *testing.T) {
	var h happenings
	h.happen(2, "risk")
	for _, after := range []uint64{1, h.first - 2, h.next, h.next + 100} {
		if list, lost, _ := h.since("", after); !lost || len(list) != 2 {
			t.Errorf("after %d, first %d: %d entries, lost %t", after, h.first, len(list), lost)
		}
	}
	for _, after := range []uint64{0, h.first - 1, h.first, h.first + 1} {
		if _, lost, _ := h.since("", after); lost {
			t.Errorf("after %d, first %d: lost", after, h.first)
		}
	}
}

// TestOnlyWhoMissedSomethingIsTold: what others did does not count as lost.
func TestOnlyWhoMissedSomethingIsTold(t *testing.T) {
	var h happenings
	h.happen(2, "risk")
	heard := h.newest()
	h.happen(happeningsKept+10, "fx")
	if list, lost, _ := h.since("risk", heard); lost || list != nil {
		t.Errorf("it had heard all of its own: %v, lost %t", ids(list), lost)
	}
	if _, lost, _ := h.since("risk", heard-1); !lost {
		t.Error("one of its own was overwritten")
	}
	if list, lost, _ := h.since("", heard); !lost || list[0].ID != h.next-happeningsKept {
		t.Errorf("who hears all lost some: from %d, lost %t", list[0].ID, lost)
	}
	if list, lost, _ := h.since("", 0); lost || list[0].ID != h.next-happeningsKept {
		t.Errorf("all that is kept: from %d, lost %t", list[0].ID, lost)
	}
}

// TestHappeningsAgreeWithAListOfThemAll compares with a twin that keeps all.
func TestHappeningsAgreeWithAListOfThemAll(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h happenings
	var all []Happening
	names := []string{"a", "b", "c"}
	for range 3000 {
		name := names[min(r.IntN(20), 2)] // a and b seldom
		h.happen(1, name)
		all = append(all, Happening{ID: h.newest(), Strategy: name})
		strategy, after := append(names, "")[r.IntN(4)], h.first-1+uint64(r.IntN(len(all)+1))
		list, lost, _ := h.since(strategy, after)
		want, wantLost := twin(all, strategy, after)
		if !slices.Equal(ids(list), want) || lost != wantLost {
			t.Fatalf("%q after %d of %d: %v lost %t, want %v %t", strategy, after-h.first, len(all), ids(list), lost, want, wantLost)
		}
	}
	if len(h.ring) != happeningsKept || len(h.gone) != 4 {
		t.Errorf("%d entries and %d strategies are kept", len(h.ring), len(h.gone))
	}
}

func twin(all []Happening, strategy string, after uint64) (list []uint64, lost bool) {
	kept := max(0, len(all)-happeningsKept)
	for i, e := range all {
		if e.ID <= after || strategy != "" && e.Strategy != strategy {
			continue
		}
		if i < kept {
			lost = true
		} else if len(list) < happeningsRead {
			list = append(list, e.ID)
		}
	}
	return list, lost
}

func TestAWaitingListenerIsWokenAndLetGoAtTheEnd(t *testing.T) {
	var h happenings
	_, _, more := h.since("risk", h.newest())
	_, _, other := h.since("", h.newest())
	select {
	case <-more:
		t.Fatal("nothing has happened")
	default:
	}
	h.happen(1, "risk")
	<-more
	<-other
	_, _, more = h.since("risk", h.newest())
	h.close()
	<-more
	h.happen(1, "risk")
	h.close()
	list, _, more := h.since("", 0)
	if len(list) != 1 || more != nil {
		t.Errorf("after the end: %d entries, %v", len(list), more)
	}
}

// TestHammerListenersHearEverythingOnce is for the race detector, too.
func TestHammerListenersHearEverythingOnce(t *testing.T) {
	const writers, each, listeners = 4, 200, 4 // fewer than are kept
	var h happenings
	start := h.newest()
	var all sync.WaitGroup
	for i := range listeners {
		all.Go(func() {
			strategy := []string{"", "s1"}[i%2]
			want := writers * each
			if strategy != "" {
				want = each
			}
			after, heard := start, 0
			for heard < want {
				list, lost, more := h.since(strategy, after)
				for _, e := range list {
					if e.ID <= after || strategy != "" && e.Strategy != strategy {
						t.Errorf("%+v after %d", e, after)
					}
					after = e.ID
				}
				if heard += len(list); lost {
					t.Error("lost")
					return
				}
				if len(list) == 0 {
					<-more
				}
			}
		})
	}
	for i := range writers {
		all.Go(func() { h.happen(each, fmt.Sprintf("s%d", i)) })
	}
	all.Wait()
}
