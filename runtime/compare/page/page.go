// Package page draws reports: as one HTML page that needs nothing else, and as
// Markdown for a pull request.
//
//	var b bytes.Buffer
//	err := page.HTML(&b, report)          // save it, mail it, serve it
//	w.Header().Set("Content-Security-Policy", page.Policy())
//
// # The page
//
// It is meant to be looked at. From above to below: the verdict, whether it may be
// believed (health), every metric as a ratio with its interval, the distributions,
// what happened over time, what it costs, where answers differ, and what is needed
// to do it again. A part that the report lacks is left out; a section never stands
// there empty.
//
// It is one file without a script: pictures are inline SVG, downloads are data:
// links, details open by themselves. It makes no request, and its policy forbids
// all: a Content-Security-Policy of default-src 'none' that allows the one style
// element by its hash. [Policy] has more than the page can state of itself: that
// no other page may frame it, and that it runs in a sandbox.
//
// # What is drawn can be hostile
//
// A report may be a file from anywhere. All its text is cleaned of what is invisible
// or turns the direction of writing, cut, and escaped. Of every list a bounded
// number is drawn, and the page says how many are left out. Values that are no
// numbers are drawn as unknown, and values out of a picture's range at its edge.
//
// # Pictures
//
// Horizontal positions are shares of the width, so a picture fills what room there
// is and its letters keep their size, on a phone as on paper. Arms are told apart by
// colour (Okabe and Ito, "Color Universal Design", 2008), by the shape of their
// marks, and in print by dashes: none of them is needed to read the others.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"

	"github.com/swapline/swapline/runtime/compare"
)

//go:embed page.tmpl
var pages embed.FS

//go:embed page.css
var style string

// stated is the policy that a page can state of itself.
func stated() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'"
}

// Policy is the Content-Security-Policy that the page states and a server should
// send with it.
func Policy() string {
	return stated() + "; frame-ancestors 'none'; sandbox allow-downloads"
}

// HTML writes the page, whole or not at all but for errors of the writer.
func HTML(w io.Writer, r *compare.Report) error {
	t, err := template.ParseFS(pages, "page.tmpl")
	if err != nil {
		return err
	}
	s := newSheet(r)
	s.figures(r)
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}
