package sequential_test

import (
	"fmt"
	"math"

	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// The numbers of the package comment.
func Example() {
	fmt.Printf("%.2f %.0f\n", sequential.LogE(6, 40, 0.01), math.Exp(sequential.LogE(6, 40, 0.01)))
	fmt.Printf("%.2f %.0f\n", sequential.LogE(5, 40, 0.01), math.Exp(sequential.LogE(5, 40, 0.01)))

	lo, hi := sequential.Rate(3, 200, 0.05)
	_, most := sequential.Rate(0, 100, 0.1)
	fmt.Printf("%.4f to %.3f, none of 100 under %.3f\n", lo, hi, most)

	candidate, stable := sequential.Arm{Events: 14, Units: 200}, sequential.Arm{Events: 190, Units: 19_800}
	lo, hi = sequential.Increase(candidate, stable, 0.01, 0.05)
	fmt.Printf("%.1f, %.3f to %.3f\n", sequential.LogIncrease(candidate, stable, 0.01, 0), lo, hi)
	fmt.Printf("%.4f\n", sequential.Radius(1000, 0.001))
	// Output:
	// 8.61 5485
	// 6.02 413
	// 0.0008 to 0.059, none of 100 under 0.042
	// 12.3, 0.014 to 0.144
	// 0.0988
}
