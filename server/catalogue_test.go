package server

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/swapline/swapline/runtime/problem"
)

// codesOf lists the constants of package problem from its source: a code that
// nobody put into the table must be found.
func codesOf(t *testing.T) []problem.Code {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../runtime/problem/codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []problem.Code
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if l, ok := v.Values[0].(*ast.BasicLit); ok {
				s, _ := strconv.Unquote(l.Value)
				codes = append(codes, problem.Code(s))
			}
		}
		return true
	})
	return codes
}

func entries() []Entry {
	var all []Entry
	for _, g := range Catalogue() {
		all = append(all, g.Entries...)
	}
	return all
}

func TestEveryProblemCodeHasOneEntry(t *testing.T) {
	codes := codesOf(t)
	if len(codes) < 90 {
		t.Fatalf("only %d codes found in the source", len(codes))
	}
	count := map[problem.Code]int{}
	for _, e := range entries() {
		count[e.Code]++
		if !slices.Contains(codes, e.Code) {
			t.Errorf("entry %s is not a code", e.Code)
		}
		if e.Status < 400 || e.Status > 599 || e.Title == "" || !strings.HasSuffix(e.Help, ".") {
			t.Errorf("entry %s is incomplete: %+v", e.Code, e)
		}
	}
	for _, c := range codes {
		if count[c] != 1 {
			t.Errorf("code %s has %d entries", c, count[c])
		}
	}
}

func TestTitlesAreDistinct(t *testing.T) {
	seen := map[string]problem.Code{}
	for _, e := range entries() {
		if other, ok := seen[e.Title]; ok {
			t.Errorf("%s and %s have one title %q", e.Code, other, e.Title)
		}
		seen[e.Title] = e.Code
	}
}

// TestSpecificationAgreesWithTheTable: each code that an operation lists stands
// under its own status, and each code is listed somewhere.
func TestSpecificationAgreesWithTheTable(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(specification)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for status, r := range op.Responses.Map() {
				for _, code := range codesIn(r.Value) {
					listed[code] = true
					if want := strconv.Itoa(answersByCode()[code].Status); want != status {
						t.Errorf("%s %s lists %s under %s, the table says %s", method, path, code, status, want)
					}
				}
			}
		}
	}
	for _, e := range entries() {
		// Routing errors belong to no operation; sources are built elsewhere.
		elsewhere := []problem.Code{problem.MethodNotAllowed, problem.BuildFailed}
		if !listed[string(e.Code)] && !slices.Contains(elsewhere, e.Code) {
			t.Errorf("no operation lists %s", e.Code)
		}
	}
}

// codesIn collects the enumerated codes of a problem response.
func codesIn(r *openapi3.Response) []string {
	media := r.Content.Get(mediaProblem)
	if media == nil {
		return nil
	}
	var codes []string
	for _, part := range media.Schema.Value.AllOf {
		if c := part.Value.Properties["code"]; c != nil {
			codes = append(codes, enumOf(c.Value)...)
		}
	}
	return codes
}

func enumOf(s *openapi3.Schema) []string {
	var all []string
	for _, v := range s.Enum {
		all = append(all, v.(string))
	}
	for _, a := range s.AnyOf {
		all = append(all, enumOf(a.Value)...)
	}
	return all
}

var update = flag.Bool("update", false, "write docs/errors.md")

func TestErrorsDoc(t *testing.T) {
	const file = "../docs/errors.md"
	want := errorsDoc()
	if *update {
		if err := os.MkdirAll("../docs", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/errors.md is not what the table says; run: go test ./server -run ErrorsDoc -update")
	}
}

func errorsDoc() string {
	var b strings.Builder
	b.WriteString(`# Errors

Every error of the HTTP interface is ` + "`application/problem+json`" + ` (RFC 9457) with a stable
` + "`code`" + `. The command line shows the same codes; its exit codes are at the end. This page
is made from the table in package server.

Besides the standard members an error may have ` + "`check`" + ` (which check failed), ` + "`expected`" + ` and
` + "`found`" + `, ` + "`cure`" + ` (what to do), ` + "`pointer`" + ` (RFC 6901, into the offending document) and ` + "`trace_id`" + `.

## business-error

Status 422. The strategy ran and said no. ` + "`code`, `detail` and `details`" + ` are the strategy's own. It
is an answer, not a fault: it says nothing about the health of the release.
`)
	for _, g := range Catalogue() {
		fmt.Fprintf(&b, "\n# %s\n\n%s\n", g.Name, g.Intro)
		for _, e := range g.Entries {
			fmt.Fprintf(&b, "\n## %s\n\nStatus %d. **%s.** %s\n", e.Code, e.Status, e.Title, e.Help)
		}
	}
	b.WriteString(`
# Exit codes of the command line

| code | meaning |
|---|---|
| 0 | done |
| 1 | an error, also a strategy's own |
| 2 | the command was called wrongly |
| 3 | a release was refused: verification or validation |
| 4 | no valid token |
| 5 | somebody changed the strategy meanwhile |
`)
	return b.String()
}
