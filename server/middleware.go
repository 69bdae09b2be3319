package server

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/swapline/swapline/runtime/problem"
)

// Headers of our own and the one that everybody uses.
const (
	headerRequestID  = "X-Request-Id"
	headerRelease    = "Swapline-Release"
	headerDigest     = "Swapline-Digest"
	headerKind       = "Swapline-Kind"
	headerGeneration = "Swapline-Generation"
	headerFuel       = "Swapline-Fuel"
	headerStage      = "Swapline-Stage"
	headerVariant    = "Swapline-Variant"
	headerActor      = "Swapline-Actor"
)

// route tells otelhttp which route was taken. It must be the first middleware:
// otelhttp looks at the very request that it handed down. A path without a
// route sets nothing, so that strangers cannot make label values.
func route(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if p := c.Path(); p != "" && !strings.HasSuffix(p, "*") {
			r := c.Request()
			r.Pattern = r.Method + " " + p
			trace.SpanFromContext(r.Context()).SetAttributes(attribute.String("http.route", p))
		}
		return next(c)
	}
}

// requestID gives every request a name for logs. A client's own is taken only
// if it can do no harm in a log line.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(headerRequestID)
		if !plainWord(id, "-") {
			id = rand.Text()
		}
		c.Response().Header().Set(headerRequestID, id)
		return next(c)
	}
}

// plainWord reports whether s is 1 to 64 ASCII letters, digits or extra
// characters.
func plainWord(s, extra string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	return strings.Trim(s, plain+extra) == "" && strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune(plain+extra, r)
	}) < 0
}

func securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}

// observe answers errors itself, so that it sees the status, and writes one log
// line a request: warnings for what the server could not do, the rest for
// debugging.
func (a *api) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		level := slog.LevelDebug
		if c.Response().Status >= http.StatusInternalServerError {
			level = slog.LevelWarn
		}
		r := c.Request()
		a.Log.Log(r.Context(), level, "request",
			"method", r.Method, "route", c.Path(), "status", c.Response().Status,
			"duration", time.Since(start), "request_id", c.Response().Header().Get(headerRequestID))
		return nil
	}
}

// protect turns a panic of a handler into a problem. http.ErrAbortHandler stays
// what it is: the way to cut a connection.
func (a *api) protect(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if cause, ok := r.(error); ok && errors.Is(cause, http.ErrAbortHandler) {
				panic(r)
			}
			a.Log.ErrorContext(c.Request().Context(), "a handler panicked", "panic", r, "stack", string(debug.Stack()))
			err = problem.New(problem.Internal, "a handler panicked: %v", r)
		}()
		return next(c)
	}
}
