package server

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// Names of the parts of an upload, in the order in which they must come: the
// runtime stages the artifact while it arrives, with the envelope in hand.
const (
	partEnvelope = "envelope"
	partArtifact = "artifact"
)

// upload streams a release into the pipeline.
func (a *api) upload(c echo.Context) error {
	name, err := strategyName(c)
	if err != nil {
		return err
	}
	up, err := a.uploadOf(c, name)
	if err != nil {
		return a.refuseChange(c, name, err)
	}
	leave, err := a.enterUpload()
	if err != nil {
		return err
	}
	defer leave()
	parts, err := a.parts(c)
	if err != nil {
		return err
	}
	if up.Envelope, err = parts.envelope(a.Limits.Envelope); err != nil {
		return err
	}
	if err := parts.open(partArtifact); err != nil {
		return err
	}
	up.Artifact = parts
	up.Progress = progress(c)
	out, err := a.Runtime.Deploy(c.Request().Context(), up)
	if err != nil {
		return a.refuseChange(c, name, parts.cause(err))
	}
	return a.accepted(c, name, out)
}

// preferProgress is the preference (RFC 7240) of a client that wants to see how
// far its upload is.
const preferProgress = "progress"

// progress tells a client that asked for it which stage begins, in interim
// answers (102, RFC 2518 section 10.1): compiling may take seconds.
func progress(c echo.Context) func(stage string) {
	if c.Request().Header.Get("Prefer") != preferProgress {
		return nil
	}
	w := c.Response().Writer // not echo's own, for which the first status is the last
	return func(stage string) {
		w.Header().Set(headerStage, stage)
		w.WriteHeader(http.StatusProcessing)
		w.Header().Del(headerStage)
	}
}

// enterUpload takes one of the places for uploads. It does not wait: a client
// that waits holds a connection, and one that is told comes again.
func (a *api) enterUpload() (leave func(), err error) {
	select {
	case a.uploads <- struct{}{}:
		return func() { <-a.uploads }, nil
	default:
		return nil, problem.New(problem.Overloaded, "%d uploads are under way", cap(a.uploads)).
			Want("fewer at the same time").Cure("send it again later")
	}
}

// accepted answers 200 to a dry run, which made nothing, and 201 to the rest.
func (a *api) accepted(c echo.Context, name string, out runtime.Outcome) error {
	if out.Action == "dry_run" {
		return c.JSON(http.StatusOK, out)
	}
	h := c.Response().Header()
	h.Set("ETag", etag(out.Generation))
	h.Set(echo.HeaderLocation, "/v1/strategies/"+name+"/releases/"+url.PathEscape(string(out.Release.Digest)))
	return c.JSON(http.StatusCreated, out)
}

// uploadOf reads everything but the body. Only an upload that switches needs a
// precondition.
func (a *api) uploadOf(c echo.Context, name string) (runtime.Upload, error) {
	up := runtime.Upload{Strategy: name, Actor: actor(c), Reason: c.QueryParam("reason")}
	err := checkReason(up.Reason)
	if err != nil {
		return up, err
	}
	if up.Hold, err = truth(c, "hold"); err != nil {
		return up, err
	}
	if up.DryRun, err = truth(c, "dry_run"); err != nil {
		return up, err
	}
	if up.NewBaseline, err = truth(c, "new_baseline"); err != nil {
		return up, err
	}
	if up.Rollout, err = wanted(c, "rollout"); err != nil {
		return up, err
	}
	if up.Hold && up.Rollout != nil {
		return up, problem.New(problem.BadRequest, "a release that is held is not rolled out").
			Want("hold or rollout, not both").Cure("hold it now and POST /v1/strategies/%s/rollouts later", name)
	}
	if up.Hold || up.DryRun {
		return up, nil
	}
	up.IfGeneration, err = a.requireGeneration(c, name)
	return up, err
}

// wanted reads a truth value that need not be given.
func wanted(c echo.Context, name string) (*bool, error) {
	if c.QueryParam(name) == "" {
		return nil, nil
	}
	b, err := truth(c, name)
	return &b, err
}

func truth(c echo.Context, name string) (bool, error) {
	v := c.QueryParam(name)
	if v == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		return false, problem.New(problem.BadRequest, "query parameter %s is not a truth value", name).
			Want("true or false").Got("%.40q", v)
	}
	return b, nil
}

// parts reads the two parts of an upload in order. It is an io.Reader of the
// part that is open; at the artifact's end it makes sure that nothing follows,
// so that the runtime never accepts an upload with a surplus.
type parts struct {
	reader   *multipart.Reader
	current  *multipart.Part
	idle     time.Duration
	end      time.Time
	deadline *http.ResponseController
	limit    int64
	err      error
}

// parts prepares to read the body and gives it the time that an upload needs.
func (a *api) parts(c echo.Context) (*parts, error) {
	r := c.Request()
	media, params, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil, problem.New(problem.MediaType, "an upload has two parts").
			Want("Content-Type: multipart/form-data").Got("%.80q", r.Header.Get(echo.HeaderContentType)).
			Cure("send a form with the files %s and %s, in this order", partEnvelope, partArtifact)
	}
	limit := a.Limits.Envelope + a.Limits.Artifact + 64<<10 // boundaries and part headers
	if r.ContentLength > limit {
		return nil, tooLarge("the upload", limit).Got("%d bytes", r.ContentLength)
	}
	p := &parts{
		reader:   multipart.NewReader(http.MaxBytesReader(c.Response(), r.Body, limit), params["boundary"]),
		idle:     a.Limits.UploadIdle,
		end:      time.Now().Add(a.Limits.Upload),
		deadline: http.NewResponseController(c.Response()),
		limit:    limit,
	}
	// A connection that cannot move its deadlines keeps the server's own.
	_ = p.deadline.SetWriteDeadline(p.end.Add(p.idle))
	return p, nil
}

// open goes to the next part, which must have this name.
func (p *parts) open(name string) error {
	p.extend()
	part, err := p.reader.NextRawPart()
	if errors.Is(err, io.EOF) {
		return problem.New(problem.BadRequest, "the upload has no part %q", name).
			Want("the parts %q and %q, in this order", partEnvelope, partArtifact).Got("the end of the upload")
	}
	if err != nil {
		return readProblem(err, "the upload", p.limit)
	}
	if part.FormName() != name {
		return problem.New(problem.BadRequest, "the upload's parts are not in order").
			Want("part %q", name).Got("part %.80q", part.FormName()).
			Cure("send the parts %q and %q, each once, in this order", partEnvelope, partArtifact)
	}
	p.current = part
	return nil
}

func (p *parts) envelope(limit int64) ([]byte, error) {
	if err := p.open(partEnvelope); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(p.current, limit+1))
	if err != nil {
		return nil, readProblem(err, "the envelope", p.limit)
	}
	if int64(len(b)) > limit {
		return nil, tooLarge("the envelope", limit)
	}
	return b, nil
}

// Read implements io.Reader over the open part.
func (p *parts) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	p.extend()
	n, err := p.current.Read(b)
	switch {
	case errors.Is(err, io.EOF):
		p.err = p.finish()
	case err != nil:
		p.err = readProblem(err, "the artifact", p.limit)
	}
	return n, p.err
}

// finish returns io.EOF if the upload ends here. From then on the deadline is
// the upload's: net/http goes on reading to notice a client that leaves, and
// takes a passed deadline for one.
func (p *parts) finish() error {
	extra, err := p.reader.NextRawPart()
	switch {
	case errors.Is(err, io.EOF):
		_ = p.deadline.SetReadDeadline(p.end)
		return io.EOF
	case err != nil:
		return readProblem(err, "the upload", p.limit)
	}
	return problem.New(problem.BadRequest, "the upload has a part too many").
		Want("the end of the upload after %q", partArtifact).Got("part %.80q", extra.FormName())
}

// cause prefers what went wrong while reading over what the reader's caller
// made of it.
func (p *parts) cause(err error) error {
	if p.err != nil && !errors.Is(p.err, io.EOF) {
		return p.err
	}
	return err
}

// extend gives the next read its time, within the upload's.
func (p *parts) extend() {
	next := time.Now().Add(p.idle)
	if next.After(p.end) {
		next = p.end
	}
	_ = p.deadline.SetReadDeadline(next)
}
