package server

import (
	"net/http"
	goruntime "runtime"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

type health struct {
	Status     string   `json:"status"`
	Strategies int      `json:"strategies"`
	Degraded   []broken `json:"degraded,omitempty"`
}

// broken is a strategy with a stored route that cannot serve.
type broken struct {
	Strategy string `json:"strategy"`
	Problem  string `json:"problem"`
}

// livez says that the process answers; it asks nothing else.
func livez(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "alive"})
}

// readyz says whether to send traffic here. A strategy that cannot serve does
// not make the process unready: the others answer, and a restart elsewhere would
// not heal it. Its name and problem are for holders of the token.
func (a *api) readyz(c echo.Context) error {
	if a.Draining() {
		return problem.New(problem.ShuttingDown, "the server is shutting down").Cure("use another instance")
	}
	names := a.Runtime.Strategies()
	h := health{Status: "ready", Strategies: len(names)}
	if !c.QueryParams().Has("verbose") {
		return c.JSON(http.StatusOK, h)
	}
	return a.authenticate(func(c echo.Context) error {
		h.Degraded = a.degraded(c, names)
		return c.JSON(http.StatusOK, h)
	})(c)
}

func (a *api) degraded(c echo.Context, names []string) []broken {
	var list []broken
	for _, name := range names {
		s, err := a.Runtime.Status(c.Request().Context(), name)
		switch {
		case err != nil:
			list = append(list, broken{name, err.Error()})
		case s.Problem != "":
			list = append(list, broken{name, s.Problem})
		}
	}
	return list
}

type hostInfo struct {
	Version    string    `json:"version"`
	ABIVersion int       `json:"abi_version"`
	Audience   string    `json:"audience,omitempty"`
	GoVersion  string    `json:"go_version"`
	OS         string    `json:"os"`
	Arch       string    `json:"arch"`
	Started    time.Time `json:"started"`
	Strategies int       `json:"strategies"`
}

func (a *api) host(c echo.Context) error {
	return c.JSON(http.StatusOK, hostInfo{
		Version: a.Version, ABIVersion: abi.Version, Audience: a.Audience,
		GoVersion: goruntime.Version(), OS: goruntime.GOOS, Arch: goruntime.GOARCH,
		Started: a.started, Strategies: len(a.Runtime.Strategies()),
	})
}

func (a *api) metrics(c echo.Context) error {
	if a.Metrics == nil {
		return echo.ErrNotFound
	}
	a.Metrics.ServeHTTP(c.Response(), c.Request())
	return nil
}
