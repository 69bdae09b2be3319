package wire

import (
	"math"
	"strconv"
)

// scanNumber reads the JSON number at an offset and returns where it ends.
func scanNumber(in []byte, at int) (v any, end int, e *Error) {
	end, whole, e := numberEnd(in, at)
	if e != nil {
		return nil, end, e
	}
	if !whole {
		f, err := strconv.ParseFloat(string(in[at:end]), 64)
		if err != nil {
			return nil, at, failAt(at, ErrRange, "number does not fit float64")
		}
		return f, end, nil
	}
	n, ok := parseInt(in[at:end])
	if !ok {
		return nil, at, failAt(at, ErrRange, "integer does not fit int64")
	}
	return n, end, nil
}

// numberEnd checks the grammar of a number: -? (0 | 1-9 digits) (. digits)?
// (e sign? digits)?. Whole means that there is no fraction and no exponent.
func numberEnd(in []byte, at int) (end int, whole bool, e *Error) {
	if at < len(in) && in[at] == '-' {
		at++
	}
	end = digits(in, at)
	if end > at+1 && in[at] == '0' {
		return at, false, failAt(at, ErrSyntax, "number with a leading zero")
	}
	whole = true
	if end > at && end < len(in) && in[end] == '.' {
		at, whole = end+1, false
		end = digits(in, at)
	}
	if end > at && end < len(in) && in[end]|0x20 == 'e' {
		at, whole = exponent(in, end), false
		end = digits(in, at)
	}
	if end == at {
		return at, false, failAt(at, ErrSyntax, "number without a digit")
	}
	return end, whole, nil
}

// exponent returns the offset of the digits of the exponent that starts at at.
func exponent(in []byte, at int) int {
	at++
	if at < len(in) && (in[at] == '+' || in[at] == '-') {
		at++
	}
	return at
}

func digits(in []byte, at int) int {
	for at < len(in) && '0' <= in[at] && in[at] <= '9' {
		at++
	}
	return at
}

// parseInt returns the integer with the given sign and digits, if it fits.
func parseInt(text []byte) (int64, bool) {
	limit := uint64(math.MaxInt64)
	negative := text[0] == '-'
	if negative {
		text, limit = text[1:], limit+1
	}
	n := uint64(0)
	for _, c := range text {
		if n > limit/10 {
			return 0, false
		}
		if n = n*10 + uint64(c-'0'); n > limit {
			return 0, false
		}
	}
	if negative {
		return -int64(n), true
	}
	return int64(n), true
}
