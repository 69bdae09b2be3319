package measure

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Figure is one measured value.
type Figure struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Ratio   float64 `json:"ratio,omitempty"`
	Against string  `json:"against,omitempty"`
}

// Target is a figure that was promised. Bounds in units of time belong to the
// machine for which they were set; a slower one misses them.
type Target struct {
	Name string  `json:"target"`
	Want string  `json:"want"`
	Got  float64 `json:"got"`
	Unit string  `json:"unit"`
	OK   bool    `json:"ok"`
}

// Report collects figures and prints each as it comes:
//
//	bench: name=execute.memory value=1840 unit=ns ratio=1.45 against=execute.direct
//	bench: target=execute.c.request want=<=6 got=5.1 unit=us ok
type Report struct {
	Prefix  string // of each line
	Out     io.Writer
	Figures []Figure
	Targets []Target
}

// Add takes a figure without comparison.
func (r *Report) Add(name string, value float64, unit string) {
	r.add(Figure{Name: name, Value: value, Unit: unit})
}

func (r *Report) add(f Figure) {
	r.Figures = append(r.Figures, f)
	line := fmt.Sprintf("%s: name=%s value=%.4g unit=%s", r.Prefix, f.Name, f.Value, f.Unit)
	if f.Against != "" {
		line += fmt.Sprintf(" ratio=%.3g against=%s", f.Ratio, f.Against)
	}
	fmt.Fprintln(r.Out, line)
}

// Compare takes a figure and its ratio to one that was added before.
func (r *Report) Compare(name string, value float64, unit, against string) {
	f := Figure{Name: name, Value: value, Unit: unit}
	if other := r.Value(against); other > 0 {
		f.Ratio, f.Against = value/other, against
	}
	r.add(f)
}

// Cost takes what Run found out of one subject, compared with another's, "" for
// none.
func (r *Report) Cost(name string, c Cost, against string) {
	compare := func(part string, value float64, unit string) {
		r.Compare(name+part, value, unit, against+part)
	}
	compare("", c.CPU, "cpu-ns")
	compare(".wall", c.Wall, "ns")
	compare(".allocs", c.Allocs, "allocs")
	compare(".bytes", c.Bytes, "B")
}

// Value returns a figure, 0 if there is none of the name.
func (r *Report) Value(name string) float64 {
	for _, f := range r.Figures {
		if f.Name == name {
			return f.Value
		}
	}
	return 0
}

// Most judges a figure that must not be above the bound, Least one that must not
// be below.
func (r *Report) Most(name string, got, bound float64, unit string) {
	r.judge(Target{Name: name, Want: fmt.Sprintf("<=%g", bound), Got: got, Unit: unit, OK: got <= bound})
}

// Least is the opposite of Most.
func (r *Report) Least(name string, got, bound float64, unit string) {
	r.judge(Target{Name: name, Want: fmt.Sprintf(">=%g", bound), Got: got, Unit: unit, OK: got >= bound})
}

func (r *Report) judge(t Target) {
	r.Targets = append(r.Targets, t)
	verdict := "missed"
	if t.OK {
		verdict = "ok"
	}
	fmt.Fprintf(r.Out, "%s: target=%s want=%s got=%.3g unit=%s %s\n", r.Prefix, t.Name, t.Want, t.Got, t.Unit, verdict)
}

// Write stores figures and targets as JSON.
func (r *Report) Write(path string) error {
	raw, err := json.MarshalIndent(map[string]any{"figures": r.Figures, "targets": r.Targets}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o644)
}
