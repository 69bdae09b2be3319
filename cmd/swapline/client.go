package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

// client talks to a server.
type client struct {
	base, token string
	http        *http.Client
}

// maxAnswer bounds what is read of one answer.
const maxAnswer = 64 << 20

// client finds the server: by flag, by environment, or in the data folder.
func (a *app) client() (*client, error) {
	address, err := a.serverAddress()
	if err != nil {
		return nil, err
	}
	token := a.token
	if token == "" {
		b, err := os.ReadFile(dataFolder(a.data).path("token"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, storeProblem(err)
		}
		token = strings.TrimSpace(string(b))
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ExpectContinueTimeout = 5 * time.Second
	t.Proxy = nil
	return &client{base: address, token: token, http: &http.Client{Transport: t, CheckRedirect: noRedirect}}, nil
}

// noRedirect keeps the token from being carried elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (a *app) serverAddress() (string, error) {
	address := a.address
	if address == "" {
		r, err := dataFolder(a.data).server()
		if err != nil {
			return "", problem.New(problem.NotFound, "no server is running on the data folder %s", a.data).
				Cure("start one with: swapline serve; or name one with --address")
		}
		if !alive(r.PID) {
			return "", problem.New(problem.NotFound, "the server of the data folder %s has ended without saying so", a.data).
				Want("a running process %d of yours", r.PID).Got("none").
				Cure("start it again with: swapline serve; or, if it runs elsewhere, name it with --address")
		}
		address = r.Address
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", usageError{problem.New(problem.BadRequest, "%q is not a server's address", a.address).Want("HOST:PORT or a URL")}
	}
	return u.Scheme + "://" + u.Host, nil
}

// call is one request. body may be nil.
type call struct {
	method, path string
	header       http.Header
	body         io.Reader
	length       int64
}

// do sends a request and returns the answer with its whole body. Answers of 400
// and above become errors.
func (c *client) do(ctx context.Context, k call) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, k.method, c.base+k.path, k.body)
	if err != nil {
		return nil, nil, err
	}
	if k.header != nil {
		r.Header = k.header
	}
	if k.length > 0 {
		r.ContentLength = k.length
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("User-Agent", "swapline/"+hostVersion)
	if u, err := user.Current(); err == nil {
		r.Header.Set("Swapline-Actor", u.Username)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, nil, problem.New(problem.NotFound, "the server at %s does not answer: %w", c.base, err).
			Cure("is it running? start it with: swapline serve")
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, nil, problem.New(problem.BadRequest, "the answer of %s ended early: %w", c.base, err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return res, b, remoteProblem(res, b)
	}
	return res, b, nil
}

// remoteProblem turns an error answer back into the error that it was.
func remoteProblem(res *http.Response, body []byte) error {
	var p server.Problem
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return problem.New(problem.Internal, "the server answered %s, not in Swapline's words", res.Status).
			Cure("is this address a Swapline server?")
	}
	if strings.HasSuffix(p.Type, "#business-error") {
		details, _ := wire.ParseJSONMap(p.Details)
		return &abi.Error{Code: p.Code, Message: p.Detail, Details: details}
	}
	return &problem.Error{Code: problem.Code(p.Code), Message: p.Detail, Check: p.Check,
		Expected: p.Expected, Found: p.Found, Remedy: p.Cure, Pointer: p.Pointer,
		Differences: p.Differences, DifferencesLeftOut: p.DifferencesLeftOut}
}

// getJSON reads one resource.
func (c *client) getJSON(ctx context.Context, path string, out any) (*http.Response, error) {
	res, b, err := c.do(ctx, call{method: http.MethodGet, path: path})
	if err != nil {
		return res, err
	}
	return res, json.Unmarshal(b, out)
}

func (c *client) postJSON(ctx context.Context, path string, h http.Header, in any) (runtime.Outcome, error) {
	var out runtime.Outcome
	b, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	h.Set("Content-Type", "application/json")
	_, answer, err := c.do(ctx, call{method: http.MethodPost, path: path, header: h, body: bytes.NewReader(b)})
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(answer, &out)
}

// strategyPath is the path of a strategy and of what is below it.
func strategyPath(name string, parts ...string) string {
	p := "/v1/strategies/" + url.PathEscape(name)
	for _, s := range parts {
		p += "/" + url.PathEscape(s)
	}
	return p
}

// precondition makes the headers of a change: of the generation that the user
// named, or else of the one that is served now.
func (c *client) precondition(ctx context.Context, strategy string, generation int64) (http.Header, error) {
	h := http.Header{}
	if generation >= 0 {
		h.Set("If-Match", etagOf(generation))
		return h, nil
	}
	var s runtime.Status
	res, err := c.getJSON(ctx, strategyPath(strategy), &s)
	switch {
	case problem.CodeOf(err) == problem.UnknownStrategy:
		h.Set("If-None-Match", "*")
	case err != nil:
		return nil, err
	default:
		h.Set("If-Match", res.Header.Get("ETag"))
	}
	return h, nil
}
