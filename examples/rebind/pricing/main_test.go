package main

import (
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/go/guesttest"
)

func TestGoldenCases(t *testing.T) { guesttest.Run(t, ".", NewStrategy) }

// TestAnOrderIsPricedWithWhatIsBound shows how a test takes the host's part.
func TestAnOrderIsPricedWithWhatIsBound(t *testing.T) {
	table := abi.NewPointTable()
	defer table.Close()
	for _, p := range (pricing{}).Points() {
		table.Attach(p)
	}
	table.Publish(1, map[abi.Exposed]abi.Binding{
		Fee:      abi.Bind(Fee.Name(), func(int64) int64 { return 1 }),
		Discount: abi.Bind(Discount.Name(), func(customer string, amount int64) int64 { return 10 * amount }),
		Campaign: abi.Bind(Campaign.Name(), "all free"),
	})
	out, err := pricing{}.Execute(t.Context(), map[string]any{"customer": "c-17", "amount": int64(500)})
	if err != nil || out["total"] != int64(1) || out["discount"] != int64(500) || out["campaign"] != "all free" {
		t.Errorf("%v %v", out, err)
	}
}
