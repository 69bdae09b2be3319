package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unsafe"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/riskscore/payment"
)

var (
	rules  *payment.Rules
	input  []byte // both stay reachable here while the host has their address
	answer bytes.Buffer
)

//go:wasmexport swapline_abi_version
func version() int32 { return abi.Version }

//go:wasmexport swapline_alloc
func alloc(size int32) unsafe.Pointer {
	if int(size) > cap(input) {
		input = make([]byte, size)
	}
	input = input[:size]
	return unsafe.Pointer(unsafe.SliceData(input))
}

//go:wasmexport swapline_init
func start(_ unsafe.Pointer, _ int32) int64 {
	in, err := received()
	if err != nil {
		return send(abi.StatusFault, err.Error())
	}
	config, _ := in[abi.KeyConfig].(map[string]any)
	if rules, err = payment.ParseRules(config); err != nil {
		return reject(err)
	}
	return send(abi.StatusOK, map[string]any{abi.KeyMethods: []string{abi.MethodExecute, abi.MethodValidate}})
}

//go:wasmexport swapline_execute
func execute(_ unsafe.Pointer, _ int32) int64 {
	in, err := received()
	if err != nil {
		return send(abi.StatusFault, err.Error())
	}
	p, err := payment.Parse(in)
	if err != nil {
		return reject(err)
	}
	return send(abi.StatusOK, score(p))
}

//go:wasmexport swapline_validate
func validate() int64 {
	if err := rules.Check(); err != nil {
		return reject(err)
	}
	return send(abi.StatusOK, nil)
}

// received reads what the host wrote. Numbers stay exact: without a point and
// an exponent they are integers.
func received() (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(input))
	d.UseNumber()
	var in map[string]any
	if err := d.Decode(&in); err != nil {
		return nil, err
	}
	exact(in)
	return in, nil
}

// exact replaces what encoding/json cannot tell by itself. Lists are left
// alone, no rule looks into one but that of the countries, which are texts.
func exact(m map[string]any) {
	for k, v := range m {
		switch x := v.(type) {
		case json.Number:
			m[k] = number(string(x))
		case map[string]any:
			if text, ok := x["$bytes"].(string); ok {
				m[k], _ = base64.StdEncoding.DecodeString(text)
				continue
			}
			exact(x)
		}
	}
}

func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && !strings.ContainsAny(s, ".eE") {
		return n
	}
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

func reject(err error) int64 {
	b := abi.Reject(abi.CodeBusinessError, err.Error())
	errors.As(err, &b)
	return send(abi.StatusRejected, map[string]any{abi.KeyCode: b.Code, abi.KeyMessage: b.Message, abi.KeyDetails: b.Details})
}

// send returns where the status byte and the JSON text behind it are.
func send(status byte, v any) int64 {
	answer.Reset()
	answer.WriteByte(status)
	if err := json.NewEncoder(&answer).Encode(v); err != nil {
		return send(abi.StatusInvalid, err.Error())
	}
	b := answer.Bytes()
	return int64(uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))<<32 | uint64(len(b)))
}
