package server_test

import (
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"testing"
)

// listening collects the stages of interim answers.
type listening struct {
	http.RoundTripper
	stages []string
}

func (l *listening) RoundTrip(r *http.Request) (*http.Response, error) {
	return l.RoundTripper.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
			if status == http.StatusProcessing {
				l.stages = append(l.stages, h.Get("Swapline-Stage"))
			}
			return nil
		}})))
}

func TestAnUploadTellsItsStagesToWhoAsks(t *testing.T) {
	h := start(t)
	l := &listening{RoundTripper: h.client.Transport}
	h.client.Transport = l
	a := h.upload(h.sign("one", "1.0.0", 1), "", map[string]string{"If-None-Match": "*", "Prefer": "progress"})
	if a.status != http.StatusCreated || a.header.Get("Swapline-Stage") != "" {
		t.Fatalf("%d, stage %q: %s", a.status, a.header.Get("Swapline-Stage"), a.body)
	}
	for _, stage := range []string{"verify", "stage", "load", "golden_cases", "activate"} {
		if !slices.Contains(l.stages, stage) {
			t.Errorf("stage %s is missing in %v", stage, l.stages)
		}
	}
	if l.stages[0] != "verify" {
		t.Errorf("stages in the order %v", l.stages)
	}
	l.stages = nil
	refused := h.upload(h.sign("broken", "1.1.0", 2), "", map[string]string{"If-Match": a.header.Get("ETag"), "Prefer": "progress"})
	if refused.status != http.StatusUnprocessableEntity || !slices.Contains(l.stages, "load") || slices.Contains(l.stages, "activate") {
		t.Errorf("%d after the stages %v: %s", refused.status, l.stages, refused.body)
	}
	l.stages = nil
	if h.upload(h.sign("two", "2.0.0", 3), "", map[string]string{"If-Match": a.header.Get("ETag")}); l.stages != nil {
		t.Errorf("nobody asked, but %v was told", l.stages)
	}
}
