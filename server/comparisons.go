package server

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// comparisonsEnd is how long a renewal waits for the reports of comparisons that it
// ends.
const comparisonsEnd = 5 * time.Second

// comparisonRoutes adds the operations on offline comparisons.
func (a *api) comparisonRoutes(v1 func(method, path string, h echo.HandlerFunc)) {
	const all, one = "/comparisons", "/comparisons/:id"
	v1(http.MethodGet, all, a.comparisons)
	v1(http.MethodPost, all, a.changing(a.startComparison))
	v1(http.MethodGet, one, a.comparison)
	v1(http.MethodDelete, one, a.cancelComparison)
	v1(http.MethodGet, one+"/report", a.comparisonReport)
}

type comparisonList struct {
	Comparisons []runtime.ComparisonStatus `json:"comparisons"`
	Problem     string                     `json:"problem,omitempty"` // some are missing
}

// comparisons lists what can be read. Damage of some is told beside the others.
func (a *api) comparisons(c echo.Context) error {
	list, err := a.Runtime.Comparisons.List(c.Request().Context())
	answer := comparisonList{Comparisons: orEmpty(list)}
	switch {
	case problem.CodeOf(err) == problem.StoreCorrupt:
		answer.Problem = "records of comparisons are damaged and left out; the log of the host names them"
	case err != nil:
		return err
	}
	return c.JSON(http.StatusOK, answer)
}

// startComparison begins one, see comparisonOf. It goes on when the caller goes
// away.
func (a *api) startComparison(c echo.Context) error {
	leave, err := a.enterComparison()
	if err != nil {
		return err
	}
	defer leave()
	ask, err := a.comparisonOf(c)
	if err != nil {
		return err
	}
	s, err := a.Runtime.Comparisons.Start(c.Request().Context(), ask)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, "/v1/comparisons/"+s.ID)
	return c.JSON(http.StatusAccepted, s)
}

// enterComparison takes one of the places for bodies with inputs, which are in
// memory as a whole.
func (a *api) enterComparison() (leave func(), err error) {
	select {
	case a.comparing <- struct{}{}:
		return func() { <-a.comparing }, nil
	default:
		return nil, problem.New(problem.Overloaded, "%d comparisons are being sent", cap(a.comparing)).
			Want("fewer at the same time").Cure("send it again later")
	}
}

func (a *api) comparison(c echo.Context) error {
	s, err := a.Runtime.Comparisons.Get(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s)
}

// cancelComparison answers 202 while the comparison still has to notice.
func (a *api) cancelComparison(c echo.Context) error {
	s, err := a.Runtime.Comparisons.Cancel(c.Request().Context(), c.Param("id"), actor(c))
	if err != nil {
		return err
	}
	if underWay(s) {
		return c.JSON(http.StatusAccepted, s)
	}
	return c.JSON(http.StatusOK, s)
}

func (a *api) comparisonReport(c echo.Context) error {
	f, err := formOf(c)
	if err != nil {
		return err
	}
	r, err := a.Runtime.Comparisons.Report(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return f.answer(c, "comparison-"+c.Param("id"), r)
}

func underWay(s runtime.ComparisonStatus) bool {
	return s.State == runtime.ComparisonWaiting || s.State == runtime.ComparisonRunning
}

// endComparisons ends all that wait or run, and waits a while for their partial
// reports. A process that is being replaced would spoil the measurement; its successor
// knows what became of them.
func (a *api) endComparisons() {
	ctx, cancel := context.WithTimeout(context.Background(), comparisonsEnd)
	defer cancel()
	a.Runtime.Comparisons.Interrupt(ctx, "the host was renewed")
}
