package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// maxReason bounds the text that goes into the journal, in bytes.
const maxReason = 500

// act is what Switch and Rollback have in common.
type act = func(*runtime.Runtime, context.Context, runtime.Change) (runtime.Outcome, error)

// change handles switch and rollback: {"release": "...", "reason": "...",
// "new_baseline": false}, of which needed keys must be there.
func (a *api) change(do act, needed ...string) echo.HandlerFunc {
	return func(c echo.Context) error {
		name, err := strategyName(c)
		if err != nil {
			return err
		}
		ch, err := a.changeOf(c, name, needed)
		if err != nil {
			return a.refuseChange(c, name, err)
		}
		a.mayTakeLong(c)
		out, err := do(a.Runtime, c.Request().Context(), ch)
		if err != nil {
			return a.refuseChange(c, name, err)
		}
		c.Response().Header().Set("ETag", etag(out.Generation))
		return c.JSON(http.StatusOK, out)
	}
}

// mayTakeLong gives the answer the time of an upload: a release may be loaded and
// validated again before it.
func (a *api) mayTakeLong(c echo.Context) {
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(a.Limits.Upload))
}

func (a *api) changeOf(c echo.Context, name string, needed []string) (runtime.Change, error) {
	ch, _, err := a.changeWith(c, name, needed)
	return ch, err
}

// changeWith reads a change and returns the body as well, which may have more
// members.
func (a *api) changeWith(c echo.Context, name string, needed []string, more ...string) (runtime.Change, map[string]any, error) {
	ch := runtime.Change{Strategy: name, Actor: actor(c)}
	var err error
	if ch.IfGeneration, err = a.requireGeneration(c, name); err != nil {
		return ch, nil, err
	}
	body, err := a.object(c)
	if err != nil {
		return ch, nil, err
	}
	for _, key := range needed {
		if body[key] == nil || body[key] == "" {
			return ch, nil, problem.New(problem.BadRequest, "the body does not say which %s", key).At("/"+key).
				Cure("GET /v1/strategies/%s/releases lists what there is", name)
		}
	}
	if ch.Release, err = text(body, "release", 80); err != nil {
		return ch, nil, err
	}
	if ch.Reason, err = reasonIn(body); err != nil {
		return ch, nil, err
	}
	if ch.NewBaseline, err = yesOrNo(body, "new_baseline"); err != nil {
		return ch, nil, err
	}
	return ch, body, onlyKeys(body, append(more, "release", "reason", "new_baseline")...)
}

func reasonIn(body map[string]any) (string, error) {
	reason, err := text(body, "reason", maxReason)
	if err != nil {
		return "", err
	}
	return reason, checkReason(reason)
}

// refuseChange adds the current ETag to a refusal of a known strategy.
func (a *api) refuseChange(c echo.Context, name string, err error) error {
	if code := problem.CodeOf(err); code == problem.StaleGeneration || code == problem.IfMatchRequired {
		a.tellGeneration(c, name)
	}
	return err
}

// text reads an optional string of at most limit bytes.
func text(body map[string]any, key string, limit int) (string, error) {
	v, given := body[key]
	s, ok := v.(string)
	if given && !ok {
		return "", problem.New(problem.BadRequest, "%s must be a string", key).At("/" + key)
	}
	if len(s) > limit {
		return "", problem.New(problem.BadRequest, "%s is too long", key).At("/"+key).
			Want("at most %d bytes", limit).Got("%d bytes", len(s))
	}
	return s, nil
}

// yesOrNo reads an optional truth value.
func yesOrNo(body map[string]any, key string) (bool, error) {
	v, given := body[key]
	b, ok := v.(bool)
	if given && !ok {
		return false, problem.New(problem.BadRequest, "%s must be true or false", key).At("/" + key)
	}
	return b, nil
}

// checkReason refuses what would do harm in a journal or on a terminal: control
// and formatting characters, and what is not UTF-8.
func checkReason(s string) error {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(s) <= maxReason && utf8.ValidString(s) && !strings.ContainsFunc(s, unprintable) {
		return nil
	}
	return problem.New(problem.BadRequest, "reason is not a text that can be kept").At("/reason").
		Want("at most %d bytes of printable UTF-8 on one line", maxReason).Got("%.80q", s)
}

// onlyKeys refuses keys that mean nothing here: a misspelt "reason" must not be
// lost silently.
func onlyKeys(body map[string]any, known ...string) error {
	for k := range body {
		if !slices.Contains(known, k) {
			return problem.New(problem.BadRequest, "the body has an unknown key %.80q", k).Want("one of %s", strings.Join(known, ", ")).Got("%.80q", k)
		}
	}
	return nil
}
