package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

func (a *app) inspectCommand() *cobra.Command {
	var against string
	c := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show what is in an artifact or envelope, without running it",
		Example: `  swapline inspect dist/risk-1.2.0.wasm        imports, exports, memory; the manifest beside it
  swapline inspect dist/risk-1.2.0.so          differences to this program
  swapline inspect dist/risk-1.2.0.wasm.dsse   the manifest alone
  swapline inspect risk.so --against host      the running server and all it has open
  swapline inspect risk.so --against /usr/local/bin/swapline`,
		Long: `Reads an artifact and, if it is there, the envelope beside it. Nothing of the
artifact is executed and no signature is checked; swapline verify does that.

Of a Wasm module it shows what the server's parser sees, of a native plugin the
pre-flight report: each difference to the host that would load it, what it means,
and the command that cures it. Only a running server knows what it has open, so
--against host (or a URL) says most.
The exit code is 3 when a host would refuse the file.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return a.inspect(c.Context(), args[0], against) },
	}
	c.Flags().StringVar(&against, "against", "", "`what` to compare a native plugin with: host (the running server), a server's URL, or a program's file; default: this program")
	return c
}

// inspection is what inspect prints.
type inspection struct {
	Artifact *artifact            `json:"artifact,omitempty"`
	Manifest *claim               `json:"unverified_manifest,omitempty"`
	Module   *module              `json:"module,omitempty"`
	Plugin   *nativeplugin.Report `json:"plugin,omitempty"`
	Recipe   *nativeplugin.Recipe `json:"recipe,omitempty"`
}

// claim is a manifest that nobody checked.
type claim struct {
	Digest   manifest.Digest `json:"digest"`
	KeyIDs   []string        `json:"key_ids"`
	manifest *manifest.Manifest
	Payload  string `json:"payload"`
}

// module is what the parser sees in a Wasm module.
type module struct {
	Imports   []string `json:"imports"`
	Exports   []string `json:"exports"`
	Memories  []string `json:"memories"`
	Functions int      `json:"functions"`
	CodeBytes int      `json:"code_bytes"`
	Producers []string `json:"producers"`
}

func (a *app) inspect(ctx context.Context, path, against string) error {
	var out inspection
	var refused error
	envelope := path + envelopeSuffix
	if strings.HasSuffix(path, envelopeSuffix) {
		envelope = path
	} else if err := out.readArtifact(path); err != nil {
		return err
	} else {
		refused = a.look(ctx, &out, path, against)
	}
	if err := out.readClaim(envelope); err != nil && (envelope == path || !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	if out.Module == nil && out.Plugin == nil && refused != nil {
		return refused
	}
	return errors.Join(a.print(out, out.print), refused)
}

func (i *inspection) readArtifact(path string) error {
	file, err := readArtifact(path)
	if err != nil {
		return err
	}
	i.Artifact = &file
	return nil
}

// look describes the artifact; the error says why a host would refuse it.
func (a *app) look(ctx context.Context, i *inspection, path, against string) error {
	if i.Artifact.Kind == nativeplugin.Kind {
		host, err := a.hostProfile(ctx, against)
		if err != nil {
			return err
		}
		report, err := host.Inspect(path)
		if err != nil {
			return err
		}
		i.Plugin = &report
		if i.Recipe, err = nativeplugin.RecipeOf(path); err != nil {
			return err
		}
		return withoutTable(report.Err())
	}
	b, err := readAtMost(path, guard.DefaultLimits().Bytes)
	if err != nil {
		return err
	}
	m, err := guard.Parse(b, guard.DefaultLimits())
	if err != nil {
		return err
	}
	i.Module = moduleOf(m)
	return nil
}

func moduleOf(m *guard.Module) *module {
	out := &module{Functions: m.Functions, CodeBytes: m.CodeBytes}
	for _, f := range m.Imports {
		out.Imports = append(out.Imports, oneLine(f.Module+"."+f.Name)+" "+f.Type.String())
	}
	for _, e := range m.Exports {
		text := oneLine(e.Name) + " " + e.Kind.String()
		if e.Kind == guard.ExportFunction {
			text = oneLine(e.Name) + " " + e.Type.String()
		}
		out.Exports = append(out.Exports, text)
	}
	for _, mem := range m.Memories {
		most := "no maximum"
		if mem.HasMax {
			most = "at most " + bytesText(int64(mem.Max)*guard.PageSize)
		}
		out.Memories = append(out.Memories, bytesText(int64(mem.Min)*guard.PageSize)+" at start, "+most)
	}
	for _, p := range m.Producers {
		out.Producers = append(out.Producers, oneLine(strings.TrimSpace(p.Field+" "+p.Name+" "+p.Version)))
	}
	return out
}

func (i *inspection) readClaim(path string) error {
	text, err := readAtMost(path, trust.MaxEnvelope)
	if err != nil {
		return err
	}
	m, err := unverifiedManifest(text)
	if err != nil {
		return err
	}
	u, err := trust.ReadUnverified(text)
	if err != nil {
		return err
	}
	i.Manifest = &claim{Digest: u.Digest, KeyIDs: u.KeyIDs, manifest: m, Payload: string(u.Payload)}
	return nil
}

func (i *inspection) print(w io.Writer) {
	if i.Artifact != nil {
		fmt.Fprintf(w, "%s: %s, %s\n  %s\n", i.Artifact.Path, i.Artifact.Kind, bytesText(i.Artifact.Size), i.Artifact.SHA256)
	}
	if i.Module != nil {
		i.Module.print(w)
	}
	if i.Plugin != nil {
		printPlugin(w, i.Plugin)
	}
	if i.Recipe != nil {
		fmt.Fprintln(w, "recipe (swapline build --recipe FILE FOLDER builds it again)")
		_, _ = i.Recipe.WriteTo(w)
	}
	if i.Manifest != nil {
		i.Manifest.print(w)
	}
}

func printPlugin(w io.Writer, r *nativeplugin.Report) {
	fmt.Fprintf(w, "%s, built with %s; %d packages, %d of them shared with the host\n", oneLine(r.ImportPath), oneLine(r.GoVersion), r.Packages, r.Shared)
	if r.Open != "" {
		fmt.Fprintf(w, "the host has this very file open, for %s\n", oneLine(r.Open))
		return
	}
	if len(r.Differences) == 0 {
		fmt.Fprintln(w, "no difference to the host")
		return
	}
	fmt.Fprintln(w, fateOf(r))
	few, more := fewPackages(r.Differences)
	printTable(w, few, more)
}

// fateOf says what the whole table means.
func fateOf(r *nativeplugin.Report) string {
	where := "the host"
	if n := len(r.Loaded); n > 0 {
		where = fmt.Sprintf("the host and what it has open (%d)", n)
	}
	switch {
	case r.Fails():
		return "compared with " + where + ": it cannot be loaded"
	case r.Dangerous():
		return "compared with " + where + ": Go would load it, and put the process at risk; it is refused"
	}
	return "compared with " + where + ": it can be loaded"
}

// printDifferences prints the table that a refused plugin comes with.
func printDifferences(w io.Writer, err error) {
	var p *problem.Error
	if !errors.As(err, &p) || len(p.Differences) == 0 {
		return
	}
	var all []nativeplugin.Difference
	for _, d := range p.Differences {
		all = append(all, nativeplugin.Difference{What: d.What, Host: d.Host, Plugin: d.Plugin, Severity: nativeplugin.Severity(d.Severity), Cure: d.Cure})
	}
	few, more := fewPackages(all)
	printTable(shown{w}, few, more+p.DifferencesLeftOut)
}

// withoutTable is for an error whose table has been printed.
func withoutTable(err error) error {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Differing(nil, 0)
	}
	return err
}

func printTable(w io.Writer, lines []nativeplugin.Difference, more int) {
	_, _ = nativeplugin.Report{Differences: lines}.WriteTo(w)
	if more > 0 {
		fmt.Fprintf(w, "and %d more differences; --json lists them\n", more)
	}
}

// fewPackages leaves out most of the packages: one flag that differs makes
// nearly all of them differ.
func fewPackages(all []nativeplugin.Difference) (few []nativeplugin.Difference, more int) {
	const enough = 5
	packages := 0
	for _, d := range all {
		if strings.HasPrefix(d.What, "package ") {
			if packages++; packages > enough {
				more++
				continue
			}
		}
		few = append(few, d)
	}
	return few, more
}

func (m *module) print(w io.Writer) {
	fmt.Fprintf(w, "%d functions, %s of code\n", m.Functions, bytesText(int64(m.CodeBytes)))
	for _, part := range []struct {
		title string
		lines []string
	}{{"memory", m.Memories}, {"imports", m.Imports}, {"exports", m.Exports}, {"made by", m.Producers}} {
		fmt.Fprintf(w, "%s\n", part.title)
		for _, line := range part.lines {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
}

func (c *claim) print(w io.Writer) {
	m := c.manifest
	fmt.Fprintf(w, "manifest (signatures not checked)\n")
	for _, line := range [][2]string{
		{"release", m.Name + "@" + m.Version + ", " + string(m.Kind)},
		{"digest", string(c.Digest)},
		{"artifact", fmt.Sprintf("%s, %s", m.Artifact.SHA256, bytesText(m.Artifact.Size))},
		{"sequence", fmt.Sprint(m.Sequence)},
		{"valid", validity(m) + ", issued " + m.Issued.Format(time.RFC3339)},
		{"methods", strings.Join(m.Methods, ", ")},
		{"golden cases", fmt.Sprint(len(m.Golden))},
		{"keys", strings.Join(c.KeyIDs, ", ")},
	} {
		fmt.Fprintf(w, "  %-12s  %s\n", line[0], oneLine(line[1]))
	}
}
