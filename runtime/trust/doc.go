// Package trust decides which releases a host may load. It reads envelopes,
// counts signatures against a policy and is the only maker of [Verified], the type
// that every later stage asks for. It has no switch that turns it off: without a
// policy everything is refused. This comment is the specification of the envelope,
// of the policy document (media type application/vnd.swapline.policy.v1+json) and
// of the checks with their order.
//
// # Envelope
//
// An envelope is the JSON envelope of DSSE version 1 (github.com/secure-systems-lab/dsse),
// at most 2 MiB long, with at most 16 signatures:
//
//	{"payload": "<base64>", "payloadType": "<media type>", "signatures": [{"keyid": "<id>", "sig": "<base64>"}]}
//
// It is read as package abi/wire reads JSON: no duplicate member, valid UTF-8,
// nothing after the end. Member names match byte for byte. As DSSE demands, members
// that are not listed are ignored (nothing in them is signed, so nothing depends on
// them), keyid may be absent, and base64 uses the standard or the URL-safe
// alphabet; here always padded, without line breaks, without stray bits. Writers
// produce the members above, sorted, in standard base64, without white space.
//
// A signature is ed25519 (RFC 8032) over PAE(payloadType, payload), the exact bytes
//
//	"DSSEv1" SP len(payloadType) SP payloadType SP len(payload) SP payload
//
// There is no other algorithm and no field that names one. The SHA-256 of the
// payload is the payload digest; the text around it is not authenticated, may be
// rewritten by anybody without harm, and so never serves as a name.
//
// # Keys
//
// A key's id is the first 16 hexadecimal digits of the SHA-256 of its 32-byte public
// key. In an envelope it is a hint: the key it names is tried first, then all others
// of the policy, so a wrong, empty or missing hint neither helps nor hurts. A public
// key must be the canonical encoding of a curve point that is not of small order. A
// custodian is the person or system that keeps the private key, named by
// ^[a-z0-9][a-z0-9._@+-]{0,127}$ (one spelling for one person).
//
// A private key file is one PEM block "PRIVATE KEY" (PKCS #8) with the header
// "Custodian: <name>"; a public key file is one block "PUBLIC KEY" (PKIX) with the
// same header.
//
// # Policy document
//
// One JSON object of at most 256 KiB, read as strictly as a manifest: members that
// are not listed are refused. Integers, digests and times are written as in package
// runtime/manifest.
//
//	version            required  integer, 1 or more; rises with every change
//	issued, expires    required  times
//	keys               required  list of 1 to 64 objects, each public key once:
//	  id               required  the key's id
//	  public           required  the public key in standard base64
//	  custodian        required  who keeps the private key
//	  patterns         optional  list of at most 64 patterns of strategy names;
//	                             required of authors and approvers
//	  retired          optional  true: counts only for releases accepted earlier
//	roles              required  object:
//	  root             required  role that signs policies
//	  author           required  role that signs manifests
//	  approver         optional  role that confirms manifests; absent: nobody needs to
//	    keys           required  list of distinct ids of listed keys
//	    threshold      required  how many of them must sign, 1 to 16
//	revoked_keys       optional  list of at most 1000 key ids; they need not be listed
//	revoked_digests    optional  list of at most 1000 digests, of payloads or artifacts
//	max_age_seconds    optional  greatest age of a manifest at its deploy; absent or 0: any
//	capabilities       optional  list of at most 64 objects; the first one that matches a
//	                             strategy says all that it may use, and one that none
//	                             matches may use nothing; absent: clock, config, log and
//	                             random for all:
//	  patterns         required  list of 1 to 64 patterns of strategy names
//	  allow            required  list of at most 32 words, see runtime/capability
//	  http_hosts       required  if http is allowed, and only then: list of at most 64
//	                             hosts, each a name, an IPv4 address or *.name (every name
//	                             below it), then perhaps : and a port
//	  http_plain       optional  true: http:// as well as https://
//	engines            optional  list of at most 32 words: engines that manifests may name;
//	                             absent: those that the host itself takes by default
//
// A pattern has 1 to 64 of a-z 0-9 . _ - and of '*', any run of characters, and '?',
// any one character; it matches a whole name. A policy is refused if a role cannot
// reach its threshold with keys that are neither revoked nor retired, of distinct
// custodians; if a key is both an author's and an approver's while approval is
// demanded; or if both roles together have too few custodians.
//
// A key may be in root and in another role, as in [DevelopmentPolicy]. Its root
// signature still counts for policies only, its author signature for manifests only:
// the payload type is signed.
//
// # Counting
//
// A signature counts for the listed key that verifies it. Signatures that no listed
// key verifies count for nothing and disturb nothing. A role is satisfied by
// signatures of threshold many distinct public keys of as many distinct custodians.
// Revoked keys never count. Who signed as an author does not count as an approver,
// whichever key is used (four eyes).
//
// # Open
//
// The checks of a deploy, in this order. The first that fails decides; the result
// is assigned after the last. The time is one value for all of them.
//
//  1. There is a policy (policy_missing), it is not expired (policy_expired) and not
//     issued in the future (policy_not_yet_valid).
//  2. The envelope is well formed and within its bounds (envelope_malformed), says
//     that it is a manifest (envelope_wrong_type) and has a signature
//     (signature_missing).
//  3. Signatures satisfy author and approver (key_unknown, signature_invalid,
//     key_revoked, threshold_unmet). Nothing of the payload has been looked at.
//  4. The payload digest is not revoked (digest_revoked).
//  5. The payload is a manifest (manifest_malformed).
//  6. The same count with those keys only whose patterns match the manifest's name
//     (key_out_of_scope).
//  7. The artifact's digest is not revoked (digest_revoked).
//  8. Name, audience and host fit (wrong_strategy, wrong_audience, host_too_old).
//  9. The manifest was not issued in the future and its not_before has come
//     (manifest_not_yet_valid), it is not expired (manifest_expired) and not older
//     than max_age_seconds (manifest_too_old).
//
// "Issued in the future" tolerates five minutes between two clocks. At the instant of
// expires a document is expired.
//
// Sequence, equivocation and previous need the host's memory: [Verified.Advances].
// The caller compares with the high-water mark and stores the new mark in the
// transaction that activates the release.
//
// [Reopen] leaves out the checks of time (the second half of 1, and 9) and lets
// retired keys count, for releases that the host accepted before.
//
// # Policies
//
// The first policy is accepted because its payload digest is pinned ([OpenPolicy]),
// a later one because the root role of the current policy signed it and its version
// rose ([Adopt]); both must satisfy their own root role. An expired policy lets
// nothing new in: who withholds updates from a host cannot keep it open for releases
// that were revoked meanwhile.
//
// To replace a key without interrupting what runs: list the new one, mark the old
// one retired; when no release that it signed is in use, remove or revoke it.
//
// # Worked example
//
// A policy with two roots, an author for risk strategies and an approver; keys are
// made of the seeds 01...01 to 04...04 (32 times the byte):
//
//	{
//	  "expires": "2027-11-01T00:00:00Z",
//	  "issued": "2026-11-01T00:00:00Z",
//	  "keys": [
//	    {
//	      "custodian": "rita",
//	      "id": "34750f98bd59fcfc",
//	      "public": "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w="
//	    },
//	    {
//	      "custodian": "rob",
//	      "id": "6a3803d5f059902a",
//	      "public": "gTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q="
//	    },
//	    {
//	      "custodian": "ann",
//	      "id": "b62e867fa2f33afe",
//	      "patterns": [
//	        "risk*"
//	      ],
//	      "public": "7UkoxijRwsbq6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9E="
//	    },
//	    {
//	      "custodian": "bea",
//	      "id": "c5b940ed3f65c391",
//	      "patterns": [
//	        "*"
//	      ],
//	      "public": "ypOsFwUYcHHWe4PH/w7+gQjo7EUwV113JoeTM9vavnw="
//	    }
//	  ],
//	  "max_age_seconds": 7776000,
//	  "roles": {
//	    "approver": {
//	      "keys": [
//	        "c5b940ed3f65c391"
//	      ],
//	      "threshold": 1
//	    },
//	    "author": {
//	      "keys": [
//	        "b62e867fa2f33afe"
//	      ],
//	      "threshold": 1
//	    },
//	    "root": {
//	      "keys": [
//	        "34750f98bd59fcfc",
//	        "6a3803d5f059902a"
//	      ],
//	      "threshold": 2
//	    }
//	  },
//	  "version": 3
//	}
//
// testdata holds the canonical text (policy.json), its envelope (policy.dsse) and an
// envelope of the manifest that is package manifest's worked example
// (riskscore.dsse), which this policy accepts on 2026-11-20.
//
// # What it does not do
//
// It does not look at the artifact: whoever loads it compares size and SHA-256 with
// the manifest. It cannot stop custodians who conspire up to the threshold.
package trust
