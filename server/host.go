package server

import (
	"context"
	"net/http"
	"os"
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
	PID        int       `json:"pid"`
	Resident   Residents `json:"resident"`
}

// Residents is what a process holds until it ends, whatever is retired.
type Residents struct {
	Count int `json:"count"`
	// Limit is how many there may be, RenewAt at how many the process renews
	// itself; 0: none, never.
	Limit   int `json:"limit,omitempty"`
	RenewAt int `json:"renew_at,omitempty"`
	// FileBytes is the size of their files, MemoryBytes by how much the process
	// grew when they were opened, in sum.
	FileBytes   int64 `json:"file_bytes"`
	MemoryBytes int64 `json:"memory_bytes"`
	// Degraded says why the process takes no new ones.
	Degraded string     `json:"degraded,omitempty"`
	Items    []Resident `json:"items"`
}

// Resident is one of them.
type Resident struct {
	Strategy   string `json:"strategy"`
	Version    string `json:"version"`
	Artifact   string `json:"artifact"`
	ImportPath string `json:"import_path,omitempty"`
	FileBytes  int64  `json:"file_bytes"`
	// MemoryBytes is by how much the resident memory of the process grew when it
	// was opened, with what else happened in that moment.
	MemoryBytes int64     `json:"memory_bytes"`
	Opened      time.Time `json:"opened"`
	// Use is what its release does: live, draining or retired.
	Use string `json:"use"`
}

func (a *api) residents(ctx context.Context) Residents {
	var r Residents
	if a.Resident != nil {
		r = a.Resident(ctx)
	}
	if r.Items == nil {
		r.Items = []Resident{}
	}
	return r
}

func (a *api) host(c echo.Context) error {
	return c.JSON(http.StatusOK, hostInfo{
		Version: a.Version, ABIVersion: abi.Version, Audience: a.Audience,
		GoVersion: goruntime.Version(), OS: goruntime.GOOS, Arch: goruntime.GOARCH,
		Started: a.started, Strategies: len(a.Runtime.Strategies()),
		PID: os.Getpid(), Resident: a.residents(c.Request().Context()),
	})
}

// profile passes on what the program tells of itself.
func (a *api) profile(c echo.Context) error {
	if a.Profile == nil {
		return echo.ErrNotFound
	}
	p, err := a.Profile()
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, p)
}

func (a *api) metrics(c echo.Context) error {
	if a.Metrics == nil {
		return echo.ErrNotFound
	}
	a.Metrics.ServeHTTP(c.Response(), c.Request())
	return nil
}
