package sdktest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// values sends values of all kinds; what comes back must be the same bytes,
// although the guest wrote every map backwards.
func values(t *testing.T, m module) {
	g := openGuest(t, m, map[string]any{})
	r := rand.New(rand.NewPCG(3, 4))
	all := edges()
	for range 10_000 {
		all = append(all, random(r, 4))
	}
	for n, v := range all {
		in := encoded(t, map[string]any{"value": v})
		status, out, err := g.call(g.execute, in)
		if err != nil || status != abi.StatusOK || !bytes.Equal(out, in) {
			t.Fatalf("value %d: status %d, %v\ngot  %x\nwant %x", n, status, err, out, in)
		}
	}
}

// edges lists the values just inside of each length of a head.
func edges() (all []any) {
	for _, f := range edgeFloats() {
		all = append(all, f)
	}
	for _, size := range []int{23, 24, 255, 256, 65535, 65536} {
		list, m := make([]any, size), make(map[string]any, size)
		for i := range size {
			list[i] = int64(i)
			m[strings.Repeat("k", i%7)+hex.EncodeToString([]byte{byte(i >> 16), byte(i >> 8), byte(i)})] = int64(i)
		}
		all = append(all, int64(size), ^int64(size), strings.Repeat("a", size), bytes.Repeat([]byte{1}, size), list)
		if size < 65535 { // the reader and the writer need their time for one map
			all = append(all, m)
		}
	}
	for size := range 40 {
		all = append(all, neighbours(size))
	}
	return append(all, int64(math.MaxInt64), int64(math.MinInt64), int64(1<<32-1), int64(1<<32), ^int64(1<<32), nested(62))
}

// neighbours is a map of keys of one length that differ in one byte each.
func neighbours(size int) map[string]any {
	m := map[string]any{}
	for i := range size {
		key := bytes.Repeat([]byte("k"), size)
		key[i] = 'x'
		m[string(key)] = int64(i)
	}
	return m
}

func nested(depth int) any {
	var v any = true
	for i := range depth {
		if i%2 == 0 {
			v = []any{v}
		} else {
			v = map[string]any{"k": v}
		}
	}
	return v
}

func random(r *rand.Rand, depth int) any {
	kinds := 9
	if depth == 0 {
		kinds = 7
	}
	switch r.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2, 3:
		n := int64(r.Uint64() >> r.IntN(64))
		return n - int64(r.IntN(2))*n*2
	case 4:
		return randomFloat(r)
	case 5:
		return randomText(r)
	case 6:
		return []byte(randomText(r))
	case 7:
		list := make([]any, r.IntN(6))
		for i := range list {
			list[i] = random(r, depth-1)
		}
		return list
	}
	m := map[string]any{}
	for range r.IntN(8) {
		m[randomText(r)] = random(r, depth-1)
	}
	return m
}

func randomFloat(r *rand.Rand) float64 {
	f := math.Float64frombits(r.Uint64())
	switch r.IntN(4) {
	case 0:
		f = float64(math.Float32frombits(r.Uint32()))
	case 1:
		f = math.Ldexp(float64(r.IntN(4096)-2048), r.IntN(40)-30)
	case 2:
		f = float64(r.IntN(100_000)) / 100
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0.1
	}
	return f
}

func randomText(r *rand.Rand) string {
	alphabet := []string{"a", "b", "key", "\u00fc", "\u6c34", "\U0001f4b6", "\x00", "\n", "\x7f"}
	var b strings.Builder
	for range r.IntN(4) * r.IntN(12) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// hostileBytes changes well-formed inputs and sends them. A guest may answer
// what it likes, but neither trap nor hang, and it goes on working.
func hostileBytes(t *testing.T, m module) {
	g := openGuest(t, m, map[string]any{})
	all := []api.Function{g.execute, g.execute, g.module.ExportedFunction(exportDecode), g.module.ExportedFunction(exportEcho)}
	r := rand.New(rand.NewPCG(5, 6))
	good := encoded(t, map[string]any{"value": []any{int64(1), "two", map[string]any{"k": 0.5}}})
	for n := range 20_000 {
		in := encoded(t, map[string]any{"value": random(r, 3)})
		for range 1 + r.IntN(4) {
			in = spoiled(r, in)
		}
		if _, _, err := g.call(all[n%len(all)], in); err != nil {
			t.Fatalf("input %d, %x, function %d: %v", n, in, n%len(all), err)
		}
		if n%1000 == 0 {
			if status, out, err := g.call(g.execute, good); err != nil || status != abi.StatusOK || !bytes.Equal(out, good) {
				t.Fatalf("after input %d, %x: status %d, %x, %v", n, in, status, out, err)
			}
		}
	}
	for _, f := range all[1:] {
		for _, in := range decodeBombs() {
			if _, _, err := g.call(f, in); err != nil {
				t.Errorf("%.20x: %v", in, err)
			}
		}
		noMap(t, g, f)
	}
}

func spoiled(r *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return []byte{byte(r.Uint32())}
	}
	at := r.IntN(len(b))
	switch r.IntN(4) {
	case 0:
		return b[:at+1]
	case 1:
		b[at] = byte(r.Uint32())
	case 2:
		b[at] = []byte{0x1b, 0x3b, 0x5b, 0x7b, 0x9b, 0xbb, 0xff, 0x9f, 0xbf, 0x5f, 0xf8, 0xfb}[r.IntN(12)]
	case 3:
		b[at] ^= 1 << r.IntN(8)
	}
	return b
}

// decodeBombs announce more than they hold.
func decodeBombs() [][]byte {
	head := append([]byte{0xa1, 0x65}, "value"...)
	var all [][]byte
	for _, tail := range []string{"9bffffffffffffffff", "bbffffffffffffffff", "bb7fffffffffffffff", "5bffffffffffffffff", "7bffffffffffffffff",
		"9a00ffffff", "ba00ffffff", "1b", "fb00", "f9", "7affffffff61", "bf", "ff", "c0c0c0c0"} {
		b, _ := hex.DecodeString(tail)
		all = append(all, append(bytes.Clone(head), b...))
	}
	for _, first := range []byte{0x81, 0x9b, 0xbb, 0x9f} {
		all = append(all, append(bytes.Clone(head), bytes.Repeat([]byte{first}, 100_000)...))
	}
	return all
}

// inputsFor returns maps {"value": v}, every other one of them damaged.
func inputsFor(n int) [][]byte {
	r := rand.New(rand.NewPCG(7, 8))
	all := decodeBombs()
	for range n {
		in, err := wire.Append(nil, map[string]any{"value": random(r, 4)})
		if err != nil {
			panic(err)
		}
		if r.IntN(2) == 0 {
			in = spoiled(r, in)
		}
		all = append(all, in)
	}
	return all
}

// noMap sends what is not a map: a fault, not a trap.
func noMap(t *testing.T, g *guest, f api.Function) {
	t.Helper()
	for _, in := range []string{"01", "80", "f6", "60", "ff", "bb", "fb0000000000000000"} {
		b, _ := hex.DecodeString(in)
		if status, body, err := g.call(f, b); err != nil || status != abi.StatusFault {
			t.Errorf("%s: status %d, %q, %v, want a fault", in, status, body, err)
		}
	}
}

// hostCalls looks at what the strategy testdata/host asks for and answers.
func hostCalls(t *testing.T, m module) {
	g := openGuest(t, m, map[string]any{})
	status, body, err := g.call(g.execute, encoded(t, map[string]any{}))
	if err != nil || status != abi.StatusOK {
		t.Fatalf("status %d, %q, %v", status, body, err)
	}
	out, err := wire.DecodeMap(body)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := wire.AppendJSON(nil, out)
	const want = `{"before":false,"body":{"$bytes":"cG9uZw=="},"denied":"capability_denied: this event is not granted",` +
		`"gone":true,"kept":{"list":[1,"two"],"n":7},"now":1700000000000000001,"random":{"$bytes":"Y2hhbmNl"},"seen":1,"status":200}`
	if string(got) != want {
		t.Errorf("answer\n  %s\nwant\n  %s", got, want)
	}
	asked := []string{
		`log info ["plain line",{}]`, `log warn ["line with fields",{"a":1,"text":"x"}]`,
		`emit {"data":{"score":7},"type":"scored"}`, `emit {"data":{},"type":"forbidden"}`,
		`state {"get":"k"}`, `state {"put":"k","value":{"list":[1,"two"],"n":7}}`, `state {"get":"k"}`, `state {"delete":"k"}`, `state {"get":"k"}`,
		`http {"body":{"$bytes":"cGluZw=="},"headers":{"accept":"text/plain"},"method":"POST","url":"https://example.com/"}`,
	}
	if got, want := strings.Join(g.host.asked, "\n"), strings.Join(asked, "\n"); got != want {
		t.Errorf("asked\n%s\nwant\n%s", got, want)
	}
}

// reproducible builds a copy of the SDK's folder elsewhere.
func reproducible(t *testing.T, folder string, m module) {
	away := filepath.Join(t.TempDir(), "another", "place")
	copySources(t, away, folder)
	if digest(t, m) != digest(t, build(t, filepath.Join(away, "tck"))) {
		t.Error("the same sources give other bytes in another folder")
	}
}

// copySources leaves out what tools made, but what npm installed can be found.
func copySources(t *testing.T, to, from string) {
	t.Helper()
	const installed = "node_modules"
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		source, err := filepath.Abs(filepath.Join(from, e.Name()))
		target := filepath.Join(to, e.Name())
		switch {
		case err != nil || e.Name() == "target":
		case e.Name() == installed:
			err = os.Symlink(source, target)
		case e.IsDir():
			err = os.CopyFS(target, os.DirFS(source))
		default:
			err = copyFile(target, source)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(to, from string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

func digest(t *testing.T, m module) [32]byte {
	t.Helper()
	b, err := os.ReadFile(m.path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}
