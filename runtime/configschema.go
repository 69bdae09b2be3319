package runtime

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// checkConfig holds the config against its schema before any code is loaded.
func (p *pipeline) checkConfig(ctx context.Context, m *manifest.Manifest) error {
	return p.step(ctx, "config_schema", func(context.Context) (string, error) {
		if m.ConfigSchema == nil {
			return "the manifest has no schema", nil
		}
		return "the config fits", conforms(m.Config, m.ConfigSchema)
	})
}

// conforms validates config against a JSON Schema (draft 2020-12 unless it says
// otherwise).
func conforms(config, schema map[string]any) error {
	compiled, err := compileSchema(schema)
	if err != nil {
		return problem.New(problem.ConfigSchema, "the config schema is not usable: %s", oneLine(err)).At("/config_schema").
			Cure("correct config_schema; it must be one self-contained JSON Schema")
	}
	instance, err := schemaValue(config)
	if err != nil {
		return problem.New(problem.ConfigSchema, "the config has no JSON form: %w", err).At("/config")
	}
	return schemaProblem(compiled.Validate(instance))
}

func compileSchema(schema map[string]any) (*jsonschema.Schema, error) {
	doc, err := schemaValue(schema)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(noReferences{})
	const name = "manifest:config_schema"
	if err := c.AddResource(name, doc); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

// noReferences keeps a manifest from making the host read files or URLs.
type noReferences struct{}

func (noReferences) Load(url string) (any, error) {
	return nil, problem.New(problem.ConfigSchema, "reference to %s: a schema may refer to nothing outside of itself", url)
}

// schemaValue is m as the validator wants it: plain JSON with exact numbers.
func schemaValue(m map[string]any) (any, error) {
	text, err := wire.AppendJSON(nil, orEmpty(m))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// schemaProblem reports the first violation, where it is.
func schemaProblem(err error) error {
	if err == nil {
		return nil
	}
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return problem.New(problem.ConfigSchema, "the config cannot be validated: %s", oneLine(err))
	}
	for len(v.Causes) > 0 {
		v = v.Causes[0]
	}
	what := v.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	return problem.New(problem.ConfigSchema, "the config is outside of its schema: %s", what).At("/config" + pointerTo(v.InstanceLocation)).
		Cure("correct the config in the manifest and sign again")
}

// pointerTo makes an RFC 6901 pointer.
func pointerTo(path []string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, part := range path {
		b.WriteString("/" + escape.Replace(part))
	}
	return b.String()
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
