package page

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// planFile is what commands call the plan, and a download of it.
const planFile = "plan.json"

// mostBytes is how large a download within the page may be.
const mostBytes = 16 << 20

// download is a file within the page.
type download struct {
	Name, File, Size string
	Link             template.URL
}

// downloads are the raw histograms of each arm and the whole report. What cannot
// be written as JSON, or is too large, is left out.
func downloads(t team, r *compare.Report) []download {
	var out []download
	for i, a := range t.arms {
		for _, d := range []struct {
			of   string
			dist *compare.Distribution
		}{{"latency", a.Latency}, {"open-latency", a.Open}} {
			if d.dist == nil {
				continue
			}
			file := d.of + "-" + strconv.Itoa(i+1)
			if log := (Tagged{t.names[i], d.dist}); log.Known() {
				out = add(out, t.names[i]+", "+d.of+", HdrHistogram log", file+".hlog", "text/plain", HistogramLog(r, log))
			}
			out = addJSON(out, t.names[i]+", "+d.of+", JSON", file+".json", histogram{t.names[i], d.of, "ns", d.dist})
		}
	}
	var plan bytes.Buffer // the bytes that its hash is of
	if json.Compact(&plan, r.Plan) == nil {
		out = add(out, "plan, JSON", planFile, "application/json", plan.Bytes())
	}
	return addJSON(out, "whole report, JSON", "report.json", r)
}

// histogram is one arm's distribution as a file of its own.
type histogram struct {
	Arm  string `json:"arm"`
	Of   string `json:"of"`
	Unit string `json:"unit"`
	*compare.Distribution
}

func addJSON(list []download, name, file string, v any) []download {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return list
	}
	return add(list, name, file, "application/json", b)
}

func add(list []download, name, file, kind string, content []byte) []download {
	if len(content) > mostBytes {
		return list
	}
	link := "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content)
	return append(list, download{name, file, octets(float64(len(content))), template.URL(link)}) //nolint:gosec // base64 of a kind of ours
}

// Tagged is a distribution with the tag that it has in a log.
type Tagged struct {
	Tag string
	Of  *compare.Distribution
}

// Known reports whether there is a histogram.
func (t Tagged) Known() bool { return t.Of != nil && t.Of.HDR != "" }

// HistogramLog is distributions of a report as a log of HdrHistogram, version 1.3: one
// line each, with times in seconds and the largest value in milliseconds. HdrHistogram's
// tools and its plotter read it. What is not known is left out.
func HistogramLog(r *compare.Report, list ...Tagged) []byte {
	began := r.Started.UTC()
	out := fmt.Appendf(nil, "#[Histogram log format version 1.3]\n#[BaseTime: %.3f (seconds since epoch)]\n#[StartTime: %[1]f (seconds since epoch), %[2]s]\n"+
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n", float64(max(began.UnixMilli(), 0))/1e3, began.Format(time.RFC3339))
	for _, t := range list {
		if t.Known() {
			out = fmt.Appendf(out, "Tag=%s,0.000,%.3f,%.6f,%s\n", strings.Map(tagged, t.Tag), lasted(r).Seconds(), float64(t.Of.Max)/1e6, strings.Map(base64Only, t.Of.HDR))
		}
	}
	return out
}

// lasted is how long was measured: until now while it goes on.
func lasted(r *compare.Report) time.Duration {
	if r.Ended.IsZero() {
		return max(time.Since(r.Started), 0)
	}
	return max(r.Ended.Sub(r.Started), 0)
}

// tagged leaves out what a tag cannot have.
func tagged(c rune) rune {
	if c <= ' ' || c == ',' || c == '"' {
		return '_'
	}
	return c
}

// base64Only drops what cannot be part of a histogram.
func base64Only(c rune) rune {
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("+/=-_", c) {
		return c
	}
	return -1
}

func numbered(name string, i int) string { return name + "-" + strconv.Itoa(i+1) }
