package nativeplugin

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func sampleRecipe() Recipe {
	return Recipe{
		Strategy: "risk", Version: "1.2.0", ImportPath: "swapline.release/risk/v1_2_0_5f1c09aa/risk", Main: "example.com/acme/risk",
		Go: "go1.26.8", Flags: []string{"-trimpath"}, Env: []string{"GOAMD64=v1"},
		Packages: []string{"example.com/acme/risk"},
		Modules: []RecipeModule{
			{Path: "example.com/a", Version: "v1.0.0", Sum: "h1:a="},
			{Path: "example.com/b", Version: "v2.0.0+incompatible", Sum: "h1:b=", Shared: "cgo"},
		},
		Sources: "ab", Contract: "sha256:cd",
	}
}

func encoded(t testing.TB, r Recipe) []byte {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestARecipeSurvivesItsEncoding(t *testing.T) {
	want := sampleRecipe()
	got, err := DecodeRecipe(encoded(t, want))
	if err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRecipesThatSayNothingAreRefused(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"strategy":1}`, `{"strategy":"a","version":"1.0.0","go":"go1.26.8"}`, strings.Repeat(" ", maxRecipe+1)} {
		if r, err := DecodeRecipe([]byte(text)); err == nil {
			t.Errorf("%.20q: %+v", text, r)
		}
	}
	if _, err := DecodeRecipe([]byte(`{"strategy":"a","version":"1.0.0","go":"go1.26.8","import_path":"x","later":[1]}`)); err != nil {
		t.Errorf("a member of a later builder: %v", err)
	}
}

func TestARecipeIsPrintedForPeopleAndCannotSteerTheirTerminal(t *testing.T) {
	r := sampleRecipe()
	r.Go = "go1.26.8\x1b[2J"
	var text strings.Builder
	if _, err := r.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"risk 1.2.0, from example.com/acme/risk", "example.com/a@v1.0.0 h1:a=, copied", "h1:b=, shared: cgo", "sha256:ab, 1 packages", "go1.26.8?[2J"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

func TestDotsOfTheLastElementAreEscapedInSymbols(t *testing.T) {
	for path, want := range map[string]string{
		"swapline.release/risk/v1": "swapline.release/risk/v1.X",
		"example.com/a.b/c.d.e":    "example.com/a.b/c%2ed%2ee.X",
		"single":                   "single.X",
	} {
		if got := mainSymbol(path, "X"); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func FuzzDecodeRecipe(f *testing.F) {
	f.Add(encoded(f, sampleRecipe()))
	f.Add([]byte(`{"strategy":"a","version":"1.0.0","go":"go1.26.8","import_path":"x","modules":[{}]}`))
	f.Add([]byte(`{"modules":null,"go":"\ud800"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := DecodeRecipe(text)
		if err != nil {
			return
		}
		again, err := DecodeRecipe(encoded(t, *r))
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Fatalf("%+v became %+v, %v", r, again, err)
		}
		if _, err := r.WriteTo(&strings.Builder{}); err != nil {
			t.Fatal(err)
		}
	})
}
