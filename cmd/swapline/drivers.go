package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// hostVersion is the version that manifests compare with.
const hostVersion = "0.1.0"

// openDrivers makes a driver for each kind: the only place where kinds are named
// side by side. A binary that cannot open plugins serves the other kind.
func openDrivers(ctx context.Context, folder dataFolder, o serveOptions, allowed []string, log *slog.Logger) (map[manifest.Kind]driver.Driver, error) {
	engines, err := openEngines(ctx, folder, o.engines, allowed, log)
	if err != nil {
		return nil, err
	}
	drivers := map[manifest.Kind]driver.Driver{
		wasm.Kind: wasm.New(wasm.Config{Engines: engines, DefaultEngine: wazeroengine.Name}),
	}
	native, err := nativeplugin.New(nativeplugin.Config{Probe: []string{nativeplugin.Self(), nativeProbe}, Worker: []string{nativeplugin.Self(), nativeWorker}, MaxPlugins: o.maxPlugins})
	if err != nil {
		log.Warn("native releases cannot be served by this build", "error", err)
		return drivers, nil
	}
	drivers[nativeplugin.Kind] = native
	return drivers, nil
}

// closeDrivers is for drivers that no runtime took over.
func closeDrivers(ctx context.Context, drivers map[manifest.Kind]driver.Driver) error {
	var errs []error
	for _, d := range drivers {
		errs = append(errs, d.Close(ctx))
	}
	return errors.Join(errs...)
}
