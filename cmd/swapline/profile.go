package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// runningHost is the word for the server that the other commands talk to.
const runningHost = "host"

// hostProfile reads the profile of the host that where names: "" is this
// program, "host" the running server that --data and --address lead to, a URL
// another server, and anything else the path of an executable.
func (a *app) hostProfile(ctx context.Context, where string) (*nativeplugin.Profile, error) {
	asked := *a
	switch {
	case strings.HasPrefix(where, "http://"), strings.HasPrefix(where, "https://"):
		asked.address = where
	case where != runningHost:
		return nativeplugin.ProfileOf(where)
	}
	cl, err := asked.client()
	if err != nil {
		return nil, err
	}
	_, text, err := cl.do(ctx, call{method: http.MethodGet, path: "/v1/host/profile"})
	if err != nil {
		return nil, err
	}
	return nativeplugin.DecodeProfile(text)
}

// profileSource is what the server tells at GET /v1/host/profile; nil in a
// program that opens no plugins.
func profileSource(drivers map[manifest.Kind]driver.Driver) func() (any, error) {
	d, ok := drivers[nativeplugin.Kind].(*nativeplugin.Driver)
	if !ok {
		return nil
	}
	return func() (any, error) { return d.Profile() }
}
