//go:build wasip1

// Command limit is the smallest guest that speaks JSON: it approves payments up
// to the manifest's limit. It uses no SDK; the README beside it explains it.
package main

import (
	"encoding/json"
	"unsafe"
)

var (
	limit  int64
	input  []byte // both stay reachable here while the host has their address
	answer []byte
)

//go:wasmexport swapline_abi_version
func version() int32 { return 1 }

//go:wasmexport swapline_alloc
func alloc(size int32) unsafe.Pointer {
	input = make([]byte, size)
	return unsafe.Pointer(unsafe.SliceData(input))
}

//go:wasmexport swapline_init
func start(_ unsafe.Pointer, _ int32) int64 {
	var in struct{ Config struct{ Limit *int64 } }
	if err := json.Unmarshal(input, &in); err != nil || in.Config.Limit == nil {
		return send(1, `{"code":"bad_config","message":"config.limit must be an integer","details":null}`)
	}
	limit = *in.Config.Limit
	return send(0, `{"methods":["Execute"]}`)
}

//go:wasmexport swapline_execute
func execute(_ unsafe.Pointer, _ int32) int64 {
	var in struct{ Amount *int64 }
	if err := json.Unmarshal(input, &in); err != nil || in.Amount == nil {
		return send(1, `{"code":"bad_input","message":"amount must be an integer","details":{"field":"amount"}}`)
	}
	if *in.Amount <= limit {
		return send(0, `{"approved":true}`)
	}
	return send(0, `{"approved":false}`)
}

// send returns where the status byte and the text behind it are.
func send(status byte, text string) int64 {
	answer = append(append(answer[:0], status), text...)
	return int64(uint64(uintptr(unsafe.Pointer(unsafe.SliceData(answer))))<<32 | uint64(len(answer)))
}

func main() {}
