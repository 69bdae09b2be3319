package meter

import (
	"errors"
	"math"
)

// Slice is the fuel that a call gets before the host is asked again. It takes 20
// to 50 microseconds of usual code, and 40 milliseconds where each instruction is a
// load that misses all caches; asking takes a quarter of a microsecond.
const Slice = 100_000

// What ends a call.
var (
	// ErrSpent says that the budget is used up.
	ErrSpent = errors.New("the call has used up its instructions")
	// ErrDepth says that functions called each other too deeply.
	ErrDepth = errors.New("the stack is exhausted: functions call each other too deeply")
)

// Account is the fuel of one call. The zero Account has no limit and is ready for
// a module whose fuel is 0.
// It is used by one goroutine at a time.
type Account struct {
	limit   int64
	granted int64
}

// Begin starts a call that may use limit units; 0 means no limit. It returns the
// fuel that the module must be given. Its depth must be MaxDepth or less.
func (a *Account) Begin(limit int64) (fuel int64) {
	if limit <= 0 {
		limit = math.MaxInt64
	}
	*a = Account{limit: limit, granted: min(Slice, limit)}
	return a.granted
}

// Tick is what the import answers: the fuel to go on with, or why the call ends.
// The call gets exactly its limit, in slices.
func (a *Account) Tick(fuel, depth int64) (int64, error) {
	if depth < 0 {
		return 0, ErrDepth
	}
	if a.limit == 0 {
		a.limit = math.MaxInt64
	}
	grant := min(Slice-fuel, a.limit-a.granted)
	if a.granted += grant; fuel+grant < 0 {
		return 0, ErrSpent
	}
	return fuel + grant, nil
}

// Used returns what the call has used, given the fuel that the module has left. When
// the call ended with ErrSpent, that is more than its limit: what was charged last did
// not happen.
func (a *Account) Used(fuel int64) int64 { return a.granted - fuel }
