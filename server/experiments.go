package server

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// experimentRoutes adds the operations on experiments. One is named by its strategy
// and a number, as the rollout is that carries it.
func (a *api) experimentRoutes(v1 func(method, path string, h echo.HandlerFunc)) {
	const all, one = "/experiments", "/experiments/:name/:id"
	v1(http.MethodGet, all, a.experiments)
	v1(http.MethodPost, all, a.changing(a.startExperiment))
	v1(http.MethodGet, one, a.experiment)
	v1(http.MethodGet, one+"/report", a.experimentReport)
	v1(http.MethodPost, one+"/stop", a.changing(a.stopExperiment))
}

type experimentList struct {
	Experiments []runtime.Experiment `json:"experiments"`
}

func (a *api) experiments(c echo.Context) error {
	name := c.QueryParam("strategy")
	if name != "" && !manifest.ValidName(name) {
		return problem.New(problem.BadRequest, "%.80q cannot be the name of a strategy", name).Cure("GET /v1/strategies lists the names")
	}
	limit, err := limitOf(c)
	if err != nil {
		return err
	}
	found, err := a.Runtime.Experiments.List(c.Request().Context(), name, limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, experimentList{found})
}

// startExperiment begins one: {"strategy": "...", "release": "...", "plan": {...},
// "reason": "...", "new_baseline": false}.
func (a *api) startExperiment(c echo.Context) error {
	start, err := a.experimentOf(c)
	if err != nil {
		return a.refuseChange(c, start.Strategy, err)
	}
	a.mayTakeLong(c)
	e, err := a.Runtime.Experiments.Start(c.Request().Context(), start)
	if err != nil {
		return a.refuseChange(c, start.Strategy, err)
	}
	c.Response().Header().Set(echo.HeaderLocation, "/v1/experiments/"+e.Strategy+"/"+strconv.FormatUint(e.ID, 10))
	return answerExperiment(c, http.StatusCreated, e)
}

func (a *api) experimentOf(c echo.Context) (start runtime.ExperimentStart, err error) {
	start.Actor = actor(c)
	body, err := a.object(c)
	if err != nil {
		return start, err
	}
	if start.Strategy, err = strategyIn(body); err != nil {
		return start, err
	}
	if start.IfGeneration, err = basisOf(c, basis{address: "/v1/strategies/" + start.Strategy}); err != nil {
		return start, err
	}
	if body["release"] == nil || body["release"] == "" {
		return start, problem.New(problem.BadRequest, "the body does not say which release").At("/release").
			Cure("GET /v1/strategies/%s/releases lists what there is", start.Strategy)
	}
	if start.Release, err = text(body, "release", 80); err != nil {
		return start, err
	}
	if start.Plan, err = document(body, "plan"); err != nil {
		return start, err
	}
	if start.Reason, err = reasonIn(body); err != nil {
		return start, err
	}
	if start.NewBaseline, err = yesOrNo(body, "new_baseline"); err != nil {
		return start, err
	}
	return start, onlyKeys(body, "strategy", "release", "plan", "reason", "new_baseline")
}

func (a *api) experiment(c echo.Context) error {
	name, id, err := experimentIn(c)
	if err != nil {
		return err
	}
	e, err := a.Runtime.Experiments.Get(c.Request().Context(), name, id)
	if err != nil {
		return err
	}
	return answerExperiment(c, http.StatusOK, e)
}

func (a *api) experimentReport(c echo.Context) error {
	name, id, err := experimentIn(c)
	if err != nil {
		return err
	}
	f, err := formOf(c)
	if err != nil {
		return err
	}
	if id, err = a.experimentNumber(c, name, id); err != nil {
		return err
	}
	r, err := a.Runtime.Experiments.Report(c.Request().Context(), name, id)
	if err != nil {
		return err
	}
	return f.answer(c, "experiment-"+name+"-"+strconv.FormatUint(id, 10), r)
}

// experimentNumber is the number of the newest for 0. The newest may become another
// one while its report is made.
func (a *api) experimentNumber(c echo.Context, name string, id uint64) (uint64, error) {
	if id != 0 {
		return id, nil
	}
	e, err := a.Runtime.Experiments.Get(c.Request().Context(), name, 0)
	return e.ID, err
}

// stopExperiment ends one early: {"promote": false, "reason": "..."}.
func (a *api) stopExperiment(c echo.Context) error {
	name, id, err := experimentIn(c)
	if err != nil {
		return err
	}
	stop := runtime.ExperimentStop{Strategy: name, ID: id, Actor: actor(c)}
	if err := a.readStop(c, &stop); err != nil {
		return a.refuseStop(c, stop, err)
	}
	a.mayTakeLong(c)
	e, err := a.Runtime.Experiments.Stop(c.Request().Context(), stop)
	if err != nil {
		return a.refuseStop(c, stop, err)
	}
	return answerExperiment(c, http.StatusOK, e)
}

// readStop wants a number, as readCommand does.
func (a *api) readStop(c echo.Context, stop *runtime.ExperimentStop) (err error) {
	address := "/v1/experiments/" + stop.Strategy + "/"
	if stop.ID == 0 {
		return problem.New(problem.BadRequest, "a change names its experiment by number").Want("a number").Got("%s", latest).
			Cure("GET %slatest tells its id", address)
	}
	if stop.IfRevision, err = basisOf(c, basis{address: address + strconv.FormatUint(stop.ID, 10)}); err != nil {
		return err
	}
	body, err := a.object(c)
	if err != nil {
		return err
	}
	if stop.Reason, err = reasonIn(body); err != nil {
		return err
	}
	if stop.Promote, err = yesOrNo(body, "promote"); err != nil {
		return err
	}
	return onlyKeys(body, "promote", "reason")
}

// refuseStop adds the current ETag to a refusal of a known experiment.
func (a *api) refuseStop(c echo.Context, stop runtime.ExperimentStop, err error) error {
	if outdated(err) {
		if e, err := a.Runtime.Experiments.Get(c.Request().Context(), stop.Strategy, stop.ID); err == nil {
			c.Response().Header().Set("ETag", etag(e.Revision))
		}
	}
	return err
}

// experimentIn reads the path's strategy and experiment, 0 for the newest.
func experimentIn(c echo.Context) (name string, id uint64, err error) {
	if name, err = strategyName(c); err != nil {
		return "", 0, err
	}
	id, ok := numberIn(c.Param("id"))
	if !ok {
		return "", 0, problem.New(problem.UnknownExperiment, "%.40q cannot be the number of an experiment", c.Param("id")).
			Cure("GET /v1/experiments?strategy=%s lists them", name)
	}
	return name, id, nil
}

func answerExperiment(c echo.Context, status int, e runtime.Experiment) error {
	c.Response().Header().Set("ETag", etag(e.Revision))
	return c.JSON(status, e)
}
