package server_test

import (
	"bytes"
	"crypto/sha256"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/server"
)

// host is a runtime on a folder that a test can close and open again.
type host struct {
	t      *testing.T
	folder string
	policy *trust.Policy
}

func newHost(t *testing.T, key trust.Key) host {
	t.Helper()
	doc := trust.DevelopmentPolicy(key, time.Now())
	payload, err := doc.Encode()
	check(t, err)
	envelope, err := trust.Sign(trust.PayloadType, payload, key)
	check(t, err)
	policy, err := trust.OpenPolicy(envelope, manifest.DigestOf(sha256.Sum256(payload)), time.Now())
	check(t, err)
	return host{t, t.TempDir(), policy}
}

// open starts the host; end stops it.
func (h host) open() (rt *runtime.Runtime, end func()) {
	h.t.Helper()
	s, err := boltstore.OpenUnsynced(h.folder)
	check(h.t, err)
	two := &strategy{name: "two"}
	d := memdriver.New(map[string]abi.Constructor{"two": func(abi.Host) (abi.Strategy, error) { return two, nil }})
	rt, err = runtime.Open(h.t.Context(), runtime.Config{Store: s, Policy: h.policy, HostVersion: "0.1.0",
		Drivers: map[manifest.Kind]driver.Driver{memdriver.Kind: d}, Log: slog.New(slog.DiscardHandler)})
	check(h.t, err)
	return rt, func() { check(h.t, rt.Close(h.t.Context())); check(h.t, s.Close()) }
}

func TestAHeldReleaseIsListedAndCanBeSwitchedToAfterARestart(t *testing.T) {
	for name, condition := range map[string]map[string]string{"etag": ifMatch(`"0"`), "first release": firstRelease()} {
		t.Run(name, func(t *testing.T) {
			key, err := trust.GenerateKey("tester")
			check(t, err)
			folder := newHost(t, key)
			rt, end := folder.open()
			held := (&harness{t: t, key: key}).sign("two", "2.0.0", 2)
			_, err = rt.Deploy(t.Context(), runtime.Upload{Strategy: "risk", Envelope: held.envelope, Artifact: bytes.NewReader(held.artifact), Hold: true})
			check(t, err)
			end()

			rt, end = folder.open()
			defer end()
			h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Runtime = rt })
			if a := h.get("/v1/strategies"); !strings.Contains(string(a.body), `"strategy":"risk"`) {
				t.Fatalf("not listed: %s", a.body)
			}
			if a := h.get("/v1/strategies/risk"); a.status != 200 || a.header.Get("ETag") != `"0"` {
				t.Fatalf("%d %s %s", a.status, a.header.Get("ETag"), a.body)
			}
			if a := h.execute(`{}`); a.status != 409 {
				t.Fatalf("a held release answers %d %s", a.status, a.body)
			}
			if a := h.post("/v1/strategies/risk/switch", `{"release":"2.0.0"}`, condition); a.status != 200 || a.header.Get("ETag") != `"1"` {
				t.Fatalf("switch: %d %s", a.status, a.body)
			}
			h.mustAnswer("two", "1", "risk@2.0.0")
		})
	}
}
