package capability_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// services has a state in memory and a ring of events.
func services() (capability.Services, *capability.Ring) {
	ring := capability.NewRing(1000)
	return capability.Services{State: new(capability.Memory), Events: ring}, ring
}

func everything() capability.Rule {
	return capability.Rule{Allow: capability.Words(), HTTPHosts: []string{"api.example.com"}}
}

func grantOf(t testing.TB, s capability.Services, r capability.Rule, words ...string) *capability.Grant {
	t.Helper()
	open := s.Open()
	t.Cleanup(open.Close)
	g, err := open.Grant(&manifest.Manifest{Name: "risk", Version: "1.0.0", Capabilities: words}, r)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// wantCode wants an error for a strategy.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	var e *abi.Error
	if !errors.As(err, &e) || e.Code != code || e.Message == "" {
		t.Errorf("err = %v, want code %s with a message", err, code)
	}
}

func TestAReleaseGetsWhatItAsksForAndTheOperatorAllows(t *testing.T) {
	full, _ := services()
	config := map[string]any{"max": int64(1)}
	for _, c := range []struct {
		name     string
		services capability.Services
		asked    []string
		config   map[string]any
		rule     capability.Rule
		granted  []string
		refusal  string // a part of the text
	}{
		{"nothing asked, everything allowed", full, nil, nil, everything(), nil, ""},
		{"all", full, capability.Words(), nil, everything(), capability.Words(), ""},
		{"a part", full, []string{"emit", "log"}, nil, everything(), []string{"emit", "log"}, ""},
		{"a config is asked for by stating one", full, nil, config, everything(), []string{"config"}, ""},
		{"a config that is not allowed", full, nil, config, capability.Rule{Allow: []string{"log"}}, nil, `"config"`},
		{"not allowed", full, []string{"log", "state"}, nil, capability.Rule{Allow: []string{"log"}}, nil, `adds "state" to allow`},
		{"nothing allowed", full, []string{"log"}, nil, capability.Rule{}, nil, "none"},
		{"unknown word", full, []string{"gpu"}, nil, capability.Rule{Allow: []string{"gpu"}}, nil, "update this host"},
		{"state without a store", capability.Services{}, []string{"state"}, nil, everything(), nil, "keeps no state"},
		{"http without hosts", full, []string{"http"}, nil, capability.Rule{Allow: []string{"http"}}, nil, "http_hosts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &manifest.Manifest{Name: "risk", Capabilities: c.asked, Config: c.config}
			g, err := c.services.Open().Grant(m, c.rule)
			if c.refusal != "" {
				if problem.CodeOf(err) != problem.CapabilityDenied || !strings.Contains(err.Error(), c.refusal) || g != nil {
					t.Fatalf("grant %v, %v; want a refusal that says %s", g, err, c.refusal)
				}
				return
			}
			if err != nil || !slices.Equal(g.Words(), c.granted) {
				t.Fatalf("granted %v, %v, want %v", g.Words(), err, c.granted)
			}
			for _, word := range capability.Words() {
				if g.Has(word) != slices.Contains(c.granted, word) {
					t.Errorf("Has(%s) = %t", word, g.Has(word))
				}
			}
		})
	}
}

func TestNoGrantGrantsNothing(t *testing.T) {
	var g *capability.Grant
	for _, word := range capability.Words() {
		if g.Has(word) {
			t.Errorf("it has %s", word)
		}
	}
	call := g.Begin(context.Background())
	wantCode(t, call.Emit(context.Background(), "t", nil), abi.CodeNotInCall)
	if err := call.End(nil); err != nil {
		t.Error(err)
	}
}

func TestACallCanUseOnlyWhatWasGranted(t *testing.T) {
	s, _ := services()
	ctx := context.Background()
	call := grantOf(t, s, everything(), "emit").Begin(ctx)
	wantCode(t, call.Put(ctx, "k", 1), abi.CodeCapabilityDenied)
	_, _, err := call.Get(ctx, "k")
	wantCode(t, err, abi.CodeCapabilityDenied)
	_, err = call.Do(ctx, abi.HTTPRequest{URL: "https://api.example.com"})
	wantCode(t, err, abi.CodeCapabilityDenied)
	if err := call.Emit(ctx, "t", nil); err != nil {
		t.Error(err)
	}
}

func TestAReleaseWithoutEffectsCostsNoCall(t *testing.T) {
	s, _ := services()
	g := grantOf(t, s, everything(), "clock", "log", "random")
	if call := g.Begin(context.Background()); call != nil {
		t.Errorf("a call was made: %v", call)
	}
	ctx, _ := capability.Record(context.Background())
	if call := g.Begin(ctx); call == nil {
		t.Error("a recorded call was not made")
	}
}
