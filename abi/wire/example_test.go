package wire_test

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/swapline/swapline/abi/wire"
)

// The worked example of the package comment.
func Example() {
	v := map[string]any{
		"amount": 12950,
		"rate":   0.5,
		"card":   []byte{1, 2},
		"tags":   []any{"new", nil},
	}
	b, err := wire.Append(nil, v)
	fmt.Println(len(b), hex.EncodeToString(b), err)
	back, err := wire.DecodeMap(b)
	fmt.Printf("%T %v\n", back["amount"], err)
	text, err := wire.AppendJSON(nil, back)
	fmt.Println(string(text), err)
	again, err := wire.ParseJSON(text)
	fmt.Println(wire.Equal(back, again), err)
	// Output:
	// 38 a464636172644201026472617465f93800647461677382636e6577f666616d6f756e74193296 <nil>
	// int64 <nil>
	// {"amount":12950,"card":{"$bytes":"AQI="},"rate":0.5,"tags":["new",null]} <nil>
	// true <nil>
}

func ExampleError() {
	_, err := wire.ParseJSON([]byte(`{"orders":[{"qty":1,"qty":1000000}]}`))
	var e *wire.Error
	fmt.Println(errors.Is(err, wire.ErrDuplicateKey), errors.As(err, &e))
	fmt.Println(e.Pointer, e.Offset)
	fmt.Println(err)
	// Output:
	// true true
	// /orders/0/qty 20
	// wire: duplicate key at /orders/0/qty (offset 20)
}

func ExampleNormalize() {
	type Cents uint32
	v, err := wire.Normalize(map[string]any{"total": Cents(995), "codes": []string{"a", "b"}})
	fmt.Printf("%#v %v\n", v, err)
	_, err = wire.Normalize(map[string]any{"big": uint64(1 << 63)})
	fmt.Println(err)
	// Output:
	// map[string]interface {}{"codes":[]interface {}{"a", "b"}, "total":995} <nil>
	// wire: number out of range: integer does not fit int64 at /big
}
