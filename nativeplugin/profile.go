package nativeplugin

import (
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"runtime/debug"
	"slices"

	"github.com/swapline/swapline"
	"github.com/swapline/swapline/runtime/problem"
)

// Profile is what a host tells of itself, so that plugins can be compared with
// it, and built for it, in another process or on another machine. It is plain
// JSON, holds no secret but names of modules and packages, and is not changed
// after it was made.
type Profile struct {
	// Build is the host's toolchain, flags and modules.
	Build *debug.BuildInfo `json:"build"`
	// Machine is the ELF name of the processor, for example "EM_X86_64".
	Machine string `json:"machine"`
	// Libraries are the shared C libraries that the host itself needs.
	Libraries []string `json:"libraries"`
	// CLibrary is the newest version of the C library where the profile was read,
	// for example "GLIBC_2.36"; empty if unknown.
	CLibrary string `json:"c_library,omitempty"`
	// Fingerprints are what plugin.Open compares: package to hex digits.
	Fingerprints map[string]string `json:"fingerprints"`
	// Data holds the size in bytes of each package-level variable that a plugin
	// would find in the host's memory.
	Data map[string]uint64 `json:"data"`
	// Contract is the digest of the contract's sources that are embedded in the
	// host, "sha256:..."; empty if it has none.
	Contract string `json:"contract,omitempty"`
	// Loaded are the plugins that the process has open, in load order.
	Loaded []LoadedProfile `json:"loaded"`
}

// LoadedProfile is what one open plugin has added to its process. Names that
// the host or an earlier plugin has too are left out: of several definitions of
// one name the first wins, and it had to be equal.
type LoadedProfile struct {
	// Owner is the release: "risk 1.2.0".
	Owner string `json:"owner"`
	// Path is how package plugin knows the plugin; no two may have the same.
	Path string `json:"path"`
	// SHA256 is the digest of the file, in hex; empty if it cannot be read.
	SHA256       string            `json:"sha256"`
	Build        *debug.BuildInfo  `json:"build"`
	Libraries    []string          `json:"libraries"`
	Fingerprints map[string]string `json:"fingerprints"`
	Data         map[string]uint64 `json:"data"`
}

// ProfileOf reads the profile of an executable; "" is the running one. What is
// loaded is known by [Driver.Profile] alone. The error is a problem of code
// NativeToolchain if the executable can load no plugin at all.
func ProfileOf(executable string) (*Profile, error) {
	im, err := readHost(cmp.Or(executable, Self()))
	if err != nil {
		return nil, err
	}
	p := profileOf(im)
	p.CLibrary = cLibraryHere()
	if executable != "" {
		p.Contract = contractOf(executable)
	} else if p.Contract, err = swapline.Contract(); err != nil {
		return nil, err
	}
	return p, nil
}

func profileOf(host *image) *Profile {
	return &Profile{
		Build:        host.info,
		Machine:      host.machine.String(),
		Libraries:    host.libraries,
		Fingerprints: host.fingerprints,
		Data:         host.data,
		Loaded:       []LoadedProfile{},
	}
}

// Profile tells what this process is made of and has open. It does not wait for
// a load that is under way.
func (d *Driver) Profile() (*Profile, error) { return d.resident.snapshot() }

// Inspect compares the plugin in a file with the host and with all it has
// loaded. It opens nothing and works in every build. The error is a problem of
// code NativeMalformed; differences are in the report, see [Report.Err].
func (p *Profile) Inspect(pluginFile string) (Report, error) {
	im, err := readImage(pluginFile)
	if err != nil {
		return Report{}, err
	}
	r := newResident(p)
	report := r.preflight(im)
	if owner, ok := r.opened(im); ok {
		report.Open, report.Differences = owner, []Difference{}
	}
	return report, nil
}

// opened reports whether the very file is open already, and for which release. A
// driver opens one file once.
func (r *resident) opened(im *image) (owner string, ok bool) {
	path, _ := im.pluginPath()
	for _, l := range r.profile.Loaded {
		if l.Path == path && l.SHA256 != "" && l.SHA256 == fileDigest(im.path) {
			return l.Owner, true
		}
	}
	return "", false
}

// fileDigest is empty if the file cannot be read.
func fileDigest(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// With returns the profile of the process after it opened one more plugin, for
// the release owner ("risk 1.2.0"). The error is that of [Profile.Inspect].
func (p *Profile) With(owner, pluginFile string) (*Profile, error) {
	im, err := readImage(pluginFile)
	if err != nil {
		return nil, err
	}
	r := newResident(p)
	r.add(im, owner)
	return r.snapshot()
}

// DecodeProfile reads a profile that another process wrote as JSON. Errors are
// problems of code BadRequest.
func DecodeProfile(text []byte) (*Profile, error) {
	p := &Profile{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, problem.New(problem.BadRequest, "this is not a host's profile: %w", err)
	}
	builds := []*debug.BuildInfo{p.Build}
	for _, l := range p.Loaded {
		builds = append(builds, l.Build)
	}
	if slices.ContainsFunc(builds, incomplete) {
		return nil, problem.New(problem.BadRequest, "this host's profile lacks build information")
	}
	return p, nil
}

// incomplete reports whether a build lacks what comparing reads.
func incomplete(b *buildinfo.BuildInfo) bool {
	return b == nil || slices.Contains(b.Deps, nil)
}
