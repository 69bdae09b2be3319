package recorder

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/rollout"
)

// TestWhatIsMaskedStandsNowhere looks into all memory that a recorder has.
func TestWhatIsMaskedStandsNowhere(t *testing.T) {
	r, err := New(rollout.Record{Last: 10, Bytes: 1 << 20, Share: rollout.Full, Mask: []string{"/pan"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const secret = "4111222233334444"
	for range 5 {
		r.Text([]byte(`{"pan":"` + secret + `","n":1}`))
		r.Map(map[string]any{"pan": secret, "n": int64(1)})
	}
	r.Close() // its goroutine ended: all is still
	for len(r.spare) > 0 {
		b := <-r.spare
		if b = b[:cap(b)]; bytes.Contains(b, []byte(secret)) {
			t.Errorf("a spare buffer holds %q", b)
		}
	}
	if len(r.queue) != 0 || r.waiting.Load() != 0 {
		t.Errorf("%d inputs of %d bytes wait in a closed recorder", len(r.queue), r.waiting.Load())
	}
}

func TestTheRoomOfMaskingIsWiped(t *testing.T) {
	masks, err := pointer.Compile([]string{"/pan"})
	if err != nil {
		t.Fatal(err)
	}
	var s scratch
	for _, text := range []string{`{"pan":"SECRET"}`, `{"pan":"SECRET","n":[0.1,0.1,0.1,0.1]}`, `{"pan":"SECRET"`, `{"pan":"` + strings.Repeat("SECRET", keptBuffer) + `"}`} {
		masked, err := s.mask(input{raw: []byte(text)}, masks)
		if (err == nil) != strings.HasSuffix(text, "}") || bytes.Contains(masked, []byte("SECRET")) {
			t.Errorf("%.40s became %.40q, %v", text, masked, err)
		}
		if b := s.encoded[:cap(s.encoded)]; bytes.Contains(b, []byte("SECRET")) || cap(b) > keptBuffer {
			t.Errorf("%.40s is left over in %d bytes", text, cap(b))
		}
	}
}

func TestAMapThatIsRefusedIsWiped(t *testing.T) {
	r := &Recorder{share: rollout.Full, most: 1 << 20, queue: make(chan input, 1), spare: make(chan []byte, 1)}
	room := make([]byte, 0, 1000)
	r.spare <- room
	r.Map(map[string]any{"pan": "SECRET", "wrong": make(chan int)})
	if r.unfit.Load() != 1 || bytes.Contains(room[:cap(room)], []byte("SECRET")) {
		t.Errorf("%d refused, %q is left", r.unfit.Load(), room[:20])
	}
}

// TestTheRingAgreesWithAList keeps inputs of any size in both.
func TestTheRingAgreesWithAList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		r := ring{last: 1 + random.IntN(100), bytes: int64(random.IntN(5000))}
		var list [][]byte
		for i := range 300 {
			entry := bytes.Repeat([]byte{byte(i)}, random.IntN(150))
			if fits := int64(len(entry))+entryCost <= r.bytes; r.add(entry) != fits {
				t.Fatalf("%d bytes of %d were taken: %t", len(entry), r.bytes, !fits)
			} else if fits {
				list = append(list, entry)
			}
			for len(list) > r.last || cost(list) > r.bytes {
				list = list[1:]
			}
			if !slices.EqualFunc(r.newest(1000), list, bytes.Equal) || r.used != cost(list) {
				t.Fatalf("%d of %d bytes, want %d of %d", len(r.newest(1000)), r.used, len(list), cost(list))
			}
		}
	}
}

func cost(list [][]byte) (n int64) {
	for _, entry := range list {
		n += int64(len(entry)) + entryCost
	}
	return n
}

// TestSendAfterCloseIsWiped plays the race of a call with Close.
func TestSendAfterCloseIsWiped(t *testing.T) {
	r, err := New(rollout.Record{Last: 10, Bytes: 1 << 20, Share: rollout.Full})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	raw := []byte("SECRET")
	r.send(input{raw: raw})
	if len(r.queue) != 0 || !bytes.Equal(raw, make([]byte, len(raw))) {
		t.Errorf("%d inputs wait, the last is %q", len(r.queue), raw)
	}
}

// TestInputsAreDroppedWhenNobodyMasks stands in for a recorder that is behind.
func TestInputsAreDroppedWhenNobodyMasks(t *testing.T) {
	behind := func() *Recorder {
		return &Recorder{share: rollout.Full, most: maxWaitingBytes, queue: make(chan input, 4), spare: make(chan []byte, 4)}
	}
	r := behind()
	for range 6 {
		r.Text([]byte(`{}`))
		r.Map(nil)
	}
	if got := r.dropped.Load(); got != 8 || len(r.queue) != 4 {
		t.Errorf("%d of 12 were dropped, %d wait", got, len(r.queue))
	}
	r = behind()
	large := make([]byte, maxWaitingBytes/2+1)
	r.Text(large)
	r.Text(large)
	if r.dropped.Load() != 1 || len(r.queue) != 1 {
		t.Errorf("%d large inputs wait", len(r.queue))
	}
	if n := testing.AllocsPerRun(100, func() { r.Text(large) }); n != 0 {
		t.Errorf("a dropped input costs %v allocations", n)
	}
}
