package rollout_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/swapline/swapline/runtime/rollout"
)

// TestHashesStayWhatTheyAre keeps every key on its arm across restarts, nodes and
// versions of this program. The vectors are from two other implementations.
func TestHashesStayWhatTheyAre(t *testing.T) {
	for _, c := range []struct {
		strategy, digest, key string
		hash                  uint64
		bucket                rollout.Weight
	}{
		{"pricing", "sha256:00", "customer-1", 0xad0f61c8cd14d934, 6760},
		{"pricing", "sha256:00", "customer-2", 0x34c0909973b2c0eb, 2060},
		{"pricing", "sha256:00", "", 0x2904c3ba1d675450, 1602},
		{"pricing", "sha256:01", "customer-1", 0x9ebd2600e8ab6d61, 6200},
		{"fx", "sha256:00", "customer-1", 0xe73a1ea3b9ce5cb1, 9032},
		{"pricing", "sha256:00", "17", 0x480dc02be114ebf0, 2814},
		{"pricing", "sha256:00", "3f2b8c1e-77aa-4c1e-9a53-0d9f1c2b7e55", 0x7e8c84faadb474f7, 4943},
		{"pricing", "sha256:00", "someone.with.a.long.name@department.example.com/and/some/more/of/it", 0x4679a40487c3eb09, 2752},
	} {
		h := rollout.NewHasher(c.strategy, c.digest)
		if got := h.Sum([]byte(c.key)); got != c.hash || h.SumString(c.key) != got || rollout.Bucket(got) != c.bucket {
			t.Errorf("%s, %s, %q: %#x, as text %#x, bucket %d", c.strategy, c.digest, c.key, got, h.SumString(c.key), rollout.Bucket(got))
		}
	}
	for text, want := range map[string]uint64{ // of XXH64 itself, seed 0
		"":    0xef46db3751d8e999,
		"a":   0xd24ec4f1a98c6e5b,
		"abc": 0x44bc2cf5ad770999,
		"Nobody inspects the spammish repetition": 0xfbcea83c8a378bf1,
	} {
		var h rollout.Hasher
		if got := h.SumString(text); got != want {
			t.Errorf("XXH64(%q) is %#x, want %#x", text, got, want)
		}
	}
}

func TestTheFirstAndTheLastHashAreInBuckets(t *testing.T) {
	for hash, want := range map[uint64]rollout.Weight{
		0: 0, math.MaxUint64: rollout.Full - 1, 1 << 63: rollout.Full / 2, 1<<63 - 1: rollout.Full/2 - 1,
	} {
		if got := rollout.Bucket(hash); got != want {
			t.Errorf("%#x is in bucket %d, want %d", hash, got, want)
		}
	}
}

// families are the kinds of keys that callers have.
func families() map[string]func(i int) string {
	random := rand.New(rand.NewPCG(7, 8))
	return map[string]func(i int) string{
		"integers":   strconv.Itoa,
		"ids":        func(i int) string { return "customer-" + strconv.Itoa(i) },
		"padded ids": func(i int) string { return fmt.Sprintf("C%012d", i) },
		"UUIDs": func(int) string {
			a, b := random.Uint64(), random.Uint64()
			return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a), uint16(a>>32), a>>52, b>>48|0x8000, b&(1<<48-1))
		},
		"time-ordered UUIDs": func(i int) string { return fmt.Sprintf("0190b2c4-%04x-7000-8000-%012x", i>>16, i) },
		"emails":             func(i int) string { return "user" + strconv.Itoa(i*7) + "@mail" + strconv.Itoa(i%13) + ".example.com" },
	}
}

// sigmas is how far a chi-squared statistic is from what it should be.
func sigmas(counts []int, total int) float64 {
	expected, chi := float64(total)/float64(len(counts)), 0.0
	for _, n := range counts {
		chi += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	freedom := float64(len(counts) - 1)
	return (chi - freedom) / math.Sqrt(2*freedom)
}

// keys is how many keys of a family are looked at, 10 for each bucket.
const keys = 100_000

func TestBucketsAreUniform(t *testing.T) {
	for name, key := range families() {
		for _, salt := range []string{"sha256:1", "sha256:2", "sha256:3"} {
			h, counts := rollout.NewHasher("pricing", salt), make([]int, rollout.Full)
			for i := range keys {
				counts[rollout.Bucket(h.SumString(key(i)))]++
			}
			if s := sigmas(counts, keys); math.Abs(s) > 4 {
				t.Errorf("%s with %s: %.1f sigmas off", name, salt, s)
			}
		}
	}
	counts := make([]int, rollout.Full)
	for range keys {
		counts[rollout.Draw()]++
	}
	if s := sigmas(counts, keys); math.Abs(s) > 8 { // one in 10^14 runs
		t.Errorf("drawn: %.1f sigmas off", s)
	}
}

// TestTwoRolloutsPickDifferentCustomers looks at all pairs of buckets, in steps of
// 1 %, that keys have in two rollouts.
func TestTwoRolloutsPickDifferentCustomers(t *testing.T) {
	one := rollout.NewHasher("pricing", "sha256:1")
	for name, key := range families() {
		for _, other := range []rollout.Hasher{rollout.NewHasher("pricing", "sha256:2"), rollout.NewHasher("pricinh", "sha256:1")} {
			pairs := make([]int, 100*100)
			for i := range keys {
				k := key(i)
				pairs[rollout.Bucket(one.SumString(k))/100*100+rollout.Bucket(other.SumString(k))/100]++
			}
			if s := sigmas(pairs, keys); math.Abs(s) > 4 {
				t.Errorf("%s: %.1f sigmas off", name, s)
			}
		}
	}
}

func TestAKeyStaysOnItsArmWhileWeightsGrow(t *testing.T) {
	for bucket := range rollout.Full {
		if got := (rollout.Split{}).Arm(bucket); got != rollout.ArmStable {
			t.Fatalf("bucket %d is on %s of no rollout", bucket, got)
		}
		candidate, baseline := false, false
		for w := rollout.Weight(0); w <= rollout.Full; w += 100 {
			c := rollout.Split{Candidate: w}.Arm(bucket) == rollout.ArmCandidate
			b := rollout.Split{Baseline: w}.Arm(bucket) == rollout.ArmBaseline
			if candidate && !c || baseline && !b {
				t.Fatalf("bucket %d left its arm at %d", bucket, w)
			}
			candidate, baseline = c, b
			if half := w / 2; (rollout.Split{Candidate: half, Baseline: half}).Arm(bucket) != armOf(bucket, half) {
				t.Fatalf("bucket %d is on the wrong arm at %d and %d", bucket, half, half)
			}
		}
		if !candidate || !baseline {
			t.Fatalf("bucket %d is not in all traffic", bucket)
		}
	}
}

// armOf is Split.Arm for equal weights, said in another way.
func armOf(bucket, weight rollout.Weight) string {
	last := rollout.Full - 1 - bucket
	if bucket >= weight && last >= weight {
		return rollout.ArmStable
	}
	if bucket < last {
		return rollout.ArmCandidate
	}
	return rollout.ArmBaseline
}

func TestBucketsAllocateNothing(t *testing.T) {
	h, key, text := rollout.NewHasher("pricing", "sha256:1"), []byte("3f2b8c1e-77aa-4c1e-9a53-0d9f1c2b7e55"), "3f2b8c1e-77aa-4c1e-9a53-0d9f1c2b7e55"
	split := rollout.Split{Candidate: 100, Baseline: 100}
	if n := testing.AllocsPerRun(1000, func() {
		if split.Arm(rollout.Bucket(h.Sum(key))) != split.Arm(rollout.Bucket(h.SumString(text))) {
			t.Fatal("text and bytes are on two arms")
		}
		rollout.Draw()
	}); n != 0 {
		t.Fatalf("%g allocations", n)
	}
}

// BenchmarkBucket has what a rollout adds to a call before it: finding the arm.
func BenchmarkBucket(b *testing.B) {
	h, split, arms := rollout.NewHasher("pricing", "sha256:1"), rollout.Split{Candidate: 100}, 0
	for name, key := range map[string]string{"short": "C0001234567", "uuid": "3f2b8c1e-77aa-4c1e-9a53-0d9f1c2b7e55"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				arms += len(split.Arm(rollout.Bucket(h.SumString(key))))
			}
		})
	}
	b.Run("draw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			arms += len(split.Arm(rollout.Draw()))
		}
	})
}
