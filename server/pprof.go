package server

import (
	"context"
	"fmt"
	"net/http"
	goruntime "runtime"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime/problem"
)

// Package net/http/pprof would put its handlers on http.DefaultServeMux by being
// imported, for whoever serves that; these are on our routes only. Left out of
// what it offers are the command line, which may hold secrets, and symbols, which
// Go profiles carry themselves.

// Bounds of a profile that takes time, and its usual length.
const (
	profileUsual = 30 * time.Second
	profileMost  = 2 * time.Minute
)

// profiles adds the routes.
func (a *api) profiles(e *echo.Echo) {
	get := func(path string, h echo.HandlerFunc) { e.GET("/debug/pprof/"+path, a.wanted(h), a.authenticate) }
	get("", pprofIndex)
	get("profile", sampled(func(c echo.Context) error { return pprof.StartCPUProfile(c.Response()) }, pprof.StopCPUProfile))
	get("trace", sampled(func(c echo.Context) error { return trace.Start(c.Response()) }, trace.Stop))
	get(":name", pprofNamed)
}

// wanted answers 404 unless the operator asked for profiles.
func (a *api) wanted(h echo.HandlerFunc) echo.HandlerFunc {
	if a.Pprof {
		return h
	}
	return func(echo.Context) error {
		return problem.New(problem.NotFound, "this server serves no profiles").Cure("start it with serve --pprof")
	}
}

// pprofIndex lists what there is.
func pprofIndex(c echo.Context) error {
	names := []string{"profile", "trace"}
	for _, p := range pprof.Profiles() {
		names = append(names, p.Name())
	}
	slices.Sort(names)
	return c.String(http.StatusOK, strings.Join(names, "\n")+"\n")
}

// pprofNamed writes a profile of the moment, ?debug=1 as text, ?gc=1 after a
// collection.
func pprofNamed(c echo.Context) error {
	p := pprof.Lookup(c.Param("name"))
	if p == nil {
		return problem.New(problem.NotFound, "no profile %q", c.Param("name")).Cure("look at /debug/pprof/ for those that there are")
	}
	debug, err := number(c, "debug", 0, 2)
	if err != nil {
		return err
	}
	if c.QueryParam("gc") == "1" {
		goruntime.GC()
	}
	download(c, p.Name(), debug > 0)
	return p.WriteTo(c.Response(), debug)
}

// sampled writes what is collected between start and stop, for ?seconds=30 or
// until the caller goes away. One at a time: the Go runtime has one sampler.
func sampled(start func(echo.Context) error, stop func()) echo.HandlerFunc {
	return func(c echo.Context) error {
		seconds, err := number(c, "seconds", int(profileUsual/time.Second), int(profileMost/time.Second))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), time.Duration(max(1, seconds))*time.Second)
		defer cancel()
		download(c, "profile", false)
		if err := start(c); err != nil {
			c.Response().Header().Del(echo.HeaderContentDisposition)
			c.Response().Header().Del(echo.HeaderContentType)
			return problem.New(problem.Overloaded, "a profile is being taken: %w", err).Cure("try again when it has ended")
		}
		defer stop()
		// The server bounds how long an answer may take to write.
		_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Time{}) // not every writer can; then the bound stays
		<-ctx.Done()
		return nil
	}
}

// number reads a query parameter from 0 to most.
func number(c echo.Context, name string, usual, most int) (int, error) {
	text := c.QueryParam(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, problem.New(problem.BadRequest, "the query parameter %s is no number that makes sense here", name).
			Want("0 to %d", most).Got("%.20q", text).Cure("correct the address")
	}
	return n, nil
}

func download(c echo.Context, name string, text bool) {
	h := c.Response().Header()
	if text {
		h.Set(echo.HeaderContentType, echo.MIMETextPlainCharsetUTF8)
		return
	}
	h.Set(echo.HeaderContentType, echo.MIMEOctetStream)
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s.pb.gz"`, name))
}
