package runtime

import (
	"context"
	"net/http"
	"testing"
)

func TestHeadersOfARequestAreFoundInItsContext(t *testing.T) {
	type other struct{}
	h := http.Header{"X-Customer": {"17", "18"}}
	ctx := context.WithValue(WithHeader(context.WithValue(t.Context(), other{}, "kept"), h.Get), struct{ more int }{}, true)
	if got := headerOf(ctx, "x-customer"); got != "17" {
		t.Errorf("%q", got)
	}
	if got := headerOf(ctx, "X-Other"); got != "" {
		t.Errorf("a header that is not there: %q", got)
	}
	if ctx.Value(other{}) != "kept" {
		t.Error("other values are hidden")
	}
	if got := headerOf(t.Context(), "X-Customer"); got != "" {
		t.Errorf("without headers: %q", got)
	}
}

func TestAKeyStandsForAnyHeader(t *testing.T) {
	ctx := WithKey(WithKey(t.Context(), "before"), "customer-17")
	if headerOf(ctx, "X-Customer") != "customer-17" || headerOf(ctx, "Any") != "customer-17" {
		t.Errorf("%q", headerOf(ctx, "X-Customer"))
	}
}

func TestAContextWithHeadersEndsWithItsParent(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	ctx := WithKey(parent, "k")
	child, stop := context.WithCancel(ctx)
	defer stop()
	cancel()
	<-child.Done()
	if ctx.Err() == nil || child.Err() == nil {
		t.Error("it goes on")
	}
}

func TestHeadersCostOneAllocation(t *testing.T) {
	ctx, get := t.Context(), func(string) string { return "" }
	if n := testing.AllocsPerRun(100, func() { _ = headerOf(WithHeader(ctx, get), "X-Customer") }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
