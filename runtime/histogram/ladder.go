package histogram

import (
	"math"
	"math/bits"
	"strings"
	"time"
)

// The ladder: sixteen buckets for each power of two from 64 ns to 2^36 ns, one
// below and one above.
const (
	steps   = 16
	lowest  = 6 // 2^6 ns are 64 ns
	highest = 36
	least   = time.Duration(1) << lowest
	most    = time.Duration(1) << highest

	// Size is the number of buckets.
	Size = (highest-lowest)*steps + 2
)

// rungs has the step, from 'a', of every 256th part of a power of two: part m,
// which begins at 1+m/256, belongs to step floor(16*log2(1+(m+1/2)/256)).
const rungs = "aaaaaaaaaaabbbbbbbbbbbbcccccccccccccddddddddddddeeeeeeeeeeeeeeff" +
	"ffffffffffffggggggggggggggghhhhhhhhhhhhhhhiiiiiiiiiiiiiiiijjjjjj" +
	"jjjjjjjjjjjkkkkkkkkkkkkkkkkklllllllllllllllllllmmmmmmmmmmmmmmmmm" +
	"mmnnnnnnnnnnnnnnnnnnnnoooooooooooooooooooooppppppppppppppppppppp"

// Index returns the bucket of a duration: 0 for all below 64 ns, Size-1 for all
// from 68.7 s on.
func Index(d time.Duration) int {
	if d < least {
		return 0
	}
	if d >= most {
		return Size - 1
	}
	zeros := bits.LeadingZeros64(uint64(d))
	part := uint8(uint64(d) << (zeros & 63) >> 55) // the eight bits behind the first one
	return (63-lowest-zeros)*steps + int(rungs[part]-'a') + 1
}

// Low returns the least duration of a bucket.
func Low(bucket int) time.Duration {
	switch {
	case bucket <= 0:
		return 0
	case bucket >= Size-1:
		return most
	}
	octave := lowest + (bucket-1)/steps
	part := strings.IndexByte(rungs, byte('a'+(bucket-1)%steps))
	return time.Duration((1<<8+part)<<octave+1<<8-1) >> 8
}

// High returns the least duration that is above a bucket; the last bucket has no
// end.
func High(bucket int) time.Duration {
	if bucket >= Size-1 {
		return math.MaxInt64
	}
	return Low(bucket + 1)
}

// ShiftOf returns the least number of buckets that is at least a ratio: a
// duration that grows by 1.25 climbs 5.15 of them, so that 6 is more than 1.25.
// -ShiftOf(1/ratio) is the greatest number that is at most the ratio, 5. A ratio
// that is not positive has no shift, 0.
func ShiftOf(ratio float64) int {
	if !(ratio > 0) || math.IsInf(ratio, 1) {
		return 0
	}
	const slack = 1e-9 // powers of two are exact
	return int(math.Ceil(steps*math.Log2(ratio) - slack))
}
