package server

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime/problem"
)

// etag is the strong entity tag of what changes by numbered steps: a strategy's
// generation, the revision of a rollout or a policy.
func etag(number uint64) string { return `"` + strconv.FormatUint(number, 10) + `"` }

// basis is what a change is decided on.
type basis struct {
	address string // whose ETag it needs
	// first is what If-None-Match: * stands for, number 0; "" if there is always
	// something to look at.
	first string
}

// generationOf reads the generation on which a change of a strategy was decided.
func generationOf(c echo.Context) (*uint64, error) {
	return basisOf(c, basis{address: "/v1/strategies/" + c.Param("name"), first: "a first release"})
}

// basisOf reads the number on which a change was decided: If-Match with one strong
// tag, or If-None-Match: * for what was never changed.
func basisOf(c echo.Context, b basis) (*uint64, error) {
	match := c.Request().Header.Values("If-Match")
	none := c.Request().Header.Values("If-None-Match")
	switch {
	case len(match) == 0 && len(none) == 0:
		return nil, problem.New(problem.IfMatchRequired, "a change needs the ETag of what it was decided on").
			Want(`If-Match: "NUMBER"`).Got("no If-Match").Cure("%s", b.cure())
	case len(match) == 1 && len(none) == 0:
		return b.parse(match[0])
	case len(match) == 0 && len(none) == 1 && strings.TrimSpace(none[0]) == "*" && b.first != "":
		return new(uint64), nil
	}
	return nil, problem.New(problem.BadRequest, "the preconditions cannot be understood").
		Want(`one If-Match: "NUMBER"`).Got("If-Match %.80q, If-None-Match %.80q", match, none).Cure("%s", b.cure())
}

func (b basis) cure() string {
	text := "send the ETag of GET " + b.address + " unchanged as If-Match"
	if b.first != "" {
		text += ", or If-None-Match: * for " + b.first
	}
	return text
}

func (b basis) parse(tag string) (*uint64, error) {
	tag = strings.TrimSpace(tag)
	digits, opened := strings.CutPrefix(tag, `"`)
	digits, closed := strings.CutSuffix(digits, `"`)
	g, err := strconv.ParseUint(digits, 10, 64)
	if !opened || !closed || err != nil || etag(g) != tag {
		return nil, problem.New(problem.BadRequest, "If-Match is not an ETag of this server").
			Want(`one strong tag, for example "3"`).Got("%.80s", tag).Cure("%s", b.cure())
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
