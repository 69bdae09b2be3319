package recorder_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/recorder"
	"github.com/swapline/swapline/runtime/rollout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func all(mask ...string) rollout.Record {
	return rollout.Record{Last: 100, Bytes: 1 << 20, Share: rollout.Full, Mask: mask}
}

func start(t testing.TB, c rollout.Record) *recorder.Recorder {
	t.Helper()
	r, err := recorder.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// settled waits until n inputs were kept or refused.
func settled(t testing.TB, r *recorder.Recorder, n int64) recorder.Stats {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if s := r.Stats(); s.Kept+s.Dropped+s.Unfit >= n {
			return s
		}
		if time.Now().After(limit) {
			t.Fatalf("%+v never came to %d", r.Stats(), n)
		}
	}
}

func texts(r *recorder.Recorder, n int) string {
	var list []string
	for _, text := range r.Snapshot(n) {
		list = append(list, string(text))
	}
	return strings.Join(list, " ")
}

func TestMasksKeepTypes(t *testing.T) {
	for _, c := range []struct{ name, in, want, mask string }{
		{"nothing", `{"b":1,"a":[null,true]}`, `{"a":[null,true],"b":1}`, "/c"},
		{"text", `{"card":{"number":"4111","name":"é"}}`, `{"card":{"name":"é","number":"xxxx"}}`, "/card/number"},
		{"bytes of a text", `{"a":"é\n"}`, `{"a":"xxx"}`, "/a"},
		{"integer", `{"a":-12345678901}`, `{"a":0}`, "/a"},
		{"float", `{"a":1e300}`, `{"a":0.0}`, "/a"},
		{"boolean", `{"a":true,"b":false}`, `{"a":false,"b":false}`, "/*"},
		{"null", `{"a":null}`, `{"a":null}`, "/a"},
		{"bytes", `{"a":{"$bytes":"AQID"}}`, `{"a":{"$bytes":"AAAA"}}`, "/a"},
		{"list", `{"a":[1,"ab",[true,{"k":"secret"}]]}`, `{"a":[0,"xx",[false,{"k":"xxxxxx"}]]}`, "/a"},
		{"one of a list", `{"a":["b","c"]}`, `{"a":["b","x"]}`, "/a/1"},
		{"all of a list", `{"a":[{"n":"1"},{"n":"2"},3]}`, `{"a":[{"n":"x"},{"n":"x"},3]}`, "/a/*/n"},
		{"whole", `{"a":1,"b":{"c":"d"}}`, `{"a":0,"b":{"c":"x"}}`, ""},
		{"unmasked bytes", `{"a":{"$bytes":"AQID"},"b":0.5,"c":false}`, `{"a":{"$bytes":"AQID"},"b":0.5,"c":false}`, "/a/b"},
		{"escaped key", `{"a\/b":{"~":"x1"}}`, `{"a/b":{"~":"xx"}}`, "/a~1b/~0"},
	} {
		in, err := wire.ParseJSONMap([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, all(c.mask))
		r.Text([]byte(c.in))
		r.Map(in)
		settled(t, r, 2)
		if got := texts(r, 2); got != c.want+" "+c.want {
			t.Errorf("%s: %s\nwant twice %s", c.name, got, c.want)
		}
	}
}

func TestAMaskThatIsNoPointerIsRefused(t *testing.T) {
	if _, err := recorder.New(all("card")); err == nil {
		t.Error("it was taken")
	}
}

func TestTheNewestInputsAreKept(t *testing.T) {
	c := all()
	c.Last = 20
	r := start(t, c)
	for i := range int64(50) {
		r.Map(map[string]any{"i": i})
		settled(t, r, i+1)
		want := int(min(i+1, 20))
		if s := r.Stats(); s.Inputs != want || s.Kept != i+1 {
			t.Fatalf("after %d: %+v", i+1, s)
		}
		if got := texts(r, 1); got != fmt.Sprintf(`{"i":%d}`, i) {
			t.Fatalf("the newest of %d is %s", i+1, got)
		}
	}
	if got := texts(r, 3); got != `{"i":47} {"i":48} {"i":49}` {
		t.Errorf("the last three are %s", got)
	}
	if n := len(r.Snapshot(1000)); n != 20 {
		t.Errorf("%d of 20", n)
	}
	if n := len(r.Snapshot(-1)); n != 0 {
		t.Errorf("%d for less than none", n)
	}
}

func TestBytesAreBounded(t *testing.T) {
	c := all()
	c.Last, c.Bytes = 1000, 2000
	r := start(t, c)
	for i := range 100 {
		r.Map(map[string]any{"pad": strings.Repeat("p", 10*(i%20)), "i": int64(i)})
		settled(t, r, int64(i+1))
		if s := r.Stats(); s.Bytes > c.Bytes || s.Inputs == 0 {
			t.Fatalf("after %d: %+v", i+1, s)
		}
	}
	s := r.Stats()
	if s.Bytes < c.Bytes/2 {
		t.Errorf("much room is left: %+v", s)
	}
	r.Text([]byte(`{"pad":"` + strings.Repeat("p", 2000) + `"}`))
	r.Map(map[string]any{"pad": strings.Repeat("p", 2000)})
	if s = settled(t, r, 102); s.Unfit != 2 || s.Inputs == 0 {
		t.Errorf("inputs that do not fit: %+v", s)
	}
}

func TestOnlyInputsOfTheDomainAreKept(t *testing.T) {
	r := start(t, all("/a"))
	r.Text([]byte(`{"a":`))
	r.Text([]byte(`[1]`))
	r.Map(map[string]any{"a": make(chan int)})
	r.Map(nil)
	if s := settled(t, r, 4); s.Unfit != 3 || texts(r, 9) != "{}" {
		t.Errorf("%+v: %s", s, texts(r, 9))
	}
}

func TestAShareIsRecorded(t *testing.T) {
	c := all()
	c.Share = 0
	none := start(t, c)
	c.Share = rollout.Full / 2
	half := start(t, c)
	const calls = 1000
	for range calls {
		none.Text([]byte(`{}`))
		half.Text([]byte(`{}`))
	}
	if s := none.Stats(); s != (recorder.Stats{}) {
		t.Errorf("of no share: %+v", s)
	}
	settled(t, half, 1)
	half.Close()
	if s := half.Stats(); s.Kept+s.Dropped < 1 || s.Kept+s.Dropped > calls*3/4 {
		t.Errorf("of half: %+v", s)
	}
}

func TestCallersMayChangeTheirInputs(t *testing.T) {
	r := start(t, all())
	text := []byte(`{"a":"first"}`)
	m := map[string]any{"a": []any{"first"}}
	r.Text(text)
	r.Map(m)
	copy(text, `{"a":"other"}`)
	m["a"].([]any)[0] = "other"
	settled(t, r, 2)
	if got := texts(r, 2); got != `{"a":"first"} {"a":["first"]}` {
		t.Errorf("kept %s", got)
	}
	got := r.Snapshot(2)
	clear(got[0])
	if again := texts(r, 2); again != `{"a":"first"} {"a":["first"]}` {
		t.Errorf("a snapshot is no copy: %s", again)
	}
}

func TestAClosedRecorderKeepsNothing(t *testing.T) {
	r := start(t, all())
	r.Text([]byte(`{}`))
	settled(t, r, 1)
	r.Close()
	r.Close()
	r.Text([]byte(`{}`))
	r.Map(nil)
	if s := r.Stats(); s.Inputs != 0 || s.Bytes != 0 || s.Kept != 1 || len(r.Snapshot(9)) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestManyRecordAtOnce(t *testing.T) {
	c := all("/secret")
	c.Last = 50
	r := start(t, c)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 500 {
				r.Text(fmt.Appendf(nil, `{"i":%d,"j":%d,"secret":"SECRET"}`, i, j))
				r.Map(map[string]any{"i": int64(i), "j": int64(j), "secret": "SECRET"})
				if j%100 == 0 {
					for _, text := range r.Snapshot(10) {
						if bytes.Contains(text, []byte("SECRET")) {
							t.Errorf("kept %s", text)
						}
					}
				}
			}
		})
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		settled(t, r, 100)
		r.Close()
	}()
	wg.Wait()
	<-closed
	if s := r.Stats(); s.Inputs != 0 {
		t.Errorf("%+v", s)
	}
}

// FuzzMask masks everything: whatever the input is, only keys and shapes are left.
func FuzzMask(f *testing.F) {
	f.Add(`{"a":[1,2.5,"x",{"b":true}],"c":{"$bytes":"AQID"}}`)
	f.Add(`{"\u0000":"\u0000","":[[[]]]}`)
	f.Add(`{"a":0.1,"b":[0.1,0.1,0.1,0.1,0.1]}`)
	r, err := recorder.New(all(""))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(r.Close)
	f.Fuzz(func(t *testing.T, text string) {
		in, err := wire.ParseJSONMap([]byte(text))
		before := r.Stats()
		r.Text([]byte(text))
		after := settled(t, r, before.Kept+before.Dropped+before.Unfit+1)
		if after.Dropped != before.Dropped || err != nil || after.Unfit != before.Unfit {
			if err == nil && after.Unfit == before.Unfit+1 && len(text) < 100_000 {
				t.Fatalf("%q was not kept", text)
			}
			return
		}
		kept, err := wire.ParseJSONMap(r.Snapshot(1)[0])
		if err != nil || !wire.Equal(kept, blank(in)) {
			t.Fatalf("%q became %v (%v)", text, kept, err)
		}
	})
}

// blank is the mask as its documentation says it.
func blank(v any) any {
	switch x := v.(type) {
	case string:
		return strings.Repeat("x", len(x))
	case []byte:
		return make([]byte, len(x))
	case int64:
		return int64(0)
	case float64:
		return 0.0
	case bool:
		return false
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = blank(x[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k := range x {
			out[k] = blank(x[k])
		}
		return out
	}
	return nil
}

func BenchmarkText(b *testing.B) {
	text := []byte(`{"card":{"number":"4111111111111111"},"amount":12950,"customer":"c-1234","lines":[{"sku":"a","n":1},{"sku":"b","n":2}]}`)
	for _, c := range []struct {
		name  string
		share rollout.Weight
	}{{"all", rollout.Full}, {"one_percent", 100}} {
		b.Run(c.name, func(b *testing.B) {
			r, err := recorder.New(rollout.Record{Last: 1000, Bytes: 16 << 20, Share: c.share, Mask: []string{"/card/number"}})
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			b.ReportAllocs()
			for b.Loop() {
				r.Text(text)
			}
		})
	}
}
