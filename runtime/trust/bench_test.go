package trust

import "testing"

func BenchmarkOpen(b *testing.B) {
	p, c, text := policy(b), context(), signed(b)
	for b.Loop() {
		if _, err := Open(p, text, c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodePolicy(b *testing.B) {
	text := policyText(b)
	for b.Loop() {
		if _, err := DecodePolicy(text); err != nil {
			b.Fatal(err)
		}
	}
}
