package server

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime/problem"
)

// etag is the strong entity tag of a strategy: its generation.
func etag(generation uint64) string { return `"` + strconv.FormatUint(generation, 10) + `"` }

// generationOf reads the generation on which a change was decided: If-Match
// with one strong tag, or If-None-Match: * for a strategy without a release.
func generationOf(c echo.Context) (*uint64, error) {
	match := c.Request().Header.Values("If-Match")
	none := c.Request().Header.Values("If-None-Match")
	switch {
	case len(match) == 0 && len(none) == 0:
		return nil, problem.New(problem.IfMatchRequired, "a change needs the generation it was decided on").
			Want(`If-Match: "GENERATION"`).Got("no If-Match").
			Cure("send the ETag of GET /v1/strategies/%s as If-Match, or If-None-Match: * for a first release", c.Param("name"))
	case len(match) == 1 && len(none) == 0:
		return parseTag(match[0])
	case len(match) == 0 && len(none) == 1 && strings.TrimSpace(none[0]) == "*":
		return new(uint64), nil
	}
	return nil, problem.New(problem.BadRequest, "the preconditions cannot be understood").
		Want(`one If-Match: "GENERATION", or one If-None-Match: *`).Got("If-Match %q, If-None-Match %q", match, none)
}

func parseTag(tag string) (*uint64, error) {
	tag = strings.TrimSpace(tag)
	digits, opened := strings.CutPrefix(tag, `"`)
	digits, closed := strings.CutSuffix(digits, `"`)
	g, err := strconv.ParseUint(digits, 10, 64)
	if !opened || !closed || err != nil || etag(g) != tag {
		return nil, problem.New(problem.BadRequest, "If-Match is not the ETag of a strategy").
			Want(`one strong tag, for example "3"`).Got("%.80s", tag).
			Cure("send the ETag of GET /v1/strategies/%s unchanged", "{name}")
	}
	return &g, nil
}

// requireGeneration reads the precondition and, before anything large is read,
// compares it with what is served now. The runtime compares again under its
// lock; this check only saves a stale caller the upload.
func (a *api) requireGeneration(c echo.Context, strategy string) (*uint64, error) {
	want, err := generationOf(c)
	if err != nil {
		return nil, err
	}
	now, err := a.generation(c, strategy)
	if err != nil {
		return nil, err
	}
	if now != *want {
		return nil, problem.New(problem.StaleGeneration, "strategy %s has changed since", strategy).
			Want("generation %d", *want).Got("generation %d", now).
			Cure("look at what is served now, then repeat with If-Match: %s", etag(now))
	}
	return want, nil
}

// generation returns a strategy's generation, 0 for one without a release.
func (a *api) generation(c echo.Context, strategy string) (uint64, error) {
	s, err := a.Runtime.Status(c.Request().Context(), strategy)
	if problem.CodeOf(err) == problem.UnknownStrategy {
		return 0, nil
	}
	return s.Generation, err
}

// tellGeneration sets the current ETag, so that a refused caller knows it.
func (a *api) tellGeneration(c echo.Context, strategy string) {
	if g, err := a.generation(c, strategy); err == nil {
		c.Response().Header().Set("ETag", etag(g))
	}
}
