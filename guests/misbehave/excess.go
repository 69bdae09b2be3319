package main

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// act is a mode of [strategy.Execute].
type act = func(*strategy) (map[string]any, error)

// excesses are modes that take more than there is, or never come to an end.
func excesses() map[string]act {
	return map[string]act{
		"garbage":    garbage,
		"recurse":    func(*strategy) (map[string]any, error) { return depth(recurse(1)), nil },
		"goroutines": goroutines,
		"linger":     linger,
		"map":        mapBomb,
		"string":     stringBomb,
		"defer":      deferBomb,
		"goexit":     func(*strategy) (map[string]any, error) { runtime.Goexit(); return nil, nil },
		"deadlock":   deadlock,
		"timers":     timers,
		"yield":      yield,
		"print": func(*strategy) (map[string]any, error) {
			println(strings.Repeat("x", 100_000))
			return map[string]any{}, nil
		},
		"wild": wild,
		"huge": func(*strategy) (map[string]any, error) { return many(200_000), nil },
		"deep": func(*strategy) (map[string]any, error) { return nested(100), nil },
	}
}

func depth(n int) map[string]any { return map[string]any{"depth": n} }

// garbage is made for ever and none of it is kept.
func garbage(s *strategy) (map[string]any, error) {
	for n := 1; ; n = n%4096 + 1 {
		s.hoard = append(s.hoard[:0], make([]byte, n))
	}
}

// recurse grows its stack until there is no memory.
func recurse(n int) int {
	if n < 0 {
		return 0
	}
	var frame [64]int
	frame[n%64] = n
	return recurse(n+1) + frame[(n+1)%64]
}

// goroutines leaks many that wait for nobody.
func goroutines(*strategy) (map[string]any, error) {
	never := make(chan struct{})
	for range 10_000 {
		go func() { <-never }()
	}
	return map[string]any{"goroutines": runtime.NumGoroutine()}, nil
}

// linger answers and leaves work behind that never ends.
func linger(*strategy) (map[string]any, error) {
	go func() {
		for {
			runtime.Gosched()
		}
	}()
	return map[string]any{}, nil
}

func mapBomb(*strategy) (map[string]any, error) {
	m := map[string][512]int{}
	for n := 0; ; n++ {
		m[strconv.Itoa(n)] = [512]int{n}
	}
}

func stringBomb(*strategy) (map[string]any, error) {
	for text := "bomb"; ; {
		text += text
	}
}

func deferBomb(s *strategy) (map[string]any, error) {
	for n := 0; n >= 0; n++ {
		kept := make([]byte, 4096)
		defer func() { s.hoard = append(s.hoard, kept) }()
	}
	return nil, nil
}

func deadlock(*strategy) (map[string]any, error) {
	var mu sync.Mutex
	mu.Lock()
	mu.Lock()
	return nil, nil
}

// timers sleeps for ever, an hour at a time.
func timers(*strategy) (map[string]any, error) {
	for {
		time.Sleep(time.Hour)
	}
}

// yield gives way for ever.
func yield(*strategy) (map[string]any, error) {
	for {
		runtime.Gosched()
	}
}

// wild writes to an address that is not its own. The conversion goes by way of
// memory, as vet would not have it otherwise.
func wild(*strategy) (map[string]any, error) {
	address := ^uintptr(0) - 15
	**(**int)(unsafe.Pointer(&address)) = 1
	return map[string]any{}, nil
}

func many(n int) map[string]any {
	list := make([]any, n)
	return map[string]any{"list": list}
}

func nested(n int) map[string]any {
	m := map[string]any{}
	for range n {
		m = map[string]any{"m": m}
	}
	return m
}
