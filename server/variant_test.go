package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// TestAnAnswerOfNoReleaseNamesNone: it says where it comes from, and nothing that
// would name a release.
func TestAnAnswerOfNoReleaseNamesNone(t *testing.T) {
	release := runtime.Release{Strategy: "risk", Version: "1.0.0", Digest: "sha256:00", Kind: "memory"}
	names := []string{headerRelease, headerDigest, headerKind, headerGeneration, "Server-Timing"}
	for _, c := range []struct {
		response runtime.Response
		named    bool
	}{
		{runtime.Response{Variant: "static", Generation: 3}, false},
		{runtime.Response{Variant: "last_good", Generation: 3, Executed: time.Second}, false},
		{runtime.Response{Variant: "previous", Generation: 3, Release: release}, true},
		{runtime.Response{Variant: "candidate", Generation: 3, Release: release}, true},
		{runtime.Response{}, false},
	} {
		w := httptest.NewRecorder()
		tellVariant(echo.New().NewContext(httptest.NewRequest(http.MethodPost, "/", nil), w), c.response)
		if got := w.Header().Get(headerVariant); got != c.response.Variant {
			t.Errorf("variant %q, want %q", got, c.response.Variant)
		}
		for _, name := range names {
			if (w.Header().Get(name) != "") != c.named {
				t.Errorf("%s: %s is %q", c.response.Variant, name, w.Header().Get(name))
			}
		}
	}
}

// wait is an error that knows when it will be gone.
type wait time.Duration

func (w wait) Error() string             { return "not now" }
func (w wait) RetryAfter() time.Duration { return time.Duration(w) }

func TestWhoIsToldToComeBackIsToldWhen(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{problem.New(problem.Overloaded, "full"), "1"},
		{problem.New(problem.BreakerOpen, "open: %w", wait(5*time.Second)), "5"},
		{fmt.Errorf("here: %w", wait(1500*time.Millisecond)), "2"},
		{wait(0), "1"},
		{wait(-time.Minute), "1"},
	} {
		if got := retryAfter(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
	a := &api{answers: answersByCode()}
	w := httptest.NewRecorder()
	a.fail(problem.New(problem.BreakerOpen, "open: %w", wait(7*time.Second)), echo.New().NewContext(httptest.NewRequest(http.MethodPost, "/", nil), w))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "7" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
