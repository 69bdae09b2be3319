package runtime

import "context"

// headers is the context of a call whose caller can be asked for headers of its
// request. It is a type of its own, and not a value of package context, because
// every request over HTTP makes one: this costs one allocation.
type headers struct {
	context.Context
	get func(name string) string
}

// headersKey is what headers answers to.
type headersKey struct{}

// Value implements context.Context.
func (h *headers) Value(key any) any {
	if key == (headersKey{}) {
		return h
	}
	return h.Context.Value(key)
}

// WithHeader lets calls with the returned context be kept on one arm of a rollout
// by a header, if the strategy's policy names one. get returns the header's value
// in the caller's request, "" for none; it is asked while the call is routed, by
// the goroutine that makes it, and not at all for strategies that need no header.
func WithHeader(ctx context.Context, get func(name string) string) context.Context {
	return &headers{ctx, get}
}

// WithKey is [WithHeader] for callers that have no headers: key stands for the
// header that the policy names, whatever its name is. A policy that takes the key
// from the input does so here, too, so that all callers share one key.
func WithKey(ctx context.Context, key string) context.Context {
	return WithHeader(ctx, func(string) string { return key })
}

// headerOf asks for a header of the request that a call was made for, "" if it has
// none.
func headerOf(ctx context.Context, name string) string {
	if h, ok := ctx.Value(headersKey{}).(*headers); ok {
		return h.get(name)
	}
	return ""
}

var _ context.Context = (*headers)(nil)
