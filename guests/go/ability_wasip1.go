package guest

import (
	"context"
	"unsafe"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

//go:wasmimport swapline emit
func hostEmit(ptr unsafe.Pointer, size int32) int64

//go:wasmimport swapline state
func hostState(ptr unsafe.Pointer, size int32) int64

//go:wasmimport swapline http
func hostHTTP(ptr unsafe.Pointer, size int32) int64

//go:wasmimport swapline reply
func hostReply(ptr unsafe.Pointer)

// A module imports only those of the functions above that its strategy can
// reach, because the linker drops methods that nobody calls.

// Emit implements abi.Emitter.
func (h *host) Emit(_ context.Context, typ string, data any) error {
	_, err := h.ask(hostEmit, map[string]any{abi.KeyType: typ, abi.KeyData: data})
	return err
}

// Get implements abi.State.
func (h *host) Get(_ context.Context, key string) (value any, found bool, err error) {
	v, err := h.ask(hostState, map[string]any{abi.KeyGet: key})
	if err != nil {
		return nil, false, err
	}
	m, _ := v.(map[string]any)
	found, _ = m[abi.KeyFound].(bool)
	return m[abi.KeyValue], found, nil
}

// Put implements abi.State.
func (h *host) Put(_ context.Context, key string, value any) error {
	_, err := h.ask(hostState, map[string]any{abi.KeyPut: key, abi.KeyValue: value})
	return err
}

// Delete implements abi.State.
func (h *host) Delete(_ context.Context, key string) error {
	_, err := h.ask(hostState, map[string]any{abi.KeyDelete: key})
	return err
}

// Do implements abi.HTTP.
func (h *host) Do(_ context.Context, r abi.HTTPRequest) (abi.HTTPResponse, error) {
	headers := make(map[string]any, len(r.Headers))
	for k, v := range r.Headers {
		headers[k] = v
	}
	request := map[string]any{abi.KeyURL: r.URL, abi.KeyHeaders: headers, abi.KeyBody: r.Body}
	if r.Method != "" {
		request[abi.KeyMethod] = r.Method
	}
	v, err := h.ask(hostHTTP, request)
	if err != nil {
		return abi.HTTPResponse{}, err
	}
	return response(v), nil
}

func response(v any) (r abi.HTTPResponse) {
	m, _ := v.(map[string]any)
	status, _ := m[abi.KeyStatus].(int64)
	headers, _ := m[abi.KeyHeaders].(map[string]any)
	r.Status = int(status)
	r.Headers = make(map[string]string, len(headers))
	for k, v := range headers {
		r.Headers[k], _ = v.(string)
	}
	r.Body, _ = m[abi.KeyBody].([]byte)
	return r
}

// ask sends a request and reads its reply.
func (h *host) ask(function func(unsafe.Pointer, int32) int64, request map[string]any) (any, error) {
	b, err := wire.Append(h.line[:0], request)
	if err != nil {
		return nil, abi.Reject(abi.CodeBadRequest, "the request is outside of the value domain: "+err.Error())
	}
	h.line = b
	b = make([]byte, function(unsafe.Pointer(unsafe.SliceData(b)), int32(len(b))))
	hostReply(unsafe.Pointer(unsafe.SliceData(b)))
	v, err := wire.Decode(b)
	if err != nil {
		return nil, err
	}
	list, _ := v.([]any)
	if len(list) != 2 {
		return nil, errNotOurs
	}
	if code, failed := list[0].(string); failed {
		text, _ := list[1].(string)
		return nil, abi.Reject(code, text)
	}
	return list[1], nil
}

var (
	_ abi.Emitter = (*host)(nil)
	_ abi.State   = (*host)(nil)
	_ abi.HTTP    = (*host)(nil)
)
