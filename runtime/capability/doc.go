// Package capability is what strategies can do besides computing: write to the
// log, read the clock, get random numbers, read their config, emit events, keep
// state and send HTTP requests. Everything is denied unless the release's
// manifest asks for it and the operator's policy allows it. The package knows
// nothing of kinds: drivers offer it to the code that they run.
//
//	word     what it gives                                limits of one call
//	log      lines in the host's log                      manifest: limits.log_bytes
//	clock    the time, and durations
//	random   random numbers that nobody can foretell      64 KiB at a time
//	config   the manifest's config; asked for by stating one
//	emit     events, delivered after the call's success   64 events, 64 KiB
//	state    a key-value space of the strategy            1 MiB written, 8 MiB read
//	http     requests to the hosts that the policy lists  16 requests, 1 MiB a body, 10 s
//
// # Grants and calls
//
// [Services] is what a host has; [Services.Grant] compares a manifest with the
// operator's [Rule] and makes the [Grant] of one release, or refuses it with the
// code capability_denied. A driver begins a [Call] for each Execute and ends it
// with the call's outcome:
//
//	call := grant.Begin(ctx)
//	out, err := run(ctx, call)
//	err = call.End(err)
//
// Events and writes are collected meanwhile. End keeps all of them when the
// outcome is an answer, and none after an error of any kind. A nil Call, which
// Begin returns for a release that has nothing to collect, can be used the same
// way. Nothing but HTTP requests has an effect before the end.
//
// # State
//
// The space of a strategy is shared by all of its releases; that is its
// purpose, and so isolation between calls says nothing about it. A call reads
// each key once, at its first Get, and sees its own writes. At its end everything
// that it read must still be what it read, or the call ends with state_conflict
// and nothing is stored; whoever called may try again. A key that is written
// without being read is overwritten whatever it holds. What End has accepted is
// as durable as the [StateStore] is: package boltstate has synced it.
//
// # HTTP
//
// See [Rule] for the hosts. Names are resolved and the address is checked when
// the connection is made, so a name that resolves to something else the second
// time gains nothing: private, local and reserved addresses are refused, also
// inside of IPv6. Redirects are followed only to listed hosts, without the
// request's headers when the host changes. There are no cookies, and no proxy of
// the environment is used.
//
// # Rehearsal, recording, replay
//
// Golden cases run in a [Rehearsal]: the state is empty, writes and events are
// dropped, requests refused. A call [Aside] or in the [Shadow] of another one
// leaves no trace either, but reads the state that there is, and in a shadow what
// the other one got. [Record] makes a context whose calls note what they
// got from outside (clock, random numbers, state, HTTP); [Replay] makes one in
// which they get the same again, and in which writes and events are dropped. A
// strategy that shares the host's process reads the clock and random numbers
// past this package; those are not recorded.
package capability
