package wire

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// build writes a value with the builder's calls, members in random order.
func build(b *Builder, r *rand.Rand, v any) {
	switch x := v.(type) {
	case nil:
		b.Null()
	case bool:
		b.Bool(x)
	case int64:
		b.Int(x)
	case float64:
		b.Float(x)
	case string:
		at := r.IntN(len(x) + 1)
		for at > 0 && at < len(x) && x[at]&0xc0 == 0x80 {
			at--
		}
		if r.IntN(2) == 0 {
			b.Join(x[:at], "", x[at:])
			return
		}
		b.Text(x)
	case []byte:
		b.Bytes(x)
	case []any:
		b.OpenList()
		for _, e := range x {
			build(b, r, e)
		}
		b.Close()
	case map[string]any:
		b.OpenMap()
		for key, value := range x { // in any order
			b.Key(key)
			build(b, r, value)
		}
		b.Close()
	}
}

func TestBuildersWriteWhatAppendWrites(t *testing.T) {
	var b Builder
	prefix := []byte("before")
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 14))
		v := random(r, 3)
		want, err := Append(prefix, v)
		if err != nil {
			t.Fatal(err)
		}
		b.Reset(prefix[:len(prefix):len(prefix)])
		build(&b, r, v)
		if got, err := b.Finish(); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d, piece by piece: %x and %v, want %x", seed, got, err, want)
		}
		b.Reset(prefix[:len(prefix):len(prefix)])
		b.Value(v)
		if got, err := b.Finish(); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d, at once: %x and %v, want %x", seed, got, err, want)
		}
	}
}

func TestBuildersTakeWhatAppendTakes(t *testing.T) {
	var b Builder
	for _, v := range []any{1, uint8(3), float32(0.5), []string{"a", "b"}, map[string]int{"bb": 1, "a": 2}, []any(nil), map[string]any(nil), []byte(nil)} {
		want, _ := Append(nil, v)
		b.Reset(nil)
		b.Value(v)
		if got, err := b.Finish(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%#v: %x and %v, want %x", v, got, err, want)
		}
	}
}

func deep(b *Builder, n int) {
	for range n {
		b.OpenList()
	}
	for range n {
		b.Close()
	}
}

// inMap writes {"key": what f writes}.
func inMap(f func(*Builder)) func(*Builder) {
	return func(b *Builder) {
		b.OpenMap()
		b.Key("key")
		f(b)
		b.Close()
	}
}

func TestWhatIsNoValueIsAnErrorOfFinish(t *testing.T) {
	itself := []any{nil, nil}
	itself[0], itself[1] = itself, itself
	for name, c := range map[string]struct {
		write   func(*Builder)
		err     error
		pointer string
	}{
		"nothing":          {func(*Builder) {}, ErrSyntax, ""},
		"two values":       {func(b *Builder) { b.Null(); b.Null() }, ErrSyntax, ""},
		"open list":        {func(b *Builder) { b.OpenList(); b.Int(1) }, ErrSyntax, "/0"},
		"key and no value": {func(b *Builder) { b.OpenMap(); b.Key("a"); b.Close() }, ErrSyntax, "/a"},
		"value and no key": {func(b *Builder) { b.OpenMap(); b.Int(1); b.Key("a") }, ErrSyntax, ""},
		"key in a list":    {func(b *Builder) { b.OpenList(); b.Key("a") }, ErrSyntax, "/0"},
		"key outside":      {func(b *Builder) { b.Key("a") }, ErrSyntax, ""},
		"end outside":      {func(b *Builder) { b.Close() }, ErrSyntax, ""},
		"end twice":        {func(b *Builder) { b.OpenList(); b.Close(); b.Close() }, ErrSyntax, ""},
		"two keys":         {func(b *Builder) { b.OpenMap(); b.Key("a"); b.Key("b"); b.Int(1); b.Close() }, ErrSyntax, "/a"},
		"key twice": {func(b *Builder) {
			b.OpenMap()
			for _, key := range []string{"b", "a", "b"} {
				b.Key(key)
				b.Int(1)
			}
			b.Close()
		}, ErrDuplicateKey, "/b"},
		"NaN":               {inMap(func(b *Builder) { b.Float(math.NaN()) }), ErrDomain, "/key"},
		"infinity in Value": {func(b *Builder) { b.Value(map[string]any{"a": []any{1, math.Inf(1)}}) }, ErrDomain, "/a/1"},
		"channel":           {inMap(func(b *Builder) { b.Value([]any{make(chan int)}) }), ErrDomain, "/key/0"},
		"reserved key":      {func(b *Builder) { b.OpenMap(); b.Key(BytesKey); b.Int(1); b.Close() }, ErrDomain, "/" + BytesKey},
		"text":              {inMap(func(b *Builder) { b.Text("ab\xff") }), ErrUTF8, "/key"},
		"long text":         {inMap(func(b *Builder) { b.Text("more than eight bytes \xff in a text") }), ErrUTF8, "/key"},
		"part of a text":    {inMap(func(b *Builder) { b.Join("a", "\xc3", "\xa9") }), ErrUTF8, "/key"},
		"first bytes":       {func(b *Builder) { b.Text("\xff") }, ErrUTF8, ""},
		"key":               {func(b *Builder) { b.OpenMap(); b.Key("\xff"); b.Int(1); b.Close() }, ErrUTF8, "/"},
		"too deep":          {func(b *Builder) { deep(b, 65) }, ErrDepth, strings.Repeat("/0", 64)},
		"holds itself":      {func(b *Builder) { b.Value(itself) }, ErrDepth, strings.Repeat("/0", 64)},
		"string too long":   {inMap(func(b *Builder) { b.Text(strings.Repeat("a", 1<<20+1)) }), ErrSize, "/key"},
		"parts too long":    {inMap(func(b *Builder) { b.Join(strings.Repeat("a", 1<<20), "a") }), ErrSize, "/key"},
		"bytes too long":    {inMap(func(b *Builder) { b.Bytes(make([]byte, 1<<20+1)) }), ErrSize, "/key"},
		"too many items":    {inMap(func(b *Builder) { b.Value(make([]any, 100_000)) }), ErrSize, "/key"},
		"too many bytes": {func(b *Builder) {
			b.OpenList()
			for range 9 {
				b.Text(strings.Repeat("a", 1<<20))
			}
			b.Close()
		}, ErrSize, "/7"},
	} {
		var b Builder
		b.Reset([]byte("as it was"))
		c.write(&b)
		got, err := b.Finish()
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, c.err) || e.Offset != -1 || e.Pointer != c.pointer || string(got) != "as it was" {
			t.Errorf("%s: %.40q and %v, want %v at %q", name, got, err, c.err, c.pointer)
		}
		b.Reset(nil)
		b.Value("again")
		if again, err := b.Finish(); err != nil || string(again) != "\x65again" {
			t.Errorf("after %s: %x and %v", name, again, err)
		}
	}
}

func TestNoByteOfATextEscapesTheCheck(t *testing.T) {
	for size := 1; size <= 40; size++ {
		for at := range size {
			text := []byte(strings.Repeat("0", size)) // its bits are not those of 0x80
			text[at] = 0x80
			var b Builder
			b.Reset([]byte("\xff behind other bytes"[:size%15]))
			b.Text(string(text))
			if _, err := b.Finish(); !errors.Is(err, ErrUTF8) {
				t.Errorf("byte %d of %d: %v", at, size, err)
			}
		}
	}
}

func TestBuildersReachTheLimits(t *testing.T) {
	for name, write := range map[string]func(*Builder){
		"depth":  func(b *Builder) { deep(b, 64) },
		"items":  func(b *Builder) { b.Value(make([]any, 100_000)) },
		"string": func(b *Builder) { b.Text(strings.Repeat("a", 1<<20)) },
	} {
		var b Builder
		b.Reset(nil)
		write(&b)
		document, err := b.Finish()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Decode(document); err != nil {
			t.Errorf("%s is not decoded: %v", name, err)
		}
	}
}

func TestAnUnpreparedBuilderSaysSo(t *testing.T) {
	var b Builder
	b.Int(1)
	if _, err := b.Finish(); !errors.Is(err, ErrSyntax) {
		t.Error(err)
	}
}

func TestBuildersCanTellThatNothingWasWritten(t *testing.T) {
	var b Builder
	b.Reset([]byte("x"))
	if !b.Empty() {
		t.Error("not empty after Reset")
	}
	if b.Close(); b.Empty() {
		t.Error("an error counts as nothing")
	}
	b.Reset(nil)
	if b.Null(); b.Empty() {
		t.Error("null counts as nothing")
	}
}

func TestBuildersAllocateNothingOnceTheyHaveRoom(t *testing.T) {
	var b Builder
	room := make([]byte, 0, 256)
	allocated := testing.AllocsPerRun(100, func() {
		b.Reset(room)
		b.OpenMap()
		b.Key("code")
		b.Text("amount_high")
		b.Key("text")
		b.Join("card of ", "DE")
		b.Key("points")
		b.Int(300)
		b.Close()
		if _, err := b.Finish(); err != nil {
			t.Error(err)
		}
	})
	if allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

// FuzzBuilder: whatever is called in whatever order, what Finish accepts is what
// Decode accepts.
func FuzzBuilder(f *testing.F) {
	f.Add([]byte{8, 6, 'a', 2, 9})
	f.Add([]byte{8, 6, 'b', 2, 6, 'a', 7, 0, 9, 9})
	f.Fuzz(func(t *testing.T, calls []byte) {
		var b Builder
		b.Reset(nil)
		for i, c := range calls {
			text := string(calls[i+1 : min(i+1+int(c>>4), len(calls))])
			write := []func(){
				b.Null, func() { b.Bool(c > 99) }, func() { b.Int(int64(c) << (c >> 2)) }, func() { b.Float(float64(c) / 3) }, func() { b.Text(text) },
				func() { b.Bytes([]byte(text)) }, func() { b.Key(text) }, b.OpenList, b.OpenMap, b.Close, func() { b.Join(text, text) }, func() { b.Value([]any{text}) },
			}
			write[int(c&15)%len(write)]()
		}
		document, err := b.Finish()
		if err != nil {
			return
		}
		if _, err := Decode(document); err != nil {
			t.Fatalf("%x: %v", document, err)
		}
	})
}
