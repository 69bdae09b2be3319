package abi

import "context"

// Words of capabilities, as manifests ask for them and policies allow them.
const (
	CapabilityClock  = "clock"  // Host.Now, the wall clock and durations
	CapabilityConfig = "config" // the manifest's config; asked for by stating one
	CapabilityEmit   = "emit"   // Emitter
	CapabilityHTTP   = "http"   // HTTP
	CapabilityLog    = "log"    // Host.Log
	CapabilityRandom = "random" // random numbers that nobody can foretell
	CapabilityState  = "state"  // State
)

// The interfaces below are what a [Host] can do beyond its own methods. Every
// host has them; what was not granted answers an [*Error] of code
// [CodeCapabilityDenied]:
//
//	type counter struct{ state abi.State }
//
//	func NewStrategy(h abi.Host) (abi.Strategy, error) {
//		return counter{h.(abi.State)}, nil
//	}
//
// They work inside of Execute and Validate only, with the ctx that was given to
// the call. A constructor gets [CodeNotInCall].

// Emitter delivers events.
type Emitter interface {
	// Emit notes an event of a type (lower-case words joined by underscores
	// or dots) with data of the wire domain. The events of a call are
	// delivered, in order, when it ends with an answer; after an error, a
	// business error too, none of them is.
	Emit(ctx context.Context, typ string, data any) error
}

// State is a key-value space that all releases of a strategy share. A call sees
// its own writes. They are stored when it ends with an answer, all of them or,
// after an error of any kind, none. If something that the call read has been
// changed meanwhile by another one, the call ends with the code state_conflict
// and stores nothing.
type State interface {
	// Get returns the value of a key, and whether there is one.
	Get(ctx context.Context, key string) (value any, found bool, err error)
	// Put sets a value of the wire domain.
	Put(ctx context.Context, key string, value any) error
	// Delete removes a key; one that is not there is no error.
	Delete(ctx context.Context, key string) error
}

// HTTP sends requests to the hosts that the operator allows.
type HTTP interface {
	// Do sends one request. An answer of any status is no error. The call's
	// deadline holds.
	Do(ctx context.Context, r HTTPRequest) (HTTPResponse, error)
}

// HTTPRequest is a request to be sent.
type HTTPRequest struct {
	Method  string // "" means GET
	URL     string // absolute
	Headers map[string]string
	Body    []byte
}

// HTTPResponse is an answer. Headers have canonical names; several of one name
// are joined by ", ".
type HTTPResponse struct {
	Status  int
	Headers map[string]string
	Body    []byte
}

// Codes of errors that the interfaces above give. A strategy that returns one
// of them from Execute answers with a business error of that code.
const (
	// CodeCapabilityDenied: the release may not use the capability.
	CodeCapabilityDenied = "capability_denied"
	// CodeNotInCall: no call is under way, or it has ended, or the context is
	// not the one that Execute got.
	CodeNotInCall = "not_in_call"
	// CodeBadRequest: the request has no sense, an empty key for example.
	CodeBadRequest = "bad_request"
	// CodeQuota: the call or a value exceeds a limit.
	CodeQuota = "quota_exceeded"
	// CodeUnavailable: the host could not read its store.
	CodeUnavailable = "unavailable"
	// CodeDiverged: a replayed call asked for something else than the call that
	// was recorded.
	CodeDiverged = "replay_diverged"
	// CodeHTTPDenied: the operator does not allow this host, scheme, address
	// or method.
	CodeHTTPDenied = "http_denied"
	// CodeHTTPFailed: there was no complete answer.
	CodeHTTPFailed = "http_failed"
	// CodeHTTPTimeout: there was no answer in time.
	CodeHTTPTimeout = "http_timeout"
)
