package capability

import (
	"net/url"
	"strings"

	"github.com/swapline/swapline/runtime/manifest"
)

// hostRule is one entry of Rule.HTTPHosts.
type hostRule struct {
	name  string // lower case; ".example.com" for a suffix
	port  string // "" for the scheme's own
	below bool   // name is a suffix
}

// hostRuleOf reads an entry that manifest.ValidHost accepts; others are nothing.
func hostRuleOf(s string) (hostRule, bool) {
	name, port, _ := strings.Cut(s, ":")
	r := hostRule{name: name, port: port}
	if rest, ok := strings.CutPrefix(name, "*"); ok {
		r.name, r.below = rest, true
	}
	return r, manifest.ValidHost(s)
}

// allows reports whether a URL's host and port are listed.
func (r hostRule) allows(name, port, own string) bool {
	if want := r.port; want == "" && port != own || want != "" && port != want {
		return false
	}
	if r.below {
		return len(name) > len(r.name) && strings.HasSuffix(name, r.name)
	}
	return name == r.name
}

// place is where a URL leads.
type place struct{ scheme, name, port, own string }

// placeOf reads a URL's host: lower case, without the root's dot.
func placeOf(u *url.URL) place {
	p := place{scheme: u.Scheme, name: strings.ToLower(u.Hostname()), port: u.Port(), own: "443"}
	p.name = strings.TrimSuffix(p.name, ".")
	if u.Scheme == "http" {
		p.own = "80"
	}
	if p.port == "" {
		p.port = p.own
	}
	return p
}
