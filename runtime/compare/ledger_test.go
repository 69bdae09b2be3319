package compare_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/rollout"
)

func ledger(t *testing.T, c rollout.Compare, mask ...string) *compare.Ledger {
	t.Helper()
	l, err := compare.NewLedger("new", c, mask)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func parsed(t *testing.T, text string) map[string]any {
	t.Helper()
	m, err := wire.ParseJSONMap([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func answer(t *testing.T, text string) difference.Answer {
	t.Helper()
	return difference.Answer{Out: parsed(t, text)}
}

func TestWhatIsMaskedIsShownNowhere(t *testing.T) {
	l := ledger(t, rollout.Compare{}, "/cards/*/number", "/pin", "/a~1b")
	in := parsed(t, `{"cards":[{"number":"411111"},{"number":"422222"}],"pin":7345,"a/b":{"c":"secret"}}`)
	l.Add(1, in, answer(t, `{"cards":[{"number":"411111","ok":true}],"pin":7345,"a/b":{"c":"secret"},"n":1}`),
		answer(t, `{"cards":[{"number":"433333","ok":false}],"pin":8456,"a/b":{"c":"public"},"n":2}`))
	l.Add(2, in, answer(t, `{"cards":[{"number":"411111"}]}`), answer(t, `{}`))
	l.Add(3, in, answer(t, `{"pin":"7345"}`), difference.Answer{Business: "wrong_pin"})
	a := l.Answers()
	var places []string
	for _, p := range a.Places {
		places = append(places, p.Pointer+": "+p.Reference+" | "+p.Value)
	}
	want := []string{`: {"pin":"xxxx"} | business error wrong_pin`, `/a~1b/c: "xxxxxx" | "xxxxxx"`, `/cards: [{"number":"xxxxxx"}] | absent`,
		`/cards/0/number: "xxxxxx" | "xxxxxx"`, `/cards/0/ok: true | false`, `/n: 1 | 2`, `/pin: 0 | 0`}
	if !slices.Equal(places, want) {
		t.Errorf("\n got %q\nwant %q", places, want)
	}
	text := string(must(json.Marshal(a)))
	for _, secret := range []string{"4111", "4222", "4333", "7345", "8456", "secret", "public"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s stands in %s", secret, text)
		}
	}
	if len(a.Examples) != 3 || a.Examples[2].Value != "business error wrong_pin" || a.Examples[1].Reference != `{"cards":[{"number":"xxxxxx"}]}` {
		t.Errorf("%+v", a.Examples)
	}
}

func TestExamplesAreOfManyPlaces(t *testing.T) {
	l := ledger(t, rollout.Compare{})
	for i := range 100 {
		at := "common"
		if i >= 50 && i%10 == 0 {
			at = string(rune('a' + i/10))
		}
		l.Add(int64(i+1), map[string]any{}, difference.Answer{Out: map[string]any{}}, difference.Answer{Out: map[string]any{at: int64(i)}})
	}
	a := l.Answers()
	seen := map[string]int{}
	for i, e := range a.Examples {
		seen[e.Pointers[0]]++
		if i > 0 && e.Input < a.Examples[i-1].Input {
			t.Errorf("example %d is out of order", i)
		}
	}
	if len(a.Examples) != 10 || len(seen) != 6 || seen["/common"] != 5 || a.Different != 100 || a.Places[0] != (compare.Place{Pointer: "/common", Count: 95, Reference: "absent", Value: "0"}) {
		t.Errorf("%v %+v", seen, a)
	}
}

func TestLongAnswersAndManyPlacesAreBounded(t *testing.T) {
	l := ledger(t, rollout.Compare{})
	long := map[string]any{"text": strings.Repeat("é", 5000)}
	l.Add(1, long, difference.Answer{Out: long}, difference.Answer{})
	if e := l.Answers().Examples[0]; len(e.Text) > 2010 || !strings.HasSuffix(e.Text, "…") || len(e.Reference) > 2010 || e.Value != "{}" {
		t.Errorf("%d %d %q", len(e.Text), len(e.Reference), e.Value)
	}
	for i := range 1000 {
		l.Add(2, nil, difference.Answer{}, difference.Answer{Out: map[string]any{string(rune('一' + i)): int64(1)}})
	}
	if a := l.Answers(); len(a.Places) != 50 || a.Beyond != 951 || a.Compared != 1001 {
		t.Errorf("%d places, %d beyond of %d", len(a.Places), a.Beyond, a.Compared)
	}
}

func TestALedgerIsForManyAtOnce(t *testing.T) {
	l := ledger(t, rollout.Compare{}, "/x")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 200 {
				l.Add(0, map[string]any{"x": int64(1)}, difference.Answer{Out: map[string]any{"x": int64(1)}}, difference.Answer{Out: map[string]any{"x": int64(i % 2)}})
				l.Answers()
			}
		})
	}
	all.Wait()
	if a := l.Answers(); a.Compared != 800 || a.Different != 400 {
		t.Errorf("%+v", a)
	}
}
