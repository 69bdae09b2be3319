package problem

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"regexp"
	"testing"
)

func TestErrorSaysWhatWhereAndCure(t *testing.T) {
	err := New(ConfigSchema, "config does not match its schema").In("config_schema").
		At("/config/max").Want("integer").Got("string").Cure("change the manifest's config")
	want := "config_schema_violation: config does not match its schema at /config/max " +
		"(expected integer, found string); change the manifest's config"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestBuildersDoNotShareState(t *testing.T) {
	base := New(BadRequest, "base")
	_ = base.Want("a").Got("b").Cure("c").At("/d").In("e")
	if base.Expected+base.Found+base.Remedy+base.Pointer+base.Check != "" {
		t.Errorf("builder methods changed their receiver: %+v", base)
	}
}

func TestTextSaysOnlyWhatIsKnown(t *testing.T) {
	p := New(KeyUnknown, "no key")
	for want, err := range map[string]error{
		"key_unknown: no key":                             p,
		"key_unknown: no key (found a)":                   p.Got("a"),
		"key_unknown: no key (expected a, found nothing)": p.Want("a"),
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

func TestCodeSurvivesWrapping(t *testing.T) {
	inner := New(StoreFailed, "write: %w", io.ErrShortWrite)
	err := fmt.Errorf("stage: %w", inner)
	if got := CodeOf(err); got != StoreFailed {
		t.Errorf("code = %s", got)
	}
	if !errors.Is(err, &Error{Code: StoreFailed}) || errors.Is(err, &Error{Code: Internal}) {
		t.Error("errors.Is must compare codes")
	}
	if !errors.Is(err, io.ErrShortWrite) {
		t.Error("the cause is lost")
	}
	if CodeOf(io.EOF) != Internal || CodeOf(nil) != "" {
		t.Error("foreign errors are internal, nil has no code")
	}
}

func TestCodesAreDistinctAndWellFormed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^"[a-z][a-z0-9]*(_[a-z0-9]+)*"$`)
	seen := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			value := spec.Values[i].(*ast.BasicLit).Value
			if !form.MatchString(value) {
				t.Errorf("%s: %s is not lower-case words", name, value)
			}
			if other, dup := seen[value]; dup {
				t.Errorf("%s and %s share %s", name, other, value)
			}
			seen[value] = name.Name
		}
		return true
	})
	if len(seen) < 50 {
		t.Fatalf("only %d codes were found: the test reads the wrong file", len(seen))
	}
}
