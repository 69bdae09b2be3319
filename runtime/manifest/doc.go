// Package manifest is the statement that a publisher makes about one release: what
// it is called, which bytes it is, how it is loaded and tested, where and how
// long it may run. The statement is JSON; it travels as the payload of a signed
// envelope (package trust), and the SHA-256 of its exact bytes, the payload
// digest, names the release everywhere else. This comment is the specification of
// the format, media type application/vnd.swapline.manifest.v1+json.
//
// # Reading
//
// A reader works on the bytes whose signatures it has verified, never on others,
// and refuses the whole manifest at the first violation. The text is one JSON
// object (RFC 8259) of at most 1,048,576 bytes in UTF-8, read as package abi/wire
// reads JSON: no duplicate member at any depth, no invalid UTF-8 or lone
// surrogate, no byte order mark, nothing after the object, at most 64 levels and
// 100,000 items. Member names match byte for byte; a member that is not listed
// here is refused, and so is null in place of a value. A new member needs a new
// media type.
//
// # Members
//
// "Required" members are present. An absent optional member means what the table
// says; an empty list, object or text, or the number 0, means the same as absence
// unless stated otherwise. A word is ^[a-z0-9][a-z0-9._-]{0,63}$. A set is a list
// of at most 32 entries in rising byte order without duplicates. Integers are JSON
// numbers without fraction and exponent and at most 2^53-1.
//
//	name              required  word: the strategy
//	version           required  semantic version 2.0.0, complete, without v, at most 64 bytes
//	sequence          required  integer, 1 or more; rises with every release of the strategy
//	kind              required  word: what can load the artifact
//	engine            optional  word: which engine of that kind; absent: the host's default
//	abi_version       required  integer, 1 or more: version of the contract with the host
//	artifact          required  object:
//	  sha256          required  digest of the artifact
//	  size            required  its length in bytes, 1 to 1,073,741,824
//	methods           required  set of ^[A-Z][A-Za-z0-9_]{0,63}$; contains Execute
//	capabilities      optional  set of words: host functions asked for; absent: none. The
//	                            words and what they give are in package
//	                            runtime/capability; the host's policy must allow each
//	isolation         optional  "request" (also if absent): nothing that a call leaves in an
//	                            instance is there for the next; "instance": it is;
//	                            "process", for artifacts that would share the host's
//	                            memory only: so it is, in a process of its own
//	encoding          optional  "cbor" (also if absent) or "json": how values cross to
//	                            instances with a memory of their own
//	limits            optional  object; each absent member means the host's default:
//	  timeout_ms      optional  wall clock of one call, at most 3,600,000
//	  memory_bytes    optional  memory of one instance, at most 4,294,967,296
//	  instructions    optional  per call
//	  concurrency     optional  calls at the same time, at most 65,536
//	  table_entries   optional  of each table of one instance, at most 16,777,216
//	  call_depth      optional  stack of one call, in units of about eight bytes
//	  output_bytes    optional  encoded answer of one call, at most 8,388,608
//	  log_bytes       optional  logged by one call
//	  host_calls      optional  calls of host functions by one call
//	  deadline        optional  hard or cooperative; absent: hard. Cooperative is a
//	                            promise, for kinds that run in the host's process: the
//	                            strategy returns when its context is done. Calls then
//	                            run on their caller's goroutine and cost less; while a
//	                            strategy breaks its promise its caller waits
//	withdraw          optional  object: which faults take the release out of service, beside
//	                            the host's own rule; each absent member means the host's
//	                            value, and all three must hold:
//	  faults          optional  as many or more, at most 1,048,576
//	  share           optional  number from 0 to 1: as great a part of all calls or more
//	  window_ms       optional  within this time, at most 3,600,000
//	rollout           optional  object of any shape: the policy under which the release
//	                            earns its traffic, unless the operator has another one. Its
//	                            members are those of package runtime/rollout; a host that
//	                            cannot read them refuses the release. {} is kept
//	config            optional  object of any shape; absent: {}
//	config_schema     optional  JSON Schema 2020-12 of config; absent: any config; {} is kept
//	golden            required  list of 1 to 64 cases, each an object:
//	  name            required  1 to 100 bytes without control characters, distinct
//	  input           required  object of any shape
//	  output          either    object: the exact answer; {} is an answer
//	  rejected        or        ^[a-z][a-z0-9_]{0,63}$: code of the business error
//	audience          optional  set of words: environments that may run it; absent: any
//	issued            required  time of signing
//	not_before        optional  time; absent: from issued on
//	expires           required  time after issued and after not_before
//	min_host_version  optional  semantic version like version; absent: any host
//	previous          optional  payload digest of the release that this one follows
//	labels            optional  object of at most 64 members, word to text of at most
//	                            256 bytes without control characters
//
// A digest is "sha256:" and 64 lower-case hexadecimal digits. A time is RFC 3339 in
// UTC with whole seconds, exactly YYYY-MM-DDThh:mm:ssZ, in the years 1970 to 9999.
// Control characters are U+0000 to U+001F, U+007F to U+009F, U+2028, U+2029; U+FFFD
// is refused with them.
//
// At least one golden case is required: a release that nobody can test cannot be
// validated before it gets traffic. Every case has exactly one of output and
// rejected; an output is compared as values of abi/wire, so 1 and 1.0 differ.
//
// What is required of kind, engine, capabilities, abi_version and methods beyond
// their form is for the host to say, and so is everything that needs a clock: see
// package trust.
//
// # Writing
//
// Readers accept any white space and member order, because the signature covers
// the bytes and not their meaning. Writers produce the canonical text that
// [Manifest.Encode] returns: no white space, members of every object sorted by the
// UTF-8 bytes of their names, absent instead of empty, floats with a point or an
// exponent, byte strings as {"$bytes":"<standard base64>"}. Reading a canonical text
// and writing it again gives the same bytes.
//
// # Worked example
//
// This text, with line breaks and indentation for people, is a manifest:
//
//	{
//	  "abi_version": 1,
//	  "artifact": {
//	    "sha256": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
//	    "size": 48211
//	  },
//	  "audience": ["production", "staging"],
//	  "capabilities": ["log"],
//	  "config": {"block_above": 500000, "night_factor": 1.5},
//	  "config_schema": {"properties": {"block_above": {"type": "integer"}}, "type": "object"},
//	  "engine": "wazero",
//	  "expires": "2027-11-01T00:00:00Z",
//	  "golden": [
//	    {"input": {"amount": 1250, "mcc": "5411"}, "name": "groceries", "output": {"decision": "approve", "score": 3}},
//	    {"input": {"amount": "12.50"}, "name": "amount is text", "rejected": "bad_input"}
//	  ],
//	  "issued": "2026-11-01T09:30:00Z",
//	  "kind": "wasm",
//	  "labels": {"commit": "3f9c1e2", "team": "payments-risk"},
//	  "limits": {"concurrency": 8, "memory_bytes": 33554432, "timeout_ms": 50},
//	  "methods": ["Execute", "Validate"],
//	  "min_host_version": "0.1.0",
//	  "name": "riskscore",
//	  "not_before": "2026-11-02T00:00:00Z",
//	  "previous": "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
//	  "sequence": 17,
//	  "version": "1.4.2"
//	}
//
// Its canonical text is 954 bytes long and has the payload digest
//
//	sha256:836eb514c737dab684a582dbc066fef91d8a7523b39a01689af366f64cd1d156
//
// # Errors
//
// Every refusal is a *problem.Error of code manifest_malformed with the JSON Pointer
// of the value, what was expected and what was found.
package manifest
