package capability

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/swapline/swapline/abi"
)

// Serve answers a request of the calling convention (abi/wasm.go) to the import
// of that name: what it returns is the value of the reply. It never fails; what
// is wrong is said in the reply.
func (c *Call) Serve(ctx context.Context, name string, request any) []any {
	m, ok := request.(map[string]any)
	if !ok {
		return replyOf(nil, badRequest("a request is a map"))
	}
	switch name {
	case abi.ImportEmit:
		return replyOf(c.serveEmit(ctx, m))
	case abi.ImportState:
		return replyOf(c.serveState(ctx, m))
	case abi.ImportHTTP:
		return replyOf(c.serveHTTP(ctx, m))
	}
	return replyOf(nil, badRequest("there is no such function"))
}

// replyOf is the form of replies.
func replyOf(value any, err error) []any {
	if err == nil {
		return []any{nil, value}
	}
	var e *abi.Error
	if !errors.As(err, &e) {
		e = abi.Reject(abi.CodeUnavailable, "the host failed")
	}
	return []any{e.Code, e.Message}
}

func badRequest(text string) error { return abi.Reject(abi.CodeBadRequest, text) }

// only refuses members that the request does not have: a typing mistake must
// not be read as something else.
func only(m map[string]any, names ...string) error {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(names, key) {
			return badRequest("the request has an unknown member")
		}
	}
	return nil
}

func (c *Call) serveEmit(ctx context.Context, m map[string]any) (any, error) {
	typ, ok := m[abi.KeyType].(string)
	if err := only(m, abi.KeyType, abi.KeyData); err != nil || !ok {
		return nil, badRequest(`the request is not {"type": text, "data": any}`)
	}
	return nil, c.Emit(ctx, typ, m[abi.KeyData])
}

func (c *Call) serveState(ctx context.Context, m map[string]any) (any, error) {
	value, has := m[abi.KeyValue]
	if key, ok := m[abi.KeyGet].(string); ok && len(m) == 1 {
		v, found, err := c.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		return map[string]any{abi.KeyValue: v, abi.KeyFound: found}, nil
	}
	if key, ok := m[abi.KeyPut].(string); ok && has && len(m) == 2 {
		return nil, c.Put(ctx, key, value)
	}
	if key, ok := m[abi.KeyDelete].(string); ok && len(m) == 1 {
		return nil, c.Delete(ctx, key)
	}
	return nil, badRequest(`the request is not {"get": key}, {"put": key, "value": any} or {"delete": key}`)
}

func (c *Call) serveHTTP(ctx context.Context, m map[string]any) (any, error) {
	r, err := requestOf(m)
	if err != nil {
		return nil, err
	}
	res, err := c.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	return responseMap(res), nil
}

func requestOf(m map[string]any) (r abi.HTTPRequest, err error) {
	wrong := badRequest(`the request is not {"method": text, "url": text, "headers": {name: text}, "body": bytes, text or null}`)
	if only(m, abi.KeyMethod, abi.KeyURL, abi.KeyHeaders, abi.KeyBody) != nil {
		return r, wrong
	}
	var ok bool
	if r.URL, ok = m[abi.KeyURL].(string); !ok {
		return r, wrong
	}
	if r.Method, ok = m[abi.KeyMethod].(string); !ok && m[abi.KeyMethod] != nil {
		return r, wrong
	}
	if r.Headers, ok = texts(m[abi.KeyHeaders]); !ok {
		return r, wrong
	}
	switch body := m[abi.KeyBody].(type) {
	case nil:
	case string:
		r.Body = []byte(body)
	case []byte:
		r.Body = body
	default:
		return r, wrong
	}
	return r, nil
}

// texts reads a map of texts, or null.
func texts(v any) (map[string]string, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, v == nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		if out[k], ok = v.(string); !ok {
			return nil, false
		}
	}
	return out, true
}

// responseMap is an answer as it crosses to guests.
func responseMap(r abi.HTTPResponse) map[string]any {
	headers := make(map[string]any, len(r.Headers))
	for k, v := range r.Headers {
		headers[k] = v
	}
	return map[string]any{abi.KeyStatus: int64(r.Status), abi.KeyHeaders: headers, abi.KeyBody: r.Body}
}

// responseOf reads a reply that holds an answer.
func responseOf(reply any) (r abi.HTTPResponse, err error) {
	list, _ := reply.([]any)
	if len(list) != 2 {
		return r, diverged("the recorded reply is damaged")
	}
	if code, ok := list[0].(string); ok {
		text, _ := list[1].(string)
		return r, abi.Reject(code, text)
	}
	m, _ := list[1].(map[string]any)
	status, _ := m[abi.KeyStatus].(int64)
	r.Status = int(status)
	r.Headers, _ = texts(m[abi.KeyHeaders])
	r.Body, _ = m[abi.KeyBody].([]byte)
	return r, nil
}
