package capability

import "time"

// Limits bound what one call may do. A field that is zero or negative means the
// default in brackets.
type Limits struct {
	Events     int // events of one call (64)
	EventBytes int // all of them, encoded (64 KiB)

	KeyBytes   int // length of a key (256)
	ValueBytes int // length of an encoded value (64 KiB)
	WriteBytes int // keys and values written by one call (1 MiB)
	ReadBytes  int // keys and values read by one call (8 MiB)
	SpaceKeys  int // keys of one strategy (10,000)
	SpaceBytes int // keys and values of one strategy (64 MiB)

	Requests  int           // HTTP requests of one call (16)
	BodyBytes int           // body of a request or an answer (1 MiB, which is the most)
	Timeout   time.Duration // of one HTTP request, within the call's deadline (10 s)
}

// maxBody keeps a body within one byte string of package wire.
const maxBody = 1 << 20

func (l Limits) orDefaults() Limits {
	return Limits{
		Events: positive(l.Events, 64), EventBytes: positive(l.EventBytes, 64<<10),
		KeyBytes: positive(l.KeyBytes, 256), ValueBytes: positive(l.ValueBytes, 64<<10),
		WriteBytes: positive(l.WriteBytes, 1<<20), ReadBytes: positive(l.ReadBytes, 8<<20),
		SpaceKeys: positive(l.SpaceKeys, 10_000), SpaceBytes: positive(l.SpaceBytes, 64<<20),
		Requests: positive(l.Requests, 16), BodyBytes: min(positive(l.BodyBytes, maxBody), maxBody),
		Timeout: positive(l.Timeout, 10*time.Second),
	}
}

func positive[N ~int | ~int64](n, otherwise N) N {
	if n > 0 {
		return n
	}
	return otherwise
}
