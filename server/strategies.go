package server

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// strategyName reads the path's strategy and refuses what no strategy can be
// called, before it gets near a store or a log.
func strategyName(c echo.Context) (string, error) {
	name := c.Param("name")
	if !manifest.ValidName(name) {
		return "", problem.New(problem.UnknownStrategy, "%.80q cannot be the name of a strategy", name).
			Cure("GET /v1/strategies lists the names")
	}
	return name, nil
}

type strategyList struct {
	Strategies []runtime.Status `json:"strategies"`
}

func (a *api) strategies(c echo.Context) error {
	list := strategyList{Strategies: []runtime.Status{}}
	for _, name := range a.Runtime.Strategies() {
		s, err := a.Runtime.Status(c.Request().Context(), name)
		if err != nil {
			return err
		}
		s.Changes = nil
		list.Strategies = append(list.Strategies, s)
	}
	return c.JSON(http.StatusOK, list)
}

func (a *api) strategy(c echo.Context) error {
	name, err := strategyName(c)
	if err != nil {
		return err
	}
	s, err := a.Runtime.Status(c.Request().Context(), name)
	if err != nil {
		return err
	}
	tag := etag(s.Generation)
	c.Response().Header().Set("ETag", tag)
	return c.JSON(http.StatusOK, s)
}

type releaseList struct {
	Strategy string            `json:"strategy"`
	Releases []runtime.Release `json:"releases"`
}

func (a *api) releases(c echo.Context) error {
	name, err := strategyName(c)
	if err != nil {
		return err
	}
	rs, err := a.Runtime.Releases(c.Request().Context(), name)
	if err != nil {
		return err
	}
	if rs == nil {
		rs = []runtime.Release{}
	}
	return c.JSON(http.StatusOK, releaseList{Strategy: name, Releases: rs})
}

func (a *api) release(c echo.Context) error {
	name, err := strategyName(c)
	if err != nil {
		return err
	}
	rs, err := a.Runtime.Releases(c.Request().Context(), name)
	if err != nil {
		return err
	}
	r, err := pick(rs, name, c.Param("release"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, r)
}

// pick finds the one release that a reference names: a payload digest, eight or
// more of its first digits, or a version.
func pick(rs []runtime.Release, strategy, ref string) (runtime.Release, error) {
	var found []runtime.Release
	for _, r := range rs {
		if names(ref, r) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return runtime.Release{}, problem.New(problem.UnknownRelease, "strategy %s has no release %.80q", strategy, ref).
			Cure("GET /v1/strategies/%s/releases lists them", strategy)
	}
	return runtime.Release{}, problem.New(problem.AmbiguousRelease, "%.80q names %d releases of strategy %s", ref, len(found), strategy).
		Cure("name the release by its digest")
}

func names(ref string, r runtime.Release) bool {
	if ref == r.Version || ref == string(r.Digest) {
		return true
	}
	hex := strings.TrimPrefix(ref, "sha256:")
	return len(hex) >= 8 && strings.HasPrefix(r.Digest.Hex(), hex)
}
