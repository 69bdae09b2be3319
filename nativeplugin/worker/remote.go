package worker

import (
	"context"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// remote is the host as the strategy in the worker sees it.
type remote struct {
	servant  *servant
	question question
}

// Config returns a fresh copy.
func (r *remote) Config() map[string]any {
	c, err := wire.DecodeMap(r.question.Config)
	if err != nil {
		return map[string]any{}
	}
	return c
}

// Now returns the host's clock as of its last message, and what has passed since.
func (r *remote) Now() time.Time {
	if !r.question.has(abi.CapabilityClock) {
		return r.question.Issued.UTC()
	}
	return r.servant.clock()
}

// Log waits until the host has written the line, so that it stands before what
// the call's end writes.
func (r *remote) Log(level abi.Level, words string, fields map[string]any) {
	if !r.question.has(abi.CapabilityLog) {
		return
	}
	own := make(map[string]any, len(fields))
	for k, v := range fields {
		own[text(k, maxText)] = loggable(v)
	}
	delete(own, wire.BytesKey)
	body, err := wire.Append(nil, []any{int64(level), text(words, maxText), own})
	if err != nil {
		return
	}
	_, _ = r.ask(context.Background(), kindLog, body)
}

// loggable replaces what does not cross.
func loggable(v any) any {
	if s, ok := v.(string); ok {
		return text(s, maxText)
	}
	n, err := wire.Normalize(v)
	if err != nil {
		return "(a value outside of the value domain)"
	}
	return n
}

// ask asks the host on behalf of the call that ctx belongs to.
func (r *remote) ask(ctx context.Context, k kind, body []byte) (message, error) {
	e := r.servant.end
	s, err := e.take()
	if err != nil {
		return message{}, abi.Reject(abi.CodeQuota, "too many calls of host functions at a time")
	}
	m := message{kind: k, id: e.name(s), body: body}
	if call := callOf(ctx); call != nil { // who waits for the host needs no processor
		m.arg = int64(call.id)
		e.pause()
		defer e.work()
	}
	m, err = e.ask(ctx, s, m, nil)
	if err != nil {
		return message{}, interrupted(ctx, k)
	}
	return m, nil
}

// interrupted is what a strategy gets that did not wait for the host.
func interrupted(ctx context.Context, k kind) error {
	if k == kindHTTP {
		return abi.Reject(abi.CodeHTTPTimeout, "there was no complete answer in time")
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return abi.Reject(abi.CodeUnavailable, "the host does not answer")
}

// request calls a function of the calling convention.
func (r *remote) request(ctx context.Context, k kind, request map[string]any) (any, error) {
	body, err := wire.Append(nil, request)
	if err != nil {
		return nil, abi.Reject(abi.CodeBadRequest, "the request is outside of the value domain: "+err.Error())
	}
	if call := callOf(ctx); call != nil && call.over.Load() {
		return nil, abi.Reject(abi.CodeNotInCall, "the call has ended")
	}
	m, err := r.ask(ctx, k, body)
	if err != nil {
		return nil, err
	}
	v, err := wire.Decode(m.body)
	list, _ := v.([]any)
	if err != nil || m.kind != kindOK || len(list) != 2 {
		return nil, abi.Reject(abi.CodeUnavailable, "the host failed")
	}
	if code, ok := list[0].(string); ok {
		words, _ := list[1].(string)
		return nil, abi.Reject(code, words)
	}
	return list[1], nil
}

// Emit implements abi.Emitter.
func (r *remote) Emit(ctx context.Context, typ string, data any) error {
	_, err := r.request(ctx, kindEmit, map[string]any{abi.KeyType: typ, abi.KeyData: data})
	return err
}

// Get implements abi.State.
func (r *remote) Get(ctx context.Context, key string) (value any, found bool, err error) {
	v, err := r.request(ctx, kindState, map[string]any{abi.KeyGet: key})
	if err != nil {
		return nil, false, err
	}
	m, _ := v.(map[string]any)
	found, _ = m[abi.KeyFound].(bool)
	return m[abi.KeyValue], found, nil
}

// Put implements abi.State.
func (r *remote) Put(ctx context.Context, key string, value any) error {
	_, err := r.request(ctx, kindState, map[string]any{abi.KeyPut: key, abi.KeyValue: value})
	return err
}

// Delete implements abi.State.
func (r *remote) Delete(ctx context.Context, key string) error {
	_, err := r.request(ctx, kindState, map[string]any{abi.KeyDelete: key})
	return err
}

// Do implements abi.HTTP.
func (r *remote) Do(ctx context.Context, q abi.HTTPRequest) (res abi.HTTPResponse, err error) {
	request := map[string]any{abi.KeyMethod: q.Method, abi.KeyURL: q.URL, abi.KeyHeaders: nil, abi.KeyBody: q.Body}
	if len(q.Headers) > 0 {
		request[abi.KeyHeaders] = q.Headers
	}
	v, err := r.request(ctx, kindHTTP, request)
	if err != nil {
		return res, err
	}
	m, _ := v.(map[string]any)
	status, _ := m[abi.KeyStatus].(int64)
	headers, _ := m[abi.KeyHeaders].(map[string]any)
	res.Status, res.Headers = int(status), make(map[string]string, len(headers))
	for name, value := range headers {
		res.Headers[name], _ = value.(string)
	}
	res.Body, _ = m[abi.KeyBody].([]byte)
	return res, nil
}

var (
	_ abi.Host    = (*remote)(nil)
	_ abi.Emitter = (*remote)(nil)
	_ abi.State   = (*remote)(nil)
	_ abi.HTTP    = (*remote)(nil)
)
