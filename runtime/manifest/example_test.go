package manifest_test

import (
	"fmt"
	"os"

	"github.com/swapline/swapline/runtime/manifest"
)

// The worked example of the package comment, read and written canonically.
func ExampleDecode() {
	text, err := os.ReadFile("testdata/riskscore.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := manifest.Decode(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	canonical, err := m.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Name, m.Version, "sequence", m.Sequence)
	fmt.Println(len(canonical), "bytes", manifest.Sum(canonical).Short())
	// Output:
	// riskscore 1.4.2 sequence 17
	// 954 bytes 836eb514c737
}
