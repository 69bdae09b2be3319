package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
)

// experimentGoesOn counts every call of two processes in one experiment.
func experimentGoesOn(t *testing.T, counter string) {
	p := startProcess(t, counter, nil)
	p.deploy(counter)
	p.holdNext(counter)
	p.command("experiment", "start", "counter", "1.0.1", "--metric", "error_rate", "--stop", "time")
	l := p.load(1)
	for range 2 {
		l.goesOn()
		p.mustRenew()
		l.goesOn()
		p.client.CloseIdleConnections()
	}
	l.stop()
	var x runtime.Experiment
	asked := int64(l.answered()) + 1 // with the question of stop
	p.until("all calls are counted", func() bool {
		x = p.experiment()
		return len(x.Arms) == 2 && x.Arms[0].Calls+x.Arms[1].Calls == asked
	})
	for _, c := range x.Health {
		if c.Name == "restarts" && (c.Light != compare.Green || !strings.Contains(c.Text, "came back 2 times and went on counting; nothing was lost")) {
			t.Errorf("%+v", c)
		}
	}
}

func (p *process) experiment() runtime.Experiment {
	p.t.Helper()
	status, b, err := p.ask(http.MethodGet, "/v1/experiments?strategy=counter", nil)
	var list struct{ Experiments []runtime.Experiment }
	if err != nil || status != http.StatusOK || json.Unmarshal(b, &list) != nil || len(list.Experiments) != 1 {
		p.t.Fatalf("%d %s %v", status, b, err)
	}
	return list.Experiments[0]
}

// holdNext accepts the same module as release 1.0.1.
func (p *process) holdNext(artifact string) {
	p.t.Helper()
	copied := filepath.Join(p.data, "counter-1.0.1.wasm")
	for _, suffix := range []string{"", ".strategy.json"} {
		b, err := os.ReadFile(artifact + suffix)
		if err != nil {
			p.t.Fatal(err)
		}
		write(p.t, copied+suffix, strings.Replace(string(b), `"1.0.0"`, `"1.0.1"`, 1))
	}
	must(p.t, p.data, "sign", copied)
	p.command("push", copied, "--hold")
}
