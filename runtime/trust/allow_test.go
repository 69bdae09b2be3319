package trust

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/manifest"
)

// allowing is a policy with rules for two strategies.
func allowing(d *PolicyDocument) {
	d.Engines = []string{"one", "two"}
	d.Capabilities = []CapabilityRule{
		{Patterns: []string{"riskscore"}, Allow: []string{"log", "http"}, HTTPHosts: []string{"api.example.com", "*.example.com:8443"}, PlainHTTP: true},
		{Patterns: []string{"risk*", "fraud"}, Allow: []string{"log", "state"}},
		{Patterns: []string{"quiet"}},
	}
}

func TestTheFirstRuleThatMatchesSaysWhatAStrategyMayUse(t *testing.T) {
	p := policy(t, allowing)
	for strategy, want := range map[string][]string{
		"riskscore": {"log", "http"}, "risk": {"log", "state"}, "riskscore2": {"log", "state"}, "fraud": {"log", "state"}, "quiet": nil, "fx": nil,
	} {
		if got := p.Capabilities(strategy); !slices.Equal(got.Allow, want) {
			t.Errorf("%s may use %v, want %v", strategy, got.Allow, want)
		}
	}
	if r := p.Capabilities("riskscore"); !slices.Equal(r.HTTPHosts, []string{"api.example.com", "*.example.com:8443"}) || !r.PlainHTTP {
		t.Errorf("hosts %v, plain %t", r.HTTPHosts, r.PlainHTTP)
	}
	p.Capabilities("riskscore").Allow[0] = "changed"
	p.Engines()[0] = "changed"
	if p.Capabilities("riskscore").Allow[0] != "log" || !slices.Equal(p.Engines(), []string{"one", "two"}) {
		t.Error("a caller changed the policy")
	}
}

func TestAPolicyThatSaysNothingAllowsWhatStaysWithinACall(t *testing.T) {
	p := policy(t)
	if got := p.Capabilities("any").Allow; !slices.Equal(got, DefaultCapabilities()) || slices.Contains(got, "state") || slices.Contains(got, "http") {
		t.Errorf("allowed are %v", got)
	}
	if p.Engines() != nil {
		t.Errorf("engines %v", p.Engines())
	}
	var none *Policy
	if none.Capabilities("any").Allow != nil || none.Engines() != nil {
		t.Error("no policy allows something")
	}
}

func TestRulesSurviveEncoding(t *testing.T) {
	want := baseDocument()
	allowing(&want)
	got, err := DecodePolicy(policyText(t, allowing))
	if err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	good := string(policyText(t, allowing))
	for _, c := range []struct{ name, old, new, pointer string }{
		{"unknown member", `"allow":["log","http"]`, `"allow":["log","http"],"deny":[]`, "/capabilities/0/deny"},
		{"no patterns", `"patterns":["quiet"]`, `"patterns":[]`, "/capabilities/2/patterns"},
		{"patterns missing", `,"patterns":["quiet"]`, ``, "/capabilities/2/patterns"},
		{"allow missing", `{"allow":[],"patterns":["quiet"]}`, `{"patterns":["quiet"]}`, "/capabilities/2/allow"},
		{"bad pattern", `"quiet"`, `"Quiet"`, "/capabilities/2/patterns/0"},
		{"bad word", `"allow":["log","state"]`, `"allow":["log","State"]`, "/capabilities/1/allow/1"},
		{"a word twice", `"allow":["log","state"]`, `"allow":["log","log"]`, "/capabilities/1/allow/1"},
		{"http without hosts", `"allow":["log","state"]`, `"allow":["log","http"]`, "/capabilities/1/http_hosts"},
		{"hosts without http", `"allow":["log","http"]`, `"allow":["log"]`, "/capabilities/0/http_hosts"},
		{"a URL as host", `"api.example.com"`, `"https://api.example.com"`, "/capabilities/0/http_hosts/0"},
		{"every host", `"api.example.com"`, `"*"`, "/capabilities/0/http_hosts/0"},
		{"every .com", `"*.example.com:8443"`, `"*.com"`, "/capabilities/0/http_hosts/1"},
		{"upper case", `"api.example.com"`, `"API.example.com"`, "/capabilities/0/http_hosts/0"},
		{"a port that is none", `:8443"`, `:99999"`, "/capabilities/0/http_hosts/1"},
		{"plain as text", `"http_plain":true`, `"http_plain":"true"`, "/capabilities/0/http_plain"},
		{"plain without http", `{"allow":[],"patterns":["quiet"]}`, `{"allow":[],"http_plain":true,"patterns":["quiet"]}`, "/capabilities/2/http_plain"},
		{"rules as object", `"capabilities":[`, `"capabilities":{},"x":[`, "/capabilities"},
		{"bad engine", `"engines":["one"`, `"engines":["ONE"`, "/engines/0"},
		{"engine twice", `"engines":["one"`, `"engines":["two"`, "/engines/1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("the case changes nothing in %s", good)
			}
			d, err := DecodePolicy([]byte(text))
			wantPolicyRefusal(t, d, err, c.pointer)
		})
	}
}

func TestHostsThatAPolicyCanList(t *testing.T) {
	for host, want := range map[string]bool{
		"a": true, "api.example.com": true, "10.1.2.3": true, "x_y.example.com": true, "a.b:1": true, "a:65535": true, "*.example.com": true, "*.a.b:8443": true,
		"": false, "*": false, "*.com": false, "**.example.com": false, "a.*.com": false, "*example.com": false, ".example.com": false, "a..b": false,
		"a.": false, "-a.com": false, "a-.com": false, "a:": false, "a:0": false, "a:080": false, "a:65536": false, "a:x": false, "a:1:2": false,
		"[::1]": false, "::1": false, "a/b": false, "u@a": false, "a b": false, "ä.com": false, strings.Repeat("a", 64) + ".com": false,
	} {
		if got := manifest.ValidHost(host); got != want {
			t.Errorf("ValidHost(%q) = %t", host, got)
		}
	}
}
