package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime/problem"
)

// tokenSum is the SHA-256 of a token: sums have one length, so that comparing
// them tells nothing about the token, not even its length.
type tokenSum [sha256.Size]byte

func sumOf(token string) tokenSum { return sha256.Sum256([]byte(token)) }

func (s tokenSum) matches(token string) bool {
	t := sumOf(token)
	return subtle.ConstantTimeCompare(s[:], t[:]) == 1
}

// authenticate refuses requests without the token, before their body is read.
func (a *api) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if a.authenticated(c) {
			return next(c)
		}
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="swapline"`)
		return problem.New(problem.Unauthenticated, "the request has no valid access token").
			Want("Authorization: Bearer TOKEN").Got("%s", describe(c.Request().Header.Get(echo.HeaderAuthorization))).
			Cure("send the token of the server's data folder (file token), or the one that the operator set")
	}
}

func (a *api) authenticated(c echo.Context) bool {
	values := c.Request().Header.Values(echo.HeaderAuthorization)
	if len(values) != 1 {
		return false
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	return ok && strings.EqualFold(scheme, "Bearer") && a.token.matches(strings.TrimSpace(token))
}

// describe says what was sent without repeating a secret.
func describe(header string) string {
	scheme, _, ok := strings.Cut(header, " ")
	switch {
	case header == "":
		return "no Authorization header"
	case ok && strings.EqualFold(scheme, "Bearer"):
		return "another token"
	}
	return "another scheme"
}

// actor is the name a caller gives itself for the journal. It is a claim; the
// token is what was checked.
func actor(c echo.Context) string {
	if a := c.Request().Header.Get(headerActor); plainWord(a, "._@-") {
		return a
	}
	return "token@" + c.RealIP()
}
