//go:build !portable

package snapshot

import (
	"fmt"
	"testing"
)

// BenchmarkRestore compares the three ways: comparing all, asking the kernel,
// and giving all pages back, for a guest that writes to some pages and reads
// as many others.
func BenchmarkRestore(b *testing.B) {
	for _, size := range []int{64 << 10, 128 << 10, 192 << 10, 320 << 10, 3 << 20, 16 << 20} {
		for _, pages := range []int{3, 12, 100, 500} {
			if pages*4096*2 > size {
				continue
			}
			for _, way := range []string{"compare", "scan", "discard"} {
				b.Run(fmt.Sprintf("%dK/%d/%s", size>>10, pages, way), func(b *testing.B) { restoring(b, size, pages, way) })
			}
		}
	}
}

func restoring(b *testing.B, size, pages int, way string) {
	content := make([]byte, size)
	for at := 0; at < size; at += 1024 {
		content[at] = 1
	}
	i, err := NewImage(content)
	if err != nil {
		b.Fatal(err)
	}
	if i.file.pagemap < 0 {
		i.file.pagemap = i.openPagemap()
	}
	m, err := NewMemory(uint64(size), i)
	if err != nil {
		b.Fatal(err)
	}
	sum := byte(0)
	b.ReportAllocs()
	for b.Loop() {
		for p := range pages {
			at := p * (size / pages) &^ 4095
			m.bytes[at+8]++
			sum += m.bytes[at+4096+8]
		}
		ok := true
		switch way {
		case "compare":
			m.mend(0, size)
		case "scan":
			ok = m.restoreOwn()
		case "discard":
			ok = m.space.discard(0, size)
		}
		if !ok {
			b.Skip("not on this kernel")
		}
	}
	m.Free()
	i.Close()
}
