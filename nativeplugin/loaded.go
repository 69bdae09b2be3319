package nativeplugin

import (
	"runtime/debug"
	"slices"
	"sync"
)

// resident is everything a process has loaded, in load order: the host first.
// Of several definitions of one name the first wins, as in the dynamic loader.
// The zero value is the running process before its first load. It is safe for
// concurrent use.
type resident struct {
	mu           sync.Mutex // guards all below
	profile      *Profile   // nil until somebody asks
	fingerprints map[string]owned[string]
	data         map[string]owned[uint64]
	plugins      map[string]*member // by plugin path
}

// member is one file of the process.
type member struct {
	name string // hostName, or a release
	info *debug.BuildInfo
}

// owned is a value and who brought it.
type owned[T any] struct {
	value T
	owner *member
}

// hostName is how reports call the executable.
const hostName = "host"

func newResident(p *Profile) *resident {
	r := &resident{}
	r.index(p)
	return r
}

// index takes a profile as what is loaded. The caller has the lock.
func (r *resident) index(p *Profile) {
	r.profile = p
	r.fingerprints, r.data, r.plugins = map[string]owned[string]{}, map[string]owned[uint64]{}, map[string]*member{}
	host := &member{hostName, p.Build}
	keep(r.fingerprints, p.Fingerprints, host)
	keep(r.data, p.Data, host)
	for _, l := range p.Loaded {
		owner := &member{l.Owner, l.Build}
		keep(r.fingerprints, l.Fingerprints, owner)
		keep(r.data, l.Data, owner)
		r.plugins[l.Path] = owner
	}
}

// read reads this very executable, once.
func (r *resident) read() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.profile != nil {
		return nil
	}
	p, err := ProfileOf("")
	if err == nil {
		r.index(p)
	}
	return err
}

// snapshot returns the profile of this moment.
func (r *resident) snapshot() (*Profile, error) {
	if err := r.read(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := *r.profile
	p.Loaded = slices.Clip(p.Loaded)
	return &p, nil
}

// add puts what a plugin brings behind what is there.
func (r *resident) add(im *image, owner string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	by := &member{owner, im.info}
	path, _ := im.pluginPath()
	r.plugins[path] = by
	p := *r.profile
	p.Loaded = append(slices.Clip(p.Loaded), LoadedProfile{
		Owner: owner, Path: path, SHA256: fileDigest(im.path), Build: im.info, Libraries: im.libraries,
		Fingerprints: keep(r.fingerprints, im.fingerprints, by), Data: keep(r.data, im.data, by),
	})
	r.profile = &p
}

// keep adds what is new and returns it.
func keep[T any](into map[string]owned[T], from map[string]T, owner *member) map[string]T {
	added := map[string]T{}
	for name, v := range from {
		if _, ok := into[name]; !ok {
			into[name] = owned[T]{v, owner}
			added[name] = v
		}
	}
	return added
}
