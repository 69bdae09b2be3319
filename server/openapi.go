package server

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

// specification is the contract, byte for byte as in the repository.
//
//go:embed openapi.yaml
var specification []byte

// Specification returns a copy of the OpenAPI document that the server speaks.
func Specification() []byte { return append([]byte(nil), specification...) }

func openapi(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", specification)
}
