package nativeplugin

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/swapline/swapline/runtime/problem"
)

// Severity says what a difference between host and plugin means.
type Severity string

// Severities.
const (
	// Refused: the plugin is not opened.
	Refused Severity = "refused"
	// Dangerous: it would open and may misbehave; people should know.
	Dangerous Severity = "dangerous"
	// Harmless: noted for completeness.
	Harmless Severity = "harmless"
)

// Difference is one line of a report.
type Difference struct {
	What     string       `json:"what"`
	Host     string       `json:"host"`
	Plugin   string       `json:"plugin"`
	Severity Severity     `json:"severity"`
	Code     problem.Code `json:"code"`
	Cure     string       `json:"cure,omitempty"`
}

// Report compares one plugin with a host and with the plugins it has loaded.
type Report struct {
	Path       string `json:"path"`
	GoVersion  string `json:"go_version"`
	ImportPath string `json:"import_path"` // of the plugin's main package
	// Packages is how many packages the plugin brings, Shared how many of them
	// the host or a loaded plugin has too.
	Packages int `json:"packages"`
	Shared   int `json:"shared"`
	// Libraries are the shared C libraries it needs.
	Libraries   []string     `json:"libraries"`
	Modules     []string     `json:"modules"` // path@version
	Differences []Difference `json:"differences"`
}

// Refusals are the differences that keep the plugin from being opened, the
// most telling first: a wrong toolchain explains all fingerprints that differ.
func (r Report) Refusals() []Difference {
	var list []Difference
	for _, d := range r.Differences {
		if d.Severity == Refused {
			list = append(list, d)
		}
	}
	slices.SortStableFunc(list, func(x, y Difference) int { return rank(x.Code) - rank(y.Code) })
	return list
}

func rank(c problem.Code) int {
	order := []problem.Code{problem.NativeMalformed, problem.NativeToolchain, problem.NativeConflict,
		problem.NativeDependency, problem.NativeLayout, problem.NativeSymbol}
	return slices.Index(order, c)
}

// refusalsTold bounds how many further differences an error spells out.
const refusalsTold = 8

// Err is nil when nothing is refused, else a problem with the code of the most
// telling refusal that lists them all.
func (r Report) Err() error {
	list := r.Refusals()
	if len(list) == 0 {
		return nil
	}
	first := list[0]
	message := fmt.Sprintf("the plugin does not fit this host: %s differs", first.What)
	if more := list[1:]; len(more) > 0 {
		message += fmt.Sprintf("; so do %d more: %s", len(more), names(more))
	}
	return problem.New(first.Code, "%s", message).In("native_preflight").
		Want("%s", first.Host).Got("%s", first.Plugin).Cure("%s", first.Cure)
}

func names(list []Difference) string {
	var all []string
	for _, d := range list[:min(len(list), refusalsTold)] {
		all = append(all, d.What)
	}
	if len(list) > refusalsTold {
		all = append(all, "...")
	}
	return strings.Join(all, ", ")
}

// WriteTo writes the differences as a table for people.
func (r Report) WriteTo(w io.Writer) (int64, error) {
	counted := &countingWriter{w: w}
	t := tabwriter.NewWriter(counted, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tHOST\tPLUGIN\tSEVERITY\tCURE")
	for _, d := range r.Differences {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", d.What, d.Host, d.Plugin, d.Severity, d.Cure)
	}
	err := t.Flush()
	return counted.n, err
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

var _ io.WriterTo = Report{}
