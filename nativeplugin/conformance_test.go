package nativeplugin_test

import (
	"fmt"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/drivertest"
	"github.com/swapline/swapline/runtime/manifest"
)

type harness struct{}

func (harness) Kind() manifest.Kind { return nativeplugin.Kind }

func (harness) Open(tb testing.TB) driver.Driver { return sharedDriver(tb) }

func (harness) Artifact(tb testing.TB, version int) string {
	return release(tb, fmt.Sprintf("%d.0.0-tck", version), strategySource{"main.go": conforming}).path
}

func (harness) Lacks() []string { return nil }

const conforming = `package main

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
)

func NewStrategy(h abi.Host) (abi.Strategy, error) { return tck.New(h) }

func main() {}
`

func TestConformance(t *testing.T) { drivertest.Run(t, harness{}) }
func BenchmarkDriver(b *testing.B) { drivertest.Bench(b, harness{}) }
