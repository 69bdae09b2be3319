package runtime_test

import (
	"context"
	"testing"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// keeping is a driver that never lets go.
type keeping struct{ driver.Driver }

func (keeping) Keeps(manifest.Digest) bool { return true }

func TestARefusedArtifactIsDroppedUnlessItsDriverNeedsIt(t *testing.T) {
	for _, needed := range []bool{false, true} {
		w := newWorld(t)
		if needed {
			w.cfg.Drivers[memdriver.Kind] = keeping{w.mem}
		}
		w.open()
		w.deploy(release(1))
		before := w.files()
		b := release(2)
		b.Golden[0].Output = map[string]any{"wrong": true}
		_, err := w.rt.Deploy(context.Background(), w.upload(b))
		wantCode(t, err, problem.GoldenCaseFailed)
		if left := w.files() - before; left != 0 && !needed || left != 1 && needed {
			t.Errorf("needed %t: %d files are left", needed, left)
		}
		if !needed {
			continue
		}
		w.restart()
		if left := w.files() - before; left != 0 {
			t.Errorf("%d files are left after a restart", left)
		}
	}
}
