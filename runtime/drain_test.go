package runtime_test

import (
	"context"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/problem"
)

// blocker is a strategy whose calls last until the test lets them go.
type blocker struct{ entered, release chan struct{} }

func (b *blocker) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if in["wait"] == true {
		b.entered <- struct{}{}
		<-b.release
	}
	return in, nil
}

// blocked is a world whose release 1 serves one request that does not end.
func blocked(t *testing.T) (w *world, b *blocker, answered <-chan error) {
	w = newWorld(t)
	b = &blocker{make(chan struct{}), make(chan struct{})}
	w.mem = memdriver.New(map[string]abi.Constructor{
		"tck":   tck.New,
		"block": func(abi.Host) (abi.Strategy, error) { return b, nil },
	})
	w.cfg = w.config()
	w.cfg.DrainLimit = 10 * time.Millisecond
	w.open()
	one := behaving(1, "")
	one.replaceArtifact([]byte("block"))
	w.deploy(one)
	done := make(chan error, 1)
	go func() {
		_, err := w.rt.Execute(context.Background(), name, map[string]any{"wait": true})
		done <- err
	}()
	<-b.entered
	return w, b, done
}

func TestAStuckReleaseIsReportedAndKeptOpen(t *testing.T) {
	w, b, answered := blocked(t)
	w.deploy(release(2))
	w.answers(2)
	eventually(t, "the report", func() bool { d := w.status().Draining; return len(d) == 1 && d[0].Stuck })
	d := w.status().Draining[0]
	if d.Release.Version != "1.0.0" || d.InFlight != 1 || d.For <= 0 || w.mem.Open() != 2 {
		t.Fatalf("draining %+v, %d instances", d, w.mem.Open())
	}
	close(b.release)
	if err := <-answered; err != nil {
		t.Fatalf("the old request: %v", err)
	}
	eventually(t, "the close", func() bool { return w.mem.Open() == 1 && len(w.status().Draining) == 0 })
}

func TestCloseWaitsForRunningRequestsAndRefusesNewOnes(t *testing.T) {
	w, b, answered := blocked(t)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := w.rt.Close(ctx); err == nil {
		t.Fatal("closed while a request runs")
	}
	if w.mem.Open() != 1 {
		t.Fatal("an instance in use was closed")
	}
	_, err := w.rt.Execute(context.Background(), name, nil)
	wantCode(t, err, problem.ShuttingDown)
	_, err = w.rt.Deploy(context.Background(), w.upload(release(2)))
	wantCode(t, err, problem.ShuttingDown)
	_, err = w.rt.Rollback(context.Background(), back(""))
	wantCode(t, err, problem.ShuttingDown)
	close(b.release)
	if err := <-answered; err != nil {
		t.Fatalf("the running request: %v", err)
	}
	must(t, w.rt.Close(context.Background()))
	if w.mem.Open() != 0 {
		t.Fatalf("%d instances are open", w.mem.Open())
	}
	must(t, w.rt.Close(context.Background()))
}

func TestWatchersLearnOfTheEnd(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	_, changed, err := w.rt.Watch(name)
	must(t, err)
	must(t, w.rt.Close(context.Background()))
	<-changed
	if _, changed, _ = w.rt.Watch(name); changed != nil {
		t.Fatal("a closed runtime promises another change")
	}
}
