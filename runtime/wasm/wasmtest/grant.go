package wasmtest

import (
	"testing"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
)

// Granted makes a release ask for capabilities and grants them. State is kept in
// memory, events go to the log, and HTTP requests to example.com.
func Granted(t testing.TB, spec driver.Spec, words ...string) driver.Spec {
	t.Helper()
	return GrantedBy(t, capability.Services{State: new(capability.Memory), Log: spec.Log}, spec, words...)
}

// GrantedBy is Granted with services of the caller's choice.
func GrantedBy(t testing.TB, services capability.Services, spec driver.Spec, words ...string) driver.Spec {
	t.Helper()
	m := *spec.Manifest
	m.Capabilities = words
	open := services.Open()
	t.Cleanup(open.Close)
	g, err := open.Grant(&m, capability.Rule{Allow: capability.Words(), HTTPHosts: []string{"example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	spec.Manifest, spec.Grant = &m, g
	return spec
}
