package compare

import (
	"os"
	"testing"
	"time"
)

func TestASleeperLeavesItsWaitingToTheKernel(t *testing.T) {
	s := sleeper{clock: newClock(nil, nil)}
	s.sleep(imprecise / 2)
	if s.alarm.file != nil {
		t.Error("an alarm for what is over before it could go off")
	}
	s.sleep(imprecise + time.Millisecond)
	if s.alarm.file == nil {
		t.Fatal("it turned for a millisecond")
	}
	file := s.alarm.file
	if s.close(); file.Close() == nil {
		t.Error("the alarm was left open")
	}
}

func TestAnAlarmThatCannotBeHadIsDoneWithout(t *testing.T) {
	for _, file := range []string{os.DevNull, t.TempDir()} { // no timers
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		s := sleeper{clock: newClock(nil, nil), alarm: alarm{file: f}}
		began := s.clock.now()
		if s.sleep(3 * time.Millisecond); s.clock.now()-began < 3*time.Millisecond {
			t.Errorf("%s: it did not wait", file)
		}
		s.close()
	}
}
