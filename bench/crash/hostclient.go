package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
)

// client speaks to one host. Its errors are those of the connection; whatever
// the host answers is a reply.
type client struct {
	base, token string
	http        *http.Client
}

func newClient(base, token string) *client {
	return &client{base: base, token: token, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// reply is an answer of the host.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) String() string { return fmt.Sprintf("%d %s", r.status, bytes.TrimSpace(r.body)) }

// request is a call of the API below one strategy.
type request struct {
	method, strategy, path string
	media                  string // JSON unless set
	generation             *uint64
	body                   io.Reader
}

func (c *client) do(ctx context.Context, q request) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, q.method, c.base+"/v1/strategies"+q.strategy+q.path, q.body)
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	if q.media != "" {
		r.Header.Set("Content-Type", q.media)
	}
	if q.generation != nil {
		r.Header.Set("If-Match", strconv.Quote(strconv.FormatUint(*q.generation, 10)))
	}
	res, err := c.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, body}, err
}

// upload sends a release; query is "" or "?hold=true".
func (c *client) upload(ctx context.Context, strategy string, r signedRelease, generation *uint64, query string) (reply, error) {
	body, media := form(r)
	return c.do(ctx, request{method: http.MethodPost, strategy: "/" + strategy, path: "/releases" + query,
		media: media, generation: generation, body: bytes.NewReader(body)})
}

// breakOff begins an upload and never ends it.
func (c *client) breakOff(ctx context.Context, strategy string, r signedRelease) {
	body, media := form(r)
	read, write := io.Pipe()
	go func() {
		_, _ = write.Write(body[:len(body)/2])
		<-ctx.Done()
		_ = write.CloseWithError(ctx.Err())
	}()
	_, _ = c.do(ctx, request{method: http.MethodPost, strategy: "/" + strategy, path: "/releases?hold=true", media: media, body: read})
	_ = read.Close()
}

// form is the body of an upload and its media type.
func form(r signedRelease) (body []byte, media string) {
	var b bytes.Buffer // takes everything
	w := multipart.NewWriter(&b)
	p, _ := w.CreateFormFile("envelope", "envelope")
	_, _ = p.Write(r.envelope)
	p, _ = w.CreateFormFile("artifact", "artifact")
	_, _ = p.Write(r.artifact)
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// change switches or rolls back.
func (c *client) change(ctx context.Context, strategy, action string, to manifest.Digest, generation uint64) (reply, error) {
	body, _ := json.Marshal(map[string]string{"release": string(to), "reason": "crash"}) // strings always encode
	return c.do(ctx, request{method: http.MethodPost, strategy: "/" + strategy, path: "/" + action, generation: &generation, body: bytes.NewReader(body)})
}

// answer is what an execute said about itself.
type answer struct {
	generation uint64
	digest     manifest.Digest
	release    string // name@version in the header
	version    string // in the body
}

// execute asks for one answer; the reply tells why there is none.
func (c *client) execute(ctx context.Context, strategy string) (answer, reply, error) {
	r, err := c.do(ctx, request{method: http.MethodPost, strategy: "/" + strategy, path: "/execute", body: bytes.NewReader([]byte("{}"))})
	if err != nil || r.status != http.StatusOK {
		return answer{}, r, err
	}
	var body struct{ Version string }
	if err := json.Unmarshal(r.body, &body); err != nil {
		return answer{}, reply{status: r.status, body: []byte(err.Error())}, nil
	}
	generation, _ := strconv.ParseUint(r.header.Get("Swapline-Generation"), 10, 64)
	return answer{generation, manifest.Digest(r.header.Get("Swapline-Digest")), r.header.Get("Swapline-Release"), body.Version}, r, nil
}

// status asks what a strategy serves.
func (c *client) status(ctx context.Context, strategy string) (st runtime.Status, r reply, err error) {
	if r, err = c.do(ctx, request{method: http.MethodGet, strategy: "/" + strategy}); err == nil && r.status == http.StatusOK {
		err = json.Unmarshal(r.body, &st)
	}
	return st, r, err
}
