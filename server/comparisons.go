package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

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
}

func (a *api) comparisons(c echo.Context) error {
	return c.JSON(http.StatusOK, comparisonList{orEmpty(a.Runtime.Comparisons.List())})
}

// startComparison begins one, see comparisonBody. It goes on when the caller goes
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
	s, err := a.Runtime.Comparisons.Get(c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s)
}

// cancelComparison answers 202 while the comparison still has to notice.
func (a *api) cancelComparison(c echo.Context) error {
	s, err := a.Runtime.Comparisons.Cancel(c.Param("id"))
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
	r, err := a.Runtime.Comparisons.Report(c.Param("id"))
	if err != nil {
		return err
	}
	return f.answer(c, "comparison-"+c.Param("id"), r)
}

func underWay(s runtime.ComparisonStatus) bool {
	return s.State == runtime.ComparisonWaiting || s.State == runtime.ComparisonRunning
}

// endComparisons cancels all that wait or run. A process that is being replaced
// would spoil the measurement, and its successor knows nothing of it.
func (a *api) endComparisons() {
	for _, s := range a.Runtime.Comparisons.List() {
		if !underWay(s) {
			continue
		}
		if _, err := a.Runtime.Comparisons.Cancel(s.ID); err != nil {
			a.Log.Warn("a comparison goes on while the host is renewed", "comparison", s.ID, "error", err)
			continue
		}
		a.Log.Info("a comparison was cancelled, since the host is being renewed", "comparison", s.ID)
	}
}
