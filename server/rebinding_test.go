package server_test

import (
	"encoding/json"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/rebind"
)

// TestAStatusWithPointsIsAsSpecified: nothing is missing in either.
func TestAStatusWithPointsIsAsSpecified(t *testing.T) {
	doc, _ := specification(t)
	status := runtime.Status{Strategy: "pricing", Points: []rebind.Point{
		{Name: "pricing.fee", Type: "func(int64) int64", Generation: 3, BoundBy: "promo@1.0.0"}, {Name: "pricing.limit", Type: "int64"},
	}, Bindings: []rebind.Binding{{Name: "host.level", Type: "int64", Generation: 2}, {Name: "tax.rate", Type: "int64", Problem: "nobody exposes it"}}}
	text, err := json.Marshal(status)
	check(t, err)
	var value any
	check(t, json.Unmarshal(text, &value))
	check(t, doc.Components.Schemas["Strategy"].Value.VisitJSON(value))
	points := value.(map[string]any)["points"].([]any)
	if len(points[0].(map[string]any)) != 4 || len(points[1].(map[string]any)) != 3 {
		t.Errorf("points are %v", points)
	}
}
