package histogram_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/histogram"
)

func TestALoadedHistogramHoldsWhatTheOtherHeldAndNothingElse(t *testing.T) {
	one, other := histogram.New(), histogram.New()
	for i := range 1000 {
		one.Record(i, time.Duration(i)*time.Millisecond)
		other.Record(i, time.Hour)
	}
	want := one.Read()
	other.Load(want)
	if got := other.Read(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	other.Record(3, time.Second)
	if got := other.Read().N; got != 1001 {
		t.Errorf("%d durations", got)
	}
	if other.Load(histogram.Counts{}); other.Read().N != 0 {
		t.Error("what was held before is there")
	}
}
