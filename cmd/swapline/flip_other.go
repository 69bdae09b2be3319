//go:build !unix

package main

import (
	"errors"
	"time"
)

func newFlipper(time.Duration) (flipper, error) {
	return nil, errors.New("this system cannot pass sockets on to a new process")
}

func socketPair() ([2]int, error) { return [2]int{}, errors.ErrUnsupported }
