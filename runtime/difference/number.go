package difference

import "math"

func isNumber(v any) bool {
	switch v.(type) {
	case int64, float64:
		return true
	}
	return false
}

// near compares two numbers. The distance of two integers is exact, so that large
// ones which floats cannot tell apart are still two.
func near(a, b any, tolerance float64) bool {
	x, y := float(a), float(b)
	distance := math.Abs(x - y)
	i, isInt := a.(int64)
	if j, ok := b.(int64); ok && isInt {
		distance = float64(uint64(max(i, j)) - uint64(min(i, j)))
	}
	return distance == 0 || distance <= tolerance*max(math.Abs(x), math.Abs(y))
}

func float(v any) float64 {
	if i, ok := v.(int64); ok {
		return float64(i)
	}
	f, _ := v.(float64)
	return f
}
