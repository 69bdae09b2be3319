package capability

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// Bounds of a request besides those of Limits.
const (
	maxURL       = 8 << 10
	maxHeaders   = 64
	maxHeader    = 8 << 10
	maxRedirects = 5
)

// outbound is the transport that all grants of a host share.
type outbound struct {
	transport *http.Transport
	limits    Limits
}

func newOutbound(l Limits, unsafe bool) *outbound {
	d := &net.Dialer{Timeout: l.Timeout, KeepAlive: 30 * time.Second}
	if !unsafe {
		d.Control = checkAddress(refused())
	}
	return &outbound{limits: l, transport: &http.Transport{
		Proxy:                  nil, // the environment is not the policy
		DialContext:            d.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    l.Timeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // BodyBytes counts what is sent
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}}
}

// client sends the requests of one release.
type client struct {
	outbound *outbound
	hosts    []hostRule
	plain    bool
	http     *http.Client
}

func newClient(o *outbound, r Rule) *client {
	c := &client{outbound: o, plain: r.PlainHTTP}
	for _, s := range r.HTTPHosts {
		if rule, ok := hostRuleOf(s); ok {
			c.hosts = append(c.hosts, rule)
		}
	}
	c.http = &http.Client{Transport: o.transport, CheckRedirect: c.redirect}
	return c
}

// denied is a refusal that must keep its code through net/http.
type denied struct{ reason *abi.Error }

// Error implements error.
func (d denied) Error() string { return d.reason.Error() }

func deny(format string, args ...any) error {
	return denied{abi.Reject(abi.CodeHTTPDenied, fmt.Sprintf(format, args...))}
}

// check refuses what the operator does not list.
func (c *client) check(u *url.URL) error {
	p := placeOf(u)
	switch {
	case p.scheme != "https" && (p.scheme != "http" || !c.plain):
		return deny("requests go to https:// only")
	case u.User != nil:
		return deny("a URL must not carry a user")
	case !slices.ContainsFunc(c.hosts, func(r hostRule) bool { return r.allows(p.name, p.port, p.own) }):
		return deny("the operator's policy does not list the host %.100q", p.name+":"+p.port)
	}
	return nil
}

// redirect follows to listed hosts only. Another host does not get the headers
// of the request, which may be secrets.
func (c *client) redirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return deny("more than %d redirects", maxRedirects)
	}
	if err := c.check(r.URL); err != nil {
		return err
	}
	if placeOf(r.URL) != placeOf(via[0].URL) {
		r.Header = http.Header{"User-Agent": {userAgent}}
	} else {
		r.Header.Del("Referer")
	}
	return nil
}

const userAgent = "swapline"

// Do implements abi.HTTP for one call.
func (c *Call) Do(ctx context.Context, r abi.HTTPRequest) (abi.HTTPResponse, error) {
	if err := c.enter(abi.CapabilityHTTP); err != nil {
		return abi.HTTPResponse{}, err
	}
	c.sent++
	sent := c.sent
	c.mu.Unlock() // a request takes long, and strategies send several at once
	if most := c.grant.services.Limits.Requests; sent > most {
		return abi.HTTPResponse{}, quota("a call sends at most %d requests", most)
	}
	if c.rehearsal {
		return abi.HTTPResponse{}, abi.Reject(abi.CodeHTTPDenied, "no request is sent while golden cases run")
	}
	send := func() (abi.HTTPResponse, error) { return c.grant.http.do(ctx, r) }
	if c.tape == nil {
		return send()
	}
	return passHTTP(c.tape, r, send)
}

// passHTTP sends through a recording: what is kept is the reply, an error too.
func passHTTP(t tape, r abi.HTTPRequest, send func() (abi.HTTPResponse, error)) (abi.HTTPResponse, error) {
	b, err := t.pass(tapeHTTP, r.Method+" "+r.URL, func() ([]byte, error) {
		res, err := send()
		if err != nil {
			return wire.Append(nil, replyOf(nil, err))
		}
		return wire.Append(nil, replyOf(responseMap(res), nil))
	})
	if err != nil {
		return abi.HTTPResponse{}, err
	}
	v, err := wire.Decode(b)
	if err != nil {
		return abi.HTTPResponse{}, diverged("the recorded reply is damaged")
	}
	return responseOf(v)
}

// do sends one request.
func (c *client) do(ctx context.Context, r abi.HTTPRequest) (abi.HTTPResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, c.outbound.limits.Timeout)
	defer cancel()
	req, err := c.request(ctx, r)
	if err != nil {
		return abi.HTTPResponse{}, plainError(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return abi.HTTPResponse{}, failure(ctx, err)
	}
	defer res.Body.Close()
	most := c.outbound.limits.BodyBytes
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(most)+1))
	if err != nil {
		return abi.HTTPResponse{}, failure(ctx, err)
	}
	if len(body) > most {
		return abi.HTTPResponse{}, quota("the answer has more than %d bytes", most)
	}
	return abi.HTTPResponse{Status: res.StatusCode, Headers: answered(res.Header), Body: body}, nil
}

// request checks and makes what is sent.
func (c *client) request(ctx context.Context, r abi.HTTPRequest) (*http.Request, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, r.Method) {
		return nil, deny("the method %.20q is not allowed", r.Method)
	}
	u, err := url.Parse(r.URL)
	if err != nil || len(r.URL) > maxURL || u.Host == "" {
		return nil, abi.Reject(abi.CodeBadRequest, "the URL is not an absolute one of at most 8 KiB")
	}
	if err := c.check(u); err != nil {
		return nil, err
	}
	if most := c.outbound.limits.BodyBytes; len(r.Body) > most {
		return nil, quota("the body has more than %d bytes", most)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(bytes.Clone(r.Body)))
	if err != nil {
		return nil, abi.Reject(abi.CodeBadRequest, "the request cannot be made")
	}
	req.Header.Set("User-Agent", userAgent)
	return req, setHeaders(req, r.Headers)
}

// setHeaders refuses headers that belong to the connection: with them a request
// could become two, or reach another host behind a proxy.
func setHeaders(req *http.Request, headers map[string]string) error {
	size := 0
	for name, value := range headers {
		if size += len(name) + len(value); len(headers) > maxHeaders || size > maxHeader {
			return quota("a request has at most %d headers of %d bytes together", maxHeaders, maxHeader)
		}
		if reservedHeader(name) {
			return abi.Reject(abi.CodeHTTPDenied, fmt.Sprintf("the header %.64q is the host's to set", name))
		}
		req.Header.Set(name, value) // net/http refuses names and values that are none
	}
	return nil
}

func reservedHeader(name string) bool {
	name = http.CanonicalHeaderKey(strings.TrimSpace(name))
	return strings.HasPrefix(name, "Proxy-") || slices.Contains([]string{"Host", "Connection", "Keep-Alive", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade", "Content-Length", "Expect", "Cookie2", "Http2-Settings", "Accept-Encoding"}, name)
}

// answered joins the values of each header, without those of the connection.
func answered(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		if !reservedHeader(name) || name == "Content-Length" {
			out[name] = strings.ToValidUTF8(strings.Join(values, ", "), "?")
		}
	}
	return out
}

// failure names what went wrong without saying more of the host's network than
// the strategy needs.
func failure(ctx context.Context, err error) error {
	var refusal addressRefused
	var d denied
	var timeout net.Error
	switch {
	case errors.As(err, &d):
		return d.reason
	case errors.As(err, &refusal):
		return abi.Reject(abi.CodeHTTPDenied, "the host's name leads to an address that is not one of the public Internet")
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return abi.Reject(abi.CodeHTTPTimeout, "there was no complete answer in time")
	}
	return abi.Reject(abi.CodeHTTPFailed, "the request failed: "+reason(err))
}

// reason is the kind of a failure. The text of net/http's errors quotes URLs and
// addresses.
func reason(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dns):
		return "the name does not resolve"
	case errors.As(err, &cert):
		return "the certificate is not valid"
	case strings.Contains(err.Error(), "invalid header field"):
		return "a header is malformed"
	}
	return "the connection could not be made or broke"
}

// plainError takes the wrapping off a refusal.
func plainError(err error) error {
	var d denied
	if errors.As(err, &d) {
		return d.reason
	}
	return err
}
