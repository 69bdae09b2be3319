package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// compareOnServer lets the running server compare its releases. A Ctrl-C cancels
// the comparison there. A server that is renewed or restarted is waited for: it then
// tells what became of the comparison.
func (a *app) compareOnServer(ctx context.Context, ask asked) (*compare.Report, error) {
	body, err := ask.body()
	if err != nil {
		return nil, err
	}
	send, err := askingFor(body, ask.inputs)
	if err != nil {
		return nil, err
	}
	cl, err := a.client()
	if err != nil {
		return nil, err
	}
	w := &awaited{app: a, client: cl}
	var r *compare.Report
	err = a.untilTwice(func() (err error) {
		r, err = w.follow(ctx, send)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// body is what the server is asked, without inputs. What the plan leaves out is the
// server's to fill in.
func (k asked) body() (body map[string]any, err error) {
	var arms []map[string]any
	strategy, names := "", armNames(k.arms, k.versions())
	for i, s := range k.arms {
		name, release := s.release()
		if strategy != "" && name != strategy {
			return nil, usageError{errors.New("the arms are releases of " + strategy + " and of " + name + ": only releases of one strategy can be compared")}
		}
		strategy = name
		if release == stableRelease {
			release = ""
		}
		arms = append(arms, map[string]any{"name": names[i], "release": release, "engine": s.engine(), "isolation": s.isolation, "direct": s.what == directCall})
	}
	body = map[string]any{"strategy": strategy, "arms": arms, "plan": k.plan}
	if len(k.command) <= 2000 && oneLine(k.command) == k.command { // others the server refuses
		body["command"] = k.command
	}
	if k.recorded > 0 {
		body["recorded"] = k.recorded
	}
	return body, nil
}

// versions are what arms say of their releases: the version, the beginning of the
// digest, or stable. Engines do not tell two releases apart.
func (k asked) versions() (list []string) {
	for _, s := range k.arms {
		_, release := s.release()
		if digits(strings.TrimPrefix(release, "sha256:")) {
			release = fmt.Sprintf("%.12s", strings.TrimPrefix(release, "sha256:"))
		}
		list = append(list, release)
	}
	return list
}

// askingFor is the request that begins a comparison: a form with the inputs, or JSON
// if the server has them.
func askingFor(body map[string]any, inputs []map[string]any) (call, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return call{}, err
	}
	begin := call{method: http.MethodPost, path: comparisonsPath, header: http.Header{"Content-Type": {"application/json"}}, body: bytes.NewReader(text)}
	if len(inputs) == 0 {
		return begin, nil
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	err = errors.Join(w.WriteField("request", string(text)), writeInputs(w, inputs), w.Close())
	begin.header.Set("Content-Type", w.FormDataContentType())
	begin.body, begin.length = &form, int64(form.Len())
	return begin, err
}

// writeInputs writes inputs as they were read, an object a line: 1.0 is not 1.
func writeInputs(w *multipart.Writer, inputs []map[string]any) error {
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="inputs"; filename="inputs.ndjson"`},
		"Content-Type": {"application/x-ndjson"}, "Content-Encoding": {"gzip"}})
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(part)
	var line []byte
	for _, in := range inputs {
		if line, err = wire.AppendJSON(line[:0], in); err != nil {
			return err
		}
		if _, err := packed.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return packed.Close()
}

const comparisonsPath = "/v1/comparisons"

// awaited is a comparison of the server, and the way to it.
type awaited struct {
	app    *app
	client *client
	path   string
	silent time.Time // since when the server does not answer; zero if it does
}

// follow starts a comparison and waits for its report.
func (w *awaited) follow(ctx context.Context, begin call) (*compare.Report, error) {
	_, answer, err := w.client.do(ctx, begin)
	if err != nil {
		return nil, err
	}
	var s runtime.ComparisonStatus
	if err := json.Unmarshal(answer, &s); err != nil {
		return nil, err
	}
	w.path = comparisonsPath + "/" + url.PathEscape(s.ID)
	s, err = w.end(ctx)
	canceled := ctx.Err() != nil
	if canceled {
		ctx = context.WithoutCancel(ctx) // the report is what is waited for now, and a second Ctrl-C leaves
		if err = w.cancel(ctx); err == nil {
			s, err = w.end(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := w.tellEnd(s, canceled); err != nil {
		return nil, err
	}
	_, text, err := w.client.do(ctx, call{method: http.MethodGet, path: w.path + "/report?format=json"})
	if err != nil {
		return nil, err
	}
	return compare.Decode(text)
}

// cancel ends it there.
func (w *awaited) cancel(ctx context.Context) error {
	_, _, err := w.client.do(ctx, call{method: http.MethodDelete, path: w.path})
	return err
}

// tellEnd tells who waits that somebody else has ended the comparison, and returns an
// error if there is no report.
func (w *awaited) tellEnd(s runtime.ComparisonStatus, canceled bool) error {
	if s.State == runtime.ComparisonFailed && !s.Report {
		return problem.New(problem.NoReport, "the comparison failed: %s", s.Problem)
	}
	if s.State != runtime.ComparisonCanceled || canceled {
		return nil
	}
	why := "the server ended it: " + oneLine(s.Problem)
	if !s.Report {
		return &outcome{exitPartial, why + "; there is no report"}
	}
	fmt.Fprintln(w.app.stderr, why)
	return nil
}

// silence is how long a server may be away, for example for a restart.
const silence = 2 * time.Minute

// end looks until the comparison is over.
func (w *awaited) end(ctx context.Context) (runtime.ComparisonStatus, error) {
	m := w.app.measuring()
	defer m.stop()
	for {
		s, err := w.look(ctx)
		switch {
		case err != nil:
			return s, err
		case !s.Ended.IsZero():
			return s, nil
		case s.ID != "":
			m.show(s.Progress)
		}
		if err := sleep(ctx, lookEvery/2); err != nil {
			return s, err
		}
	}
}

// look asks once. The status is empty while the server does not answer.
func (w *awaited) look(ctx context.Context) (s runtime.ComparisonStatus, err error) {
	_, err = w.client.getJSON(ctx, w.path, &s)
	switch {
	case err == nil:
		w.silent = time.Time{}
	case ctx.Err() != nil:
		return s, ctx.Err()
	case !passing(err), !w.silent.IsZero() && time.Since(w.silent) > silence:
		return s, err
	default:
		if s = (runtime.ComparisonStatus{}); w.silent.IsZero() {
			w.silent = time.Now()
		}
		w.reconnect()
		err = nil
	}
	return s, err
}

// reconnect finds the server anew: after a restart it may be elsewhere.
func (w *awaited) reconnect() {
	if cl, err := w.app.client(); err == nil {
		w.client.http.CloseIdleConnections()
		w.client = cl
	}
}
