package page

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"github.com/swapline/swapline/runtime/compare"
)

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
			if d.dist.HDR != "" {
				out = add(out, t.names[i]+", "+d.of+", HdrHistogram log", file+".hlog", "text/plain", hdrLog(t.names[i], r, d.dist))
			}
			out = addJSON(out, t.names[i]+", "+d.of+", JSON", file+".json", histogram{t.names[i], d.of, "ns", d.dist})
		}
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

// hdrLog is a histogram in the log format 1.3 of HdrHistogram, with one line: times
// in seconds, the largest value in milliseconds.
func hdrLog(arm string, r *compare.Report, d *compare.Distribution) []byte {
	tag := strings.Map(func(c rune) rune {
		if strings.ContainsRune(", \t\r\n\"", c) {
			return '-'
		}
		return c
	}, arm)
	start, took := max(r.Started.UnixMilli(), 0), max(r.Ended.Sub(r.Started).Seconds(), 0)
	return fmt.Appendf(nil, "#[Histogram log format version 1.3]\n#[StartTime: %.3f (seconds since epoch)]\n#[BaseTime: %.3f (seconds since epoch)]\n"+
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\nTag=%s,0.000,%.3f,%.6f,%s\n",
		float64(start)/1e3, float64(start)/1e3, tag, took, float64(d.Max)/1e6, strings.Map(base64Only, d.HDR))
}

// base64Only drops what cannot be part of a histogram.
func base64Only(c rune) rune {
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("+/=-_", c) {
		return c
	}
	return -1
}

func numbered(name string, i int) string { return name + "-" + strconv.Itoa(i+1) }
