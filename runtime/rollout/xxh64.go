package rollout

import (
	"encoding/binary"
	"math/bits"
)

// The primes of XXH64.
const (
	xxhPrime1 = 0x9E3779B185EBCA87
	xxhPrime2 = 0xC2B2AE3D27D4EB4F
	xxhPrime3 = 0x165667B19E3779F9
	xxhPrime4 = 0x85EBCA77C2B2AE63
	xxhPrime5 = 0x27D4EB2F165667C5
)

// xxh64 is XXH64 as its specification, version 0.2.0, says
// (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
func xxh64(seed uint64, text []byte) uint64 {
	rest, hash := text, seed+xxhPrime5
	if len(text) >= 32 {
		rest, hash = xxhStripes(seed, text)
	}
	return xxhAvalanche(xxhTail(hash+uint64(len(text)), rest))
}

// xxhStripes takes 32 bytes at a time, in four lanes, and returns what is left over.
func xxhStripes(seed uint64, text []byte) (rest []byte, hash uint64) {
	a, b, c, d := seed, seed+xxhPrime2, seed, seed
	a += xxhPrime1
	a += xxhPrime2
	d -= xxhPrime1
	for len(text) >= 32 {
		a = xxhRound(a, binary.LittleEndian.Uint64(text[0:8]))
		b = xxhRound(b, binary.LittleEndian.Uint64(text[8:16]))
		c = xxhRound(c, binary.LittleEndian.Uint64(text[16:24]))
		d = xxhRound(d, binary.LittleEndian.Uint64(text[24:32]))
		text = text[32:]
	}
	hash = bits.RotateLeft64(a, 1) + bits.RotateLeft64(b, 7) + bits.RotateLeft64(c, 12) + bits.RotateLeft64(d, 18)
	return text, xxhMerge(xxhMerge(xxhMerge(xxhMerge(hash, a), b), c), d)
}

func xxhRound(lane, input uint64) uint64 {
	return bits.RotateLeft64(lane+input*xxhPrime2, 31) * xxhPrime1
}

func xxhMerge(hash, lane uint64) uint64 {
	return (hash^xxhRound(0, lane))*xxhPrime1 + xxhPrime4
}

// xxhTail takes the last bytes, fewer than 32.
func xxhTail(hash uint64, rest []byte) uint64 {
	for ; len(rest) >= 8; rest = rest[8:] {
		hash = bits.RotateLeft64(hash^xxhRound(0, binary.LittleEndian.Uint64(rest)), 27)*xxhPrime1 + xxhPrime4
	}
	if len(rest) >= 4 {
		hash = bits.RotateLeft64(hash^uint64(binary.LittleEndian.Uint32(rest))*xxhPrime1, 23)*xxhPrime2 + xxhPrime3
		rest = rest[4:]
	}
	for _, c := range rest {
		hash = bits.RotateLeft64(hash^uint64(c)*xxhPrime5, 11) * xxhPrime1
	}
	return hash
}

func xxhAvalanche(hash uint64) uint64 {
	hash = (hash ^ hash>>33) * xxhPrime2
	hash = (hash ^ hash>>29) * xxhPrime3
	return hash ^ hash>>32
}
