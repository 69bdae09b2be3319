package capability

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Words lists the capabilities that there are, sorted.
func Words() []string {
	return []string{abi.CapabilityClock, abi.CapabilityConfig, abi.CapabilityEmit, abi.CapabilityHTTP,
		abi.CapabilityLog, abi.CapabilityRandom, abi.CapabilityState}
}

// Rule is what the operator allows a strategy.
type Rule struct {
	// Allow lists words.
	Allow []string
	// HTTPHosts lists where requests may go: "api.example.com" is that name at
	// the scheme's own port, "api.example.com:8443" at another one, and
	// "*.example.com" every name below example.com.
	HTTPHosts []string
	// PlainHTTP allows http:// besides https://.
	PlainHTTP bool
}

// Services is what a host offers. The zero value offers what needs no more than
// the process: all but state.
type Services struct {
	// State keeps the strategies' state. Its owner closes it, after the last
	// call. Without one no release gets state.
	State StateStore
	// Events gets the events of successful calls; nil writes them to Log.
	Events Sink
	// Log is for events without a sink; nil is slog.Default.
	Log *slog.Logger
	// Now is the clock that stamps events; nil is time.Now.
	Now func() time.Time
	// Limits bound calls; zero fields mean the defaults.
	Limits Limits
	// AllowPrivateAddressesUnsafe lets HTTP requests reach this machine and its
	// network: any strategy with http could talk to what trusts the network.
	// It is for tests with a server on the loopback interface.
	AllowPrivateAddressesUnsafe bool

	outbound *outbound // shared by all grants; made by Open
}

// Open fills what is left to defaults and makes the one HTTP transport that the
// grants of s share. Close ends its idle connections.
func (s Services) Open() *Services {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Events == nil {
		s.Events = LogSink{s.Log}
	}
	s.Limits = s.Limits.orDefaults()
	s.outbound = newOutbound(s.Limits, s.AllowPrivateAddressesUnsafe)
	return &s
}

// Close ends idle connections. It does not close State.
func (s *Services) Close() { s.outbound.transport.CloseIdleConnections() }

// Grant is what one release may use. A nil Grant grants nothing. It is immutable
// and safe for concurrent use.
type Grant struct {
	strategy, release string
	words             []string
	services          *Services
	http              *client // nil unless granted
}

// Grant compares what a release asks for with what the operator allows. The
// error is a *problem.Error of code CapabilityDenied.
func (s *Services) Grant(m *manifest.Manifest, r Rule) (*Grant, error) {
	g := &Grant{strategy: m.Name, release: m.Version, services: s}
	for _, word := range asked(m) {
		if err := s.allow(m, r, word); err != nil {
			return nil, err
		}
		g.words = append(g.words, word)
	}
	if g.Has(abi.CapabilityHTTP) {
		g.http = newClient(s.outbound, r)
	}
	return g, nil
}

// asked lists the words of a manifest. Who states a config wants it.
func asked(m *manifest.Manifest) []string {
	if len(m.Config) == 0 || slices.Contains(m.Capabilities, abi.CapabilityConfig) {
		return m.Capabilities
	}
	return append(slices.Clone(m.Capabilities), abi.CapabilityConfig)
}

func (s *Services) allow(m *manifest.Manifest, r Rule, word string) error {
	p := problem.New(problem.CapabilityDenied, "%s asks for the capability %q", m.Name, word).At("/capabilities").In("capabilities")
	switch {
	case !slices.Contains(Words(), word):
		return p.Want("of %s", strings.Join(Words(), ", ")).Got("%s", word).Cure("remove the word from strategy.json, or update this host")
	case !slices.Contains(r.Allow, word):
		return p.Want("of those that the operator's policy allows this strategy: %s", orNone(r.Allow)).Got("%s", word).
			Cure("the operator adds %q to allow of the policy's capabilities for %s; or remove the word from strategy.json", word, m.Name)
	case word == abi.CapabilityState && s.State == nil:
		return p.Got("a host that keeps no state").Cure("give the host a state store")
	case word == abi.CapabilityHTTP && len(r.HTTPHosts) == 0:
		return p.Got("a policy that lists no hosts").Cure("the operator adds http_hosts to the policy's capabilities for %s", m.Name)
	}
	return nil
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// Has reports whether the release may use a capability.
func (g *Grant) Has(word string) bool { return g != nil && slices.Contains(g.words, word) }

// Words lists what is granted.
func (g *Grant) Words() []string {
	if g == nil {
		return nil
	}
	return slices.Clone(g.words)
}

// collects reports whether calls have something to bring to their end.
func (g *Grant) collects() bool {
	return g.Has(abi.CapabilityState) || g.Has(abi.CapabilityEmit) || g.Has(abi.CapabilityHTTP)
}

// Denied is the error of a strategy that uses what it was not granted.
func Denied(word string) *abi.Error {
	return abi.Reject(abi.CodeCapabilityDenied, "the release has no capability "+word+
		": its manifest must ask for it and the operator's policy allow it")
}
