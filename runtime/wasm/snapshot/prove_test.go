package snapshot_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// tally counts what was compared.
type tally struct{ modules, prepared, fresh, calls, grown int }

// prove compares a module with its prepared copy: both end the same way when
// they are made, hold the same, and answer the same. Then it restores the copy,
// asks again, and makes a further guest from the image and asks that.
func (r *runner) prove(t testing.TB, what string, module []byte, sum *tally) {
	t.Helper()
	original, err := guard.Parse(module, guard.Limits{})
	if err != nil {
		return
	}
	sum.modules++
	p, err := snapshot.Prepare(module, guard.Limits{})
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if p.Fresh != "" {
		sum.fresh++
		return
	}
	plain, refused := r.compile(module, original, nil)
	copied, err := r.compile(p.Module, original, p.Globals)
	if (err == nil) != (refused == nil) {
		t.Errorf("%s: compiles with %v, prepared with %v", what, refused, err)
	}
	if err != nil || refused != nil {
		return
	}
	defer plain.close()
	defer copied.close()
	sum.prepared++
	want, end := plain.guest(nil, false)
	got, preparedEnd := copied.guest(nil, true)
	if end != preparedEnd {
		t.Errorf("%s: ends with %q, prepared with %q", what, end, preparedEnd)
	}
	if want == nil || got == nil {
		return
	}
	defer plain.end(want)
	defer copied.end(got)
	proveGuests(t, what, plain.round(want), copied, got, sum)
}

func proveGuests(t testing.TB, what string, want []string, copied *subject, got wasm.Guest, sum *tally) {
	t.Helper()
	image, err := got.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	values := copied.values(got)
	first := copied.round(got)
	same(t, what+", prepared", want, first)
	sum.calls += len(want) - 1
	switch err := got.Restore(image); {
	case errors.Is(err, snapshot.ErrGrown):
		sum.grown++
	case err != nil:
		t.Fatal(err)
	default:
		copied.set(got, values)
		same(t, what+", restored", want, copied.round(got))
	}
	further, end := copied.guest(image, true)
	if end != "" {
		t.Fatal(end)
	}
	defer copied.end(further)
	copied.set(further, values)
	same(t, what+", from the image", want, copied.round(further))
}

func same(t testing.TB, what string, want, got []string) {
	t.Helper()
	for i := range want {
		if want[i] != got[i] {
			t.Errorf("%s: %s, original %s", what, got[i], want[i])
		}
	}
}

// TestCoreSuite compares every module of the WebAssembly core test suite, which
// comes with wazero's source.
func TestCoreSuite(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "internal/integration_test/spectest/v2/testdata/*.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	paths = slices.DeleteFunc(paths, func(p string) bool { return strings.HasPrefix(filepath.Base(p), "simd_") })
	var sum tally
	r := newRunner(t)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r.prove(t, filepath.Base(path), b, &sum)
	}
	t.Logf("core suite: %+v", sum)
	if sum.prepared < 900 || sum.calls < 2900 {
		t.Error("the suite is not there in full")
	}
}
