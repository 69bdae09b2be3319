package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/compare/page"
	"github.com/swapline/swapline/runtime/problem"
)

// A report is one value in four forms. The query parameter format chooses one, else
// the header Accept (RFC 9110, section 12.5.1); who says neither gets JSON. The
// histograms, which are no report, have to be asked for by name.

// form is one way to write a report.
type form struct {
	name, media, extension string
	write                  func(io.Writer, *compare.Report) error
	policy                 func() string // the Content-Security-Policy, nil for the usual one
}

// forms are those that Accept can choose, the first of equals before others.
func forms() []form {
	return []form{
		{"json", mediaJSON, "json", func(w io.Writer, r *compare.Report) error { return json.NewEncoder(w).Encode(listed(*r)) }, nil},
		{"html", "text/html", "html", page.HTML, page.Policy},
		{"markdown", "text/markdown", "md", page.Markdown, nil},
	}
}

// listed makes lists that the contract promises of nothing.
func listed(r compare.Report) compare.Report {
	r.Health, r.Arms = orEmpty(r.Health), orEmpty(r.Arms)
	r.Verdicts, r.Metrics = orEmpty(r.Verdicts), orEmpty(r.Metrics)
	return r
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// formHistograms is chosen by the query parameter alone. arm is one, "" for all.
func formHistograms(arm string) form {
	return form{"hdr", "text/plain", "hlog", func(w io.Writer, r *compare.Report) error { return histogramLog(w, r, arm) }, nil}
}

// formOf reads which form the caller takes.
func formOf(c echo.Context) (form, error) {
	c.Response().Header().Set(echo.HeaderVary, echo.HeaderAccept)
	if name := c.QueryParam("format"); name != "" {
		return namedForm(name, c.QueryParam("arm"))
	}
	given := c.Request().Header.Values(echo.HeaderAccept)
	if f, ok := acceptable(forms(), strings.Join(given, ",")); ok {
		return f, nil
	}
	return form{}, problem.New(problem.NotAcceptable, "a report does not come in any form that Accept names").
		Want("one of %s", strings.Join(medias(), ", ")).Got("%.80q", given).Cure("send one of these as Accept, or ?format=json, html, markdown or hdr")
}

func namedForm(name, arm string) (form, error) {
	all := append(forms(), formHistograms(arm))
	i := slices.IndexFunc(all, func(f form) bool { return f.name == name })
	if i < 0 {
		return form{}, problem.New(problem.BadRequest, "the query parameter format names no form of a report").
			Want("json, html, markdown or hdr").Got("%.40q", name).Cure("correct the address")
	}
	return all[i], nil
}

func medias() []string {
	var list []string
	for _, f := range forms() {
		list = append(list, f.media)
	}
	return list
}

// acceptable chooses what an Accept header likes best, the first of equals. Without
// the header everything is welcome.
func acceptable(all []form, accept string) (form, bool) {
	if strings.TrimSpace(accept) == "" {
		return all[0], true
	}
	likes := likings(accept)
	best, most := form{}, 0.0
	for _, f := range all {
		if q := likes.of(f.media); q > most {
			best, most = f, q
		}
	}
	return best, most > 0
}

// liking is one range of media types and its weight.
type liking struct {
	media  string
	weight float64
}

type liked []liking

// likings reads an Accept header, the most specific ranges first. What it cannot
// understand it passes over.
func likings(accept string) liked {
	var all liked
	for element := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(element)
		if err != nil {
			continue
		}
		q := 1.0
		if text, given := params["q"]; given {
			if q, err = strconv.ParseFloat(text, 64); err != nil || !(q >= 0 && q <= 1) {
				continue
			}
		}
		all = append(all, liking{media, q})
	}
	slices.SortStableFunc(all, func(a, b liking) int { return cmp.Compare(stars(a.media), stars(b.media)) })
	return all
}

func stars(media string) int { return strings.Count(media, "*") }

// of is the weight of the most specific range that a media type is in.
func (all liked) of(media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	for _, l := range all {
		if l.media == media || l.media == kind+"/*" || l.media == "*/*" {
			return l.weight
		}
	}
	return 0
}

// answer writes the report, whole or not at all.
func (f form) answer(c echo.Context, name string, r *compare.Report) error {
	var b bytes.Buffer
	if err := f.write(&b, r); err != nil {
		return err
	}
	h := c.Response().Header()
	if f.policy != nil {
		h.Set(echo.HeaderContentSecurityPolicy, f.policy())
	}
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf("inline; filename=%q", name+"."+f.extension))
	media := f.media
	if media != mediaJSON {
		media += "; charset=utf-8"
	}
	return c.Blob(http.StatusOK, media, b.Bytes())
}

// histogramLog writes the histograms of one arm, or of all, with a tag of arm and loop.
func histogramLog(w io.Writer, r *compare.Report, arm string) error {
	list, err := histograms(r, arm)
	if err != nil {
		return err
	}
	_, err = w.Write(page.HistogramLog(r, list...))
	return err
}

func histograms(r *compare.Report, arm string) (list []page.Tagged, err error) {
	var names []string
	for _, a := range r.Arms {
		names = append(names, a.Name)
		if arm == "" || arm == a.Name {
			list = append(list, page.Tagged{Tag: a.Name + ".closed", Of: a.Latency}, page.Tagged{Tag: a.Name + ".open", Of: a.Open})
		}
	}
	switch {
	case len(list) == 0 && arm != "":
		return nil, problem.New(problem.BadRequest, "the report has no such arm").Want("arm=%s", strings.Join(names, " or arm=")).Got("%.80q", arm).
			Cure("correct the address")
	case !slices.ContainsFunc(list, page.Tagged.Known):
		return nil, problem.New(problem.NoReport, "no latencies were measured, so there are no histograms").Cure("read the report without format=hdr")
	}
	return list, nil
}
