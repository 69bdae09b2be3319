package sample_test

import (
	"fmt"

	"github.com/swapline/swapline/runtime/compare/sample"
)

func ExamplePairedRatio() {
	a := []float64{20, 22, 21, 25, 30, 24, 20, 21, 26, 23}
	b := []float64{22, 24, 23.5, 28, 33, 26, 22.5, 23, 29, 50}
	for _, rounds := range []int{10, 9} {
		i := sample.PairedRatio(a[:rounds], b[:rounds], 0.95)
		fmt.Printf("%.3f, %.3f to %.3f\n", i.Point, i.Lo, i.Hi)
	}
	// Output:
	// 1.108, 1.095 to 1.540
	// 1.105, 1.092 to 1.120
}
