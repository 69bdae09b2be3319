package nativeplugin

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// Resident is a plugin that is mapped into the process until it ends.
type Resident struct {
	// Strategy and Version are those of the release that it was opened for.
	Strategy, Version string
	Artifact          manifest.Digest
	ImportPath        string // of its main package
	FileBytes         int64
	// MemoryBytes is by how much the process's resident memory grew while the
	// plugin was opened: its mapped pages and what the Go runtime made for it,
	// and by chance what other goroutines did at the same time. More pages come in
	// when they are used. 0 where the system does not tell.
	MemoryBytes int64
	Opened      time.Time
}

// Status tells about all plugins of the process.
type Status struct {
	// Plugins is how many are open; they stay until the process ends.
	Plugins, MaxPlugins int
	// MemoryBytes is the sum of their files' sizes, GrowthBytes that of what the
	// process grew by when they were opened.
	MemoryBytes, GrowthBytes int64
	// Degraded says why no new plugin may be opened; nil if all is well.
	Degraded error
}

// Status returns the state of the moment.
func (d *Driver) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Status{Plugins: len(d.mu.order), MaxPlugins: d.config.MaxPlugins, Degraded: d.mu.degraded}
	for _, o := range d.mu.order {
		s.MemoryBytes += o.size
		s.GrowthBytes += o.about.MemoryBytes
	}
	return s
}

// Residents lists the open plugins in the order of opening.
func (d *Driver) Residents() []Resident {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []Resident
	for _, o := range d.mu.order {
		list = append(list, o.about)
	}
	return list
}

// Keeps reports whether an artifact is open in the process: whoever examines a release
// opens it again in a throw-away process, from its file.
func (d *Driver) Keeps(artifact manifest.Digest) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mu.open[artifact] != nil
}

var _ driver.Keeping = (*Driver)(nil)

// measured opens the plugin of a release and notes what that cost.
func (d *Driver) measured(spec driver.Spec, im *image, size int64) (*opened, error) {
	o := &opened{digest: spec.Manifest.Artifact.SHA256, path: spec.Path, size: size}
	before, began := residentMemory(), time.Now()
	var err error
	if o.construct, err = d.open(o.path, spec.CodeLabels()); err != nil {
		return nil, err
	}
	o.opening = time.Since(began)
	o.about = Resident{Strategy: spec.Manifest.Name, Version: spec.Manifest.Version, Artifact: o.digest, FileBytes: size,
		MemoryBytes: max(0, residentMemory()-before), Opened: time.Now().UTC()}
	if im.info != nil {
		o.about.ImportPath = im.info.Path
	}
	return o, nil
}

// residentMemory is what the process has in memory, in bytes; 0 if the system
// does not tell.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
