package fields

import (
	"errors"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

func parse(text string) *Object {
	return Parse(problem.ManifestMalformed, "thing", []byte(text), wire.Limits{})
}

func wantRefusal(t *testing.T, o *Object, want string) {
	t.Helper()
	err := o.Err()
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestReadsWhatIsThere(t *testing.T) {
	o := parse(`{"t":"x","n":7,"b":true,"at":"2026-11-20T12:00:00Z","ms":5,"m":{"a":1},"l":["p","q"],"o":{"k":"v"},"os":[{"i":1},{"i":2}]}`)
	if o.Text("t") != "x" || o.Int("n") != 7 || !o.Bool("b") || o.Duration("ms", time.Millisecond) != 5*time.Millisecond {
		t.Error("scalars")
	}
	if !o.Time("at").Equal(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)) || o.Map("m")["a"] != int64(1) {
		t.Error("time or map")
	}
	if l := o.Texts("l"); len(l) != 2 || l[1] != "q" {
		t.Errorf("texts = %v", l)
	}
	if o.TextMap("o")["k"] != "v" || o.Object("o").Text("k") != "v" {
		t.Error("object")
	}
	if os := o.Objects("os"); len(os) != 2 || os[1].Int("i") != 2 {
		t.Error("objects")
	}
	o.Done()
	if o.Err() != nil {
		t.Error(o.Err())
	}
}

func TestOptionalGivesZeroOnlyForWhatIsMissing(t *testing.T) {
	o := parse(`{"n":null}`).Optional()
	if o.Text("t") != "" || o.Int("i") != 0 || o.Texts("l") != nil || o.TextMap("m") != nil || !o.Time("at").IsZero() ||
		o.Objects("os") != nil || o.Object("o").Text("k") != "" || o.Bool("b") || o.Err() != nil {
		t.Errorf("missing members: %v", o.Err())
	}
	o.Int("n")
	wantRefusal(t, o, "manifest_malformed: thing has a bad value at /n (expected integer, found null)")
}

func TestMembersOfAnOptionalObjectAreRequiredWhenItIsThere(t *testing.T) {
	o := parse(`{"o":{}}`)
	o.Optional().Object("o").Text("k")
	wantRefusal(t, o, "manifest_malformed: thing lacks a required field at /o/k (expected text, found nothing)")
}

func TestFirstRefusalSticks(t *testing.T) {
	o := parse(`{"a":1,"b":2}`)
	o.Text("a")
	first := o.Err()
	if o.Text("b") != "" || o.Int("b") != 0 || o.Has("c") {
		t.Error("reads after a refusal must give zero values")
	}
	o.Done()
	o.Refuse("b", "x", "y")
	if !errors.Is(o.Err(), first) {
		t.Errorf("error changed to %v", o.Err())
	}
}

func TestUnknownMembersAreRefusedInAFixedOrder(t *testing.T) {
	for range 20 {
		o := parse(`{"z":1,"a/b":2,"Name":"x","name":"y"}`)
		o.Text("name")
		o.Done()
		wantRefusal(t, o, "manifest_malformed: thing has an unknown field at /Name; remove the field; names are case-sensitive")
	}
}

func TestPointersAreEscaped(t *testing.T) {
	o := parse(`{"a/b~c":1}`)
	o.Text("a/b~c")
	wantRefusal(t, o, "manifest_malformed: thing has a bad value at /a~1b~0c (expected text, found integer)")
}

func TestDurationsDoNotOverflow(t *testing.T) {
	for _, n := range []string{"-1", "9223372036854775807", "9223372036855"} {
		o := parse(`{"ms":` + n + `}`)
		if d := o.Duration("ms", time.Millisecond); d != 0 || o.Err() == nil {
			t.Errorf("%s ms = %v, %v", n, d, o.Err())
		}
	}
}

func TestTextIsClippedInMessages(t *testing.T) {
	o := parse(`{"n":"0123456789012345678901234567890123456789-and-more"}`)
	o.Int("n")
	wantRefusal(t, o, `manifest_malformed: thing has a bad value at /n (expected integer, found text "0123456789012345678901234567890123456789"...)`)
}

func TestOnlyAnObjectIsADocument(t *testing.T) {
	wantRefusal(t, parse(`[1.5]`), "manifest_malformed: thing is not a JSON object (expected object, found list)")
	if o := parse(`{"a":1,"a":2}`); problem.CodeOf(o.Err()) != problem.ManifestMalformed || !errors.Is(o.Err(), wire.ErrDuplicateKey) {
		t.Errorf("duplicate: %v", o.Err())
	}
}
