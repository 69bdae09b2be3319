package server

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

const mediaJSON = "application/json"

// maxPointer bounds, in bytes, what of a caller's own keys goes back to it.
const maxPointer = 100

// object reads the body as one JSON object of the wire domain.
func (a *api) object(c echo.Context) (map[string]any, error) {
	body, err := a.objectText(c)
	if err != nil {
		return nil, err
	}
	in, err := wire.ParseJSONMap(body)
	if err != nil {
		return nil, jsonProblem(err)
	}
	return in, nil
}

// objectText reads the body, which claims to be JSON.
func (a *api) objectText(c echo.Context) ([]byte, error) {
	if err := requireMedia(c.Request(), mediaJSON); err != nil {
		return nil, err
	}
	return readAll(c, a.Limits.Input, "the body")
}

// requireMedia checks the media type and that the body is not compressed:
// a compressed body has no honest size.
func requireMedia(r *http.Request, want string) error {
	given := r.Header.Get(echo.HeaderContentType)
	media, params, err := mime.ParseMediaType(given)
	if err != nil || media != want || !utf8Charset(params["charset"]) {
		return problem.New(problem.MediaType, "the body has the wrong media type").
			Want("Content-Type: %s", want).Got("%.80q", given).
			Cure("send the header Content-Type: %s", want)
	}
	if e := r.Header.Get(echo.HeaderContentEncoding); e != "" && !strings.EqualFold(e, "identity") {
		return problem.New(problem.MediaType, "compressed bodies are not accepted").
			Want("no Content-Encoding").Got("%.80q", e).Cure("send the body as it is")
	}
	return nil
}

func utf8Charset(charset string) bool { return charset == "" || strings.EqualFold(charset, "utf-8") }

// readAll reads a body of at most limit bytes.
func readAll(c echo.Context, limit int64, what string) ([]byte, error) {
	r := c.Request()
	if r.ContentLength > limit {
		return nil, tooLarge(what, limit).Got("%d bytes", r.ContentLength)
	}
	b, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	if err != nil {
		return nil, readProblem(err, what, limit)
	}
	return b, nil
}

func tooLarge(what string, limit int64) *problem.Error {
	return problem.New(problem.BodyTooLarge, "%s is too large", what).Want("at most %d bytes", limit).Got("more")
}

// readProblem names why a body could not be read.
func readProblem(err error, what string, limit int64) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge(what, limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem.New(problem.RequestTimeout, "%s did not arrive in time: %w", what, err).
			Cure("send it faster, or from a place with a better connection")
	}
	return problem.New(problem.BadRequest, "%s ended early: %w", what, err).Cure("send it again, whole")
}

// jsonProblem gives an error of the strict parser its code and place.
func jsonProblem(err error) error {
	text := strings.TrimPrefix(err.Error(), "wire: ")
	pointer := ""
	var at *wire.Error
	if errors.As(err, &at) {
		pointer = at.Pointer
	}
	if len(pointer) > maxPointer {
		text = strings.Replace(text, pointer, fmt.Sprintf("%.40s...", pointer), 1)
		pointer = "" // a part of it would point at something else
	}
	p := problem.New(jsonCode(err), "the body is not acceptable JSON: %s", text).At(pointer)
	p.Cause = err
	return p.Cure("%s", jsonCure(p.Code))
}

func jsonCode(err error) problem.Code {
	switch {
	case errors.Is(err, wire.ErrDuplicateKey):
		return problem.DuplicateKey
	case errors.Is(err, wire.ErrDepth):
		return problem.ValueTooDeep
	case errors.Is(err, wire.ErrSize):
		return problem.ValueTooLarge
	case errors.Is(err, wire.ErrRange):
		return problem.IntegerRange
	case errors.Is(err, wire.ErrDomain):
		return problem.ValueDomain
	}
	return problem.BadJSON
}

func jsonCure(code problem.Code) string {
	switch code {
	case problem.DuplicateKey:
		return "give every key of an object once"
	case problem.ValueTooDeep:
		return "nest lists and objects less deeply"
	case problem.ValueTooLarge:
		return "send fewer or shorter values"
	case problem.IntegerRange:
		return "send numbers of this size as strings"
	case problem.ValueDomain:
		return "send one JSON object"
	}
	return "send one JSON object in UTF-8 and nothing after it"
}
