package server

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// How many rollouts a list has.
const (
	rolloutsUsual = 20
	rolloutsMost  = 100
)

// latest stands for the number of the newest rollout.
const latest = "latest"

type rolloutList struct {
	Strategy string            `json:"strategy"`
	Rollouts []runtime.Rollout `json:"rollouts"`
}

func (a *api) rollouts(c echo.Context) error {
	name, err := strategyName(c)
	if err != nil {
		return err
	}
	limit, err := limitOf(c)
	if err != nil {
		return err
	}
	found, err := a.Runtime.Rollouts.List(c.Request().Context(), name, limit)
	if err != nil {
		return err
	}
	list := rolloutList{Strategy: name, Rollouts: make([]runtime.Rollout, len(found))}
	for i, r := range found {
		list.Rollouts[i] = whole(r)
	}
	return c.JSON(http.StatusOK, list)
}

// limitOf reads how many rollouts a list may have.
func limitOf(c echo.Context) (int, error) {
	n, err := number(c, "limit", rolloutsUsual, rolloutsMost)
	if err == nil && n == 0 {
		err = problem.New(problem.BadRequest, "an empty list tells nothing").Want("limit=1 to %d", rolloutsMost).Got("0")
	}
	return n, err
}

// startRollout begins one: {"release": "...", "policy": {...}, "reason": "...",
// "new_baseline": false}.
func (a *api) startRollout(c echo.Context) error {
	name, err := strategyName(c)
	if err != nil {
		return err
	}
	start, err := a.startOf(c, name)
	if err != nil {
		return a.refuseChange(c, name, err)
	}
	a.mayTakeLong(c)
	r, err := a.Runtime.Rollouts.Start(c.Request().Context(), start)
	if err != nil {
		return a.refuseChange(c, name, err)
	}
	c.Response().Header().Set(echo.HeaderLocation, "/v1/strategies/"+name+"/rollouts/"+strconv.FormatUint(r.ID, 10))
	return answerRollout(c, http.StatusCreated, r)
}

func (a *api) startOf(c echo.Context, name string) (runtime.RolloutStart, error) {
	ch, body, err := a.changeWith(c, name, []string{"release"}, "policy")
	start := runtime.RolloutStart{Strategy: name, Release: ch.Release, IfGeneration: ch.IfGeneration,
		NewBaseline: ch.NewBaseline, Actor: ch.Actor, Reason: ch.Reason}
	if err != nil {
		return start, err
	}
	start.Policy, err = document(body, "policy")
	return start, err
}

// document reads an optional object.
func document(body map[string]any, key string) (map[string]any, error) {
	v, given := body[key]
	doc, ok := v.(map[string]any)
	if given && !ok {
		return nil, problem.New(problem.BadRequest, "%s must be an object", key).At("/" + key)
	}
	return doc, nil
}

func (a *api) rollout(c echo.Context) error {
	name, id, err := rolloutOf(c)
	if err != nil {
		return err
	}
	r, err := a.Runtime.Rollouts.Get(c.Request().Context(), name, id)
	if err != nil {
		return err
	}
	return answerRollout(c, http.StatusOK, r)
}

type decisionList struct {
	Strategy  string             `json:"strategy"`
	Rollout   uint64             `json:"rollout"`
	Decisions []runtime.Decision `json:"decisions"`
}

func (a *api) decisions(c echo.Context) error {
	name, id, err := rolloutOf(c)
	if err != nil {
		return err
	}
	// The newest may become another one in between.
	r, err := a.Runtime.Rollouts.Get(c.Request().Context(), name, id)
	if err != nil {
		return err
	}
	list := decisionList{Strategy: name, Rollout: r.ID}
	if list.Decisions, err = a.Runtime.Rollouts.Decisions(c.Request().Context(), name, r.ID); err != nil {
		return err
	}
	if list.Decisions == nil {
		list.Decisions = []runtime.Decision{}
	}
	return c.JSON(http.StatusOK, list)
}

// command passes on a person's wish about a rollout: {"reason": "..."}.
func (a *api) command(verb rollout.Verb) echo.HandlerFunc {
	return func(c echo.Context) error {
		name, id, err := rolloutOf(c)
		if err != nil {
			return err
		}
		wish := runtime.RolloutCommand{Strategy: name, ID: id, Verb: verb, Actor: actor(c)}
		if err := a.readCommand(c, &wish); err != nil {
			return a.refuseCommand(c, name, id, err)
		}
		a.mayTakeLong(c)
		r, err := a.Runtime.Rollouts.Command(c.Request().Context(), wish)
		if err != nil {
			return a.refuseCommand(c, name, id, err)
		}
		return answerRollout(c, http.StatusOK, r)
	}
}

// readCommand wants a number for the rollout: the newest may be another one than
// the caller looked at, with the same revision.
func (a *api) readCommand(c echo.Context, wish *runtime.RolloutCommand) (err error) {
	if wish.ID == 0 {
		return problem.New(problem.BadRequest, "a change names its rollout by number").Want("a number").Got("%s", latest).
			Cure("GET /v1/strategies/%s/rollouts/latest tells its id", wish.Strategy)
	}
	address := "/v1/strategies/" + wish.Strategy + "/rollouts/" + strconv.FormatUint(wish.ID, 10)
	if wish.IfRevision, err = basisOf(c, basis{address: address}); err != nil {
		return err
	}
	body, err := a.object(c)
	if err != nil {
		return err
	}
	if wish.Reason, err = reasonIn(body); err != nil {
		return err
	}
	return onlyKeys(body, "reason")
}

// refuseCommand adds the current ETag to a refusal of a known rollout.
func (a *api) refuseCommand(c echo.Context, name string, id uint64, err error) error {
	if outdated(err) {
		if r, err := a.Runtime.Rollouts.Get(c.Request().Context(), name, id); err == nil {
			c.Response().Header().Set("ETag", etag(r.Revision))
		}
	}
	return err
}

// outdated reports whether a caller has to look again before it can change
// something with a revision.
func outdated(err error) bool {
	code := problem.CodeOf(err)
	return code == problem.StaleRollout || code == problem.IfMatchRequired
}

// rolloutOf reads the path's strategy and rollout, 0 for the newest.
func rolloutOf(c echo.Context) (name string, id uint64, err error) {
	if name, err = strategyName(c); err != nil {
		return "", 0, err
	}
	id, ok := numberIn(c.Param("id"))
	if !ok {
		return "", 0, problem.New(problem.UnknownRollout, "%.40q cannot be the number of a rollout", c.Param("id")).
			Cure("GET /v1/strategies/%s/rollouts lists them", name)
	}
	return name, id, nil
}

// numberIn reads a number of a path, which has one spelling; 0 for the newest.
func numberIn(given string) (id uint64, ok bool) {
	if given == latest {
		return 0, true
	}
	id, err := strconv.ParseUint(given, 10, 64)
	return id, err == nil && id != 0 && strconv.FormatUint(id, 10) == given
}

func answerRollout(c echo.Context, status int, r runtime.Rollout) error {
	c.Response().Header().Set("ETag", etag(r.Revision))
	return c.JSON(status, whole(r))
}

// whole makes lists that the contract promises of nothing.
func whole(r runtime.Rollout) runtime.Rollout {
	if r.Stages == nil {
		r.Stages = []runtime.RolloutStage{}
	}
	return r
}

// rolloutRoutes adds the operations on rollouts and their policies.
func (a *api) rolloutRoutes(v1 func(method, path string, h echo.HandlerFunc)) {
	const all, one, policy = "/strategies/:name/rollouts", "/strategies/:name/rollouts/:id", "/strategies/:name/rollout-policy"
	v1(http.MethodGet, all, a.rollouts)
	v1(http.MethodPost, all, a.changing(a.startRollout))
	v1(http.MethodGet, one, a.rollout)
	v1(http.MethodGet, one+"/decisions", a.decisions)
	for _, verb := range []rollout.Verb{rollout.VerbPromote, rollout.VerbPause, rollout.VerbResume, rollout.VerbAbort} {
		v1(http.MethodPost, one+"/"+string(verb), a.changing(a.command(verb)))
	}
	v1(http.MethodGet, policy, a.policy)
	v1(http.MethodPut, policy, a.changing(a.setPolicy))
	v1(http.MethodDelete, policy, a.changing(a.deletePolicy))
}
