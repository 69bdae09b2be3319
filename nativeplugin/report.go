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

// Severities. The first two keep a plugin from being opened.
const (
	// Fails: plugin.Open would refuse the plugin, or not survive it.
	Fails Severity = "fails"
	// Dangerous: plugin.Open would accept it, and this package does not.
	Dangerous Severity = "dangerous"
	// Harmless: noted for completeness.
	Harmless Severity = "harmless"
)

// Meaning is the severity in words for people.
func (s Severity) Meaning() string {
	switch s {
	case Fails:
		return "loading fails"
	case Dangerous:
		return "dangerous, refused"
	}
	return "harmless"
}

// Difference is one line of a report.
type Difference struct {
	// What differs, Host and Plugin how. Host names the release if the difference
	// is to a plugin that is loaded.
	What     string       `json:"what"`
	Host     string       `json:"host"`
	Plugin   string       `json:"plugin"`
	Severity Severity     `json:"severity"`
	Code     problem.Code `json:"code"`
	// Cure is the command that removes the difference; empty if it is harmless.
	Cure string `json:"cure,omitempty"`
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
	Libraries []string `json:"libraries"`
	Modules   []string `json:"modules"` // path@version
	// Open is the release for which the host has this very file open already;
	// nothing is compared then.
	Open string `json:"open,omitempty"`
	// Loaded are the plugins that it was compared with, besides the host.
	Loaded      []string     `json:"loaded,omitempty"`
	Differences []Difference `json:"differences"`
}

// Fails predicts what plugin.Open would say in that process: true if it would
// refuse the plugin. It is exact for what reading a file can tell; what the
// plugin does when it starts is the probe's to find.
func (r Report) Fails() bool { return r.has(Fails) }

// Dangerous reports whether plugin.Open would accept the plugin and this package
// refuses it.
func (r Report) Dangerous() bool { return !r.Fails() && r.has(Dangerous) }

func (r Report) has(s Severity) bool {
	return slices.ContainsFunc(r.Differences, func(d Difference) bool { return d.Severity == s })
}

// Refusals are the differences that keep the plugin from being opened, the
// most telling first: a wrong toolchain explains all fingerprints that differ.
func (r Report) Refusals() []Difference {
	list := slices.DeleteFunc(slices.Clone(r.Differences), func(d Difference) bool { return d.Severity == Harmless })
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
	if r.Dangerous() {
		message += "; plugin.Open would accept it and put the process at risk"
	}
	return problem.New(first.Code, "%s", message).In("native_preflight").
		Want("%s", first.Host).Got("%s", first.Plugin).Cure("%s", first.Cure).Differing(told(list), max(0, len(list)-differencesTold))
}

// Bounds of the table in an error: lines, and bytes of one text in it.
const (
	differencesTold = 40
	textTold        = 256
)

// told is the table in the form of package problem.
func told(list []Difference) []problem.Difference {
	var lines []problem.Difference
	for _, d := range list[:min(len(list), differencesTold)] {
		lines = append(lines, problem.Difference{What: short(d.What), Host: short(d.Host), Plugin: short(d.Plugin), Severity: string(d.Severity), Cure: short(d.Cure)})
	}
	return lines
}

// short bounds a text that a plugin's file may have decided.
func short(s string) string {
	if len(s) <= textTold {
		return s
	}
	return strings.ToValidUTF8(s[:textTold], "") + "..."
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

// WriteTo writes the differences as a table for people, with the cures below it.
func (r Report) WriteTo(w io.Writer) (int64, error) {
	counted := &countingWriter{w: w}
	t := tabwriter.NewWriter(counted, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tHOST\tPLUGIN\tMEANING\tCURE")
	var cures []string
	for _, d := range r.Differences {
		cure := "-"
		if d.Cure != "" {
			if !slices.Contains(cures, d.Cure) {
				cures = append(cures, d.Cure)
			}
			cure = fmt.Sprintf("[%d]", slices.Index(cures, d.Cure)+1)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", printable(d.What), printable(d.Host), printable(d.Plugin), d.Severity.Meaning(), cure)
	}
	err := t.Flush()
	for i, cure := range cures {
		fmt.Fprintf(counted, "[%d] %s\n", i+1, printable(cure))
	}
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
