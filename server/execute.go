package server

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime"
)

// execute answers with the strategy's output and says which release gave it.
func (a *api) execute(c echo.Context) error {
	name, err := strategyName(c)
	if err != nil {
		return err
	}
	body, err := a.objectText(c)
	if err != nil {
		return err
	}
	if err := a.Gate.enterExecution(c.Request().Context()); err != nil {
		return a.elsewhere(c, body, err)
	}
	defer a.Gate.leaveExecution()
	r := c.Request()
	res, err := a.Runtime.ExecuteText(runtime.WithHeader(r.Context(), r.Header.Get), name, body, nil)
	tellVariant(c, res)
	if wrong := new(wire.Error); errors.As(err, &wrong) {
		return jsonProblem(wrong)
	}
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, mediaJSON, res.Text)
}

// tellVariant sets the headers that say where the answer came from; also on
// errors, as soon as a release was chosen.
func tellVariant(c echo.Context, r runtime.Response) {
	if r.Variant != "" {
		c.Response().Header().Set(headerVariant, r.Variant)
	}
	if r.Release.Digest != "" {
		tellRelease(c, r)
	}
}

// tellRelease sets the headers that name the release.
func tellRelease(c echo.Context, r runtime.Response) {
	h := c.Response().Header()
	h.Set(headerRelease, r.Release.Strategy+"@"+r.Release.Version)
	h.Set(headerDigest, string(r.Release.Digest))
	h.Set(headerKind, string(r.Release.Kind))
	h.Set(headerGeneration, strconv.FormatUint(r.Generation, 10))
	if r.Instructions > 0 {
		h.Set(headerFuel, strconv.FormatInt(r.Instructions, 10))
	}
	h.Set("Server-Timing", "queue;dur="+milliseconds(r.Queued)+", exec;dur="+milliseconds(r.Executed))
}

// milliseconds formats for Server-Timing, to the microsecond.
func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 3, 64)
}
