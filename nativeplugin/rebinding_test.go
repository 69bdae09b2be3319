package nativeplugin_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/nativeplugin/pluginbuild"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
)

// pricingSource exposes three points. The type of scale is nowhere in the host,
// that of cap is the build's own. A request with "until" ends when the fee is
// that.
func pricingSource(version string) strategySource {
	return strategySource{"main.go": replace(`package main

import (
	"context"
	"runtime"

	"github.com/swapline/swapline/abi"
)

type Amount int64

var (
	Fee   = abi.NewPoint("pricing.fee", func(amount int64) int64 { return amount / 100 })
	Scale = abi.NewPoint("pricing.scale", func(amount int64, by map[string][3]uint16) (uint8, error) { return 1, nil })
	Cap   = abi.NewPoint("pricing.cap", Amount(VERSION))
)

type strategy struct{}

func NewStrategy(abi.Host) (abi.Strategy, error) { return strategy{}, nil }

func (strategy) Points() []abi.Exposed { return []abi.Exposed{Fee, Scale, Cap} }

func (strategy) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	if len(in) == 0 {
		return nil, nil
	}
	if want, waits := in["until"].(int64); waits {
		for Fee.Load()(1000) != want && ctx.Err() == nil {
			runtime.Gosched()
		}
	}
	v := Fee.View()
	scale, err := Scale.In(v)(7, nil)
	return map[string]any{"fee": Fee.In(v)(1000), "scale": int64(scale), "cap": int64(Cap.In(v))}, err
}

func main() {}
`, "VERSION", version)}
}

// promoSource binds what its config says.
const promoSource = `package main

import (
	"context"

	"github.com/swapline/swapline/abi"
)

type Amount int64

type strategy struct{ config map[string]any }

func NewStrategy(h abi.Host) (abi.Strategy, error) { return strategy{h.Config()}, nil }

func (s strategy) Bindings() []abi.Binding {
	var all []abi.Binding
	if fee, ok := s.config["fee"].(int64); ok {
		all = append(all,
			abi.Bind("pricing.fee", func(int64) int64 { return fee }),
			abi.Bind("pricing.scale", func(int64, map[string][3]uint16) (uint8, error) { return uint8(fee), nil }))
	}
	if max, ok := s.config["cap"].(int64); ok {
		all = append(all, abi.Bind("pricing.cap", Amount(max)))
	}
	return all
}

func (strategy) Execute(context.Context, map[string]any) (map[string]any, error) { return nil, nil }

func main() {}
`

// market is a runtime with the driver of this process.
type market struct {
	t   *testing.T
	key trust.Key
	rt  *runtime.Runtime
}

func openMarket(t *testing.T) *market {
	t.Helper()
	key, err := trust.GenerateKey("developer")
	noError(t, err)
	policyDocument := trust.DevelopmentPolicy(key, time.Now())
	doc, err := policyDocument.Encode()
	noError(t, err)
	envelope, err := trust.Sign(trust.PayloadType, doc, key)
	noError(t, err)
	policy, err := trust.OpenPolicy(envelope, manifest.DigestOf(sha256.Sum256(doc)), time.Now())
	noError(t, err)
	dir, err := os.MkdirTemp(workshop.dir, "store-") // what the process opens stays needed
	noError(t, err)
	db, err := boltstore.Open(dir)
	noError(t, err)
	rt, err := runtime.Open(context.Background(), runtime.Config{
		Store: db, Drivers: map[manifest.Kind]driver.Driver{nativeplugin.Kind: sharedDriver(t)}, Policy: policy,
		HostVersion: "1.0.0", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Timeout: time.Minute, MaxTimeout: time.Minute,
	})
	noError(t, err)
	t.Cleanup(func() {
		noError(t, rt.Close(context.Background()))
		noError(t, db.Close())
	})
	return &market{t, key, rt}
}

// plugin builds a release of a strategy once.
func plugin(t *testing.T, strategy, version string, s strategySource) string {
	t.Helper()
	p := workshop.product(strategy + "-" + version)
	p.once.Do(func() {
		var dir string
		if dir, p.err = s.module(filepath.Join(workshop.dir, "src-"+strategy+"-"+version)); p.err != nil {
			return
		}
		p.path = filepath.Join(workshop.dir, strategy+"-"+version+".so")
		_, p.err = pluginbuild.Build(context.Background(), pluginbuild.Config{Dir: dir, Output: p.path, Strategy: strategy, Version: version})
	})
	noError(t, p.err)
	return p.path
}

func (m *market) deploy(strategy string, n int, path string, config map[string]any) error {
	m.t.Helper()
	return m.deployGolden(strategy, n, path, config, "")
}

// deployGolden deploys a release that rejects an empty input with a code, or
// answers with nothing.
func (m *market) deployGolden(strategy string, n int, path string, config map[string]any, rejected string) error {
	m.t.Helper()
	golden := manifest.GoldenCase{Name: "nothing", Input: map[string]any{}, Rejected: rejected}
	if rejected == "" {
		golden.Output = map[string]any{}
	}
	artifact, err := os.Open(path)
	noError(m.t, err)
	defer artifact.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, artifact)
	noError(m.t, err)
	_, err = artifact.Seek(0, io.SeekStart)
	noError(m.t, err)
	now := time.Now().UTC().Truncate(time.Second)
	payload, err := (&manifest.Manifest{
		Name: strategy, Version: fmt.Sprintf("%d.0.0", n), Sequence: int64(n), Kind: nativeplugin.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: manifest.DigestOf([32]byte(sum.Sum(nil))), Size: size},
		Methods:  []string{abi.MethodExecute}, Capabilities: []string{}, Config: config,
		Golden: []manifest.GoldenCase{golden},
		Issued: now, NotBefore: now.Add(-time.Hour), Expires: now.Add(time.Hour),
	}).Encode()
	noError(m.t, err)
	envelope, err := trust.Sign(manifest.PayloadType, payload, m.key)
	noError(m.t, err)
	_, err = m.rt.Deploy(context.Background(), runtime.Upload{Strategy: strategy, Envelope: envelope, Artifact: artifact})
	return err
}

// prices fails the test unless pricing answers so.
func (m *market) prices(fee, scale int64) {
	m.t.Helper()
	resp, err := m.rt.Execute(context.Background(), "pricing", map[string]any{"price": true})
	noError(m.t, err)
	if resp.Output["fee"] != fee || resp.Output["scale"] != scale {
		m.t.Fatalf("pricing answers %v, want a fee of %d and a scale of %d", resp.Output, fee, scale)
	}
}

func (m *market) rollback(strategy string) {
	m.t.Helper()
	_, err := m.rt.Rollback(context.Background(), runtime.Change{Strategy: strategy})
	noError(m.t, err)
}

func TestAPluginRebindsAnotherOnesVariables(t *testing.T) {
	m := openMarket(t)
	pricing1, pricing2 := plugin(t, "pricing", "1.0.0", pricingSource("1")), plugin(t, "pricing", "2.0.0", pricingSource("2"))
	promo := plugin(t, "promo", "1.0.0", strategySource{"main.go": promoSource})
	noError(t, m.deploy("pricing", 1, pricing1, nil))
	m.prices(10, 1)
	noError(t, m.deploy("promo", 1, promo, map[string]any{"fee": int64(3)}))
	m.prices(3, 3)

	// An old request of the old build goes on; it sees what is bound later.
	old := make(chan runtime.Response, 1)
	go func() {
		resp, err := m.rt.Execute(context.Background(), "pricing", map[string]any{"until": int64(7)})
		if err != nil {
			t.Error(err)
		}
		old <- resp
	}()
	m.eventually("the request", func(s runtime.Status) bool { return s.InFlight == 1 })
	noError(t, m.deploy("pricing", 2, pricing2, nil))
	m.prices(3, 3)
	noError(t, m.deploy("promo", 2, promo, map[string]any{"fee": int64(7)}))
	m.prices(7, 7)
	if resp := <-old; resp.Release.Version != "1.0.0" || resp.Output["fee"] != int64(7) || resp.Output["cap"] != int64(1) {
		t.Errorf("release %s answered %v", resp.Release.Version, resp.Output)
	}

	m.rollback("promo")
	m.prices(3, 3)
	m.rollback("pricing") // its values move back with it
	m.prices(3, 3)
	noError(t, m.deploy("promo", 3, promo, nil))
	m.prices(10, 1)
}

// eventually waits for a status of pricing.
func (m *market) eventually(what string, condition func(runtime.Status) bool) {
	m.t.Helper()
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		s, err := m.rt.Status(context.Background(), "pricing")
		noError(m.t, err)
		if condition(s) {
			return
		}
	}
	m.t.Fatalf("%s did not come", what)
}

// TestATypeOfThePluginsOwnIsNobodyElses: each build's packages have paths of
// their own, so equal names are different types.
func TestATypeOfThePluginsOwnIsNobodyElses(t *testing.T) {
	m := openMarket(t)
	noError(t, m.deploy("pricing", 1, plugin(t, "pricing", "1.0.0", pricingSource("1")), nil))
	promo := plugin(t, "promo", "1.0.0", strategySource{"main.go": promoSource})
	err := m.deploy("promo", 1, promo, map[string]any{"fee": int64(3), "cap": int64(9)})
	wantCode(t, err, problem.RebindTypeMismatch, "promo@1.0.0 binds pricing.cap", "swapline.release/pricing/v1_0_0_", "swapline.release/promo/v1_0_0_", ".Amount")
	m.prices(10, 1)
	st, err := m.rt.Status(context.Background(), "pricing")
	noError(t, err)
	if len(st.Points) != 3 || st.Points[0].BoundBy != "" || !strings.HasPrefix(st.Points[1].Type, "func(int64, map[string][3]uint16) (uint8, error)") {
		t.Errorf("points are %+v", st.Points)
	}
}

// TestARefusedPluginThatIsOpenBlocksNobody: its file stays, from which throw-away
// processes open it again.
func TestARefusedPluginThatIsOpenBlocksNobody(t *testing.T) {
	m := openMarket(t)
	noError(t, m.deploy("pricing", 1, plugin(t, "pricing", "1.0.0", pricingSource("1")), nil))
	promo := plugin(t, "promo", "1.0.1", strategySource{"main.go": promoSource})
	before := sharedDriver(t).Status().Plugins
	wantCode(t, m.deploy("promo", 1, promo, map[string]any{"cap": int64(9)}), problem.RebindTypeMismatch)
	if after := sharedDriver(t).Status().Plugins; after != before+1 {
		t.Fatalf("%d plugins are open, %d before", after, before)
	}
	noError(t, m.deploy("pricing", 2, plugin(t, "pricing", "2.0.1", pricingSource("2")), nil))
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestTheExampleDoesWhatItSays builds examples/rebind.
func TestTheExampleDoesWhatItSays(t *testing.T) {
	m := openMarket(t)
	pricing, promo := example(t, "pricing"), example(t, "promo")
	price := func(customer string, discount int64, campaign string) {
		t.Helper()
		resp, err := m.rt.Execute(context.Background(), "pricing", map[string]any{"customer": customer, "amount": int64(12500)})
		noError(t, err)
		if resp.Output["discount"] != discount || resp.Output["campaign"] != campaign {
			t.Errorf("%s gets %v", customer, resp.Output)
		}
	}
	noError(t, m.deployGolden("pricing", 1, pricing, nil, "bad_amount"))
	price("c-17", 0, "")
	noError(t, m.deployGolden("promo", 1, promo, map[string]any{"campaign": "autumn", "percent": int64(10), "customers": []any{"c-17"}}, "bad_amount"))
	price("c-17", 1250, "autumn")
	price("c-19", 0, "autumn")
	noError(t, m.deployGolden("promo", 2, promo, map[string]any{"campaign": "winter", "percent": int64(50)}, "bad_amount"))
	price("c-19", 6250, "winter")
	m.rollback("promo")
	price("c-19", 0, "autumn")
}

func example(t *testing.T, strategy string) string {
	t.Helper()
	p := workshop.product("example-" + strategy)
	p.once.Do(func() {
		p.path = filepath.Join(workshop.dir, "example-"+strategy+".so")
		_, p.err = pluginbuild.Build(context.Background(), pluginbuild.Config{
			Dir: filepath.Join("..", "examples", "rebind", strategy), Output: p.path, Strategy: strategy, Version: "1.0.0"})
	})
	noError(t, p.err)
	return p.path
}
