package trust

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Bounds of a policy.
const (
	maxInteger  = 1<<53 - 1
	maxKeys     = 64
	maxPatterns = 64
	maxRevoked  = 1000
	maxRules    = 64
	maxWords    = 32
	maxHosts    = 64
	maxAge      = 100 * 365 * 24 * time.Hour
)

// Check reports the first thing that a policy must not say, as a *problem.Error
// of code PolicyMalformed with a JSON Pointer. It needs no clock.
func (d *PolicyDocument) Check() error {
	return cmp.Or(
		within("/version", d.Version, 1, maxInteger),
		checkTime("/issued", d.Issued),
		checkTime("/expires", d.Expires),
		need(d.Expires.After(d.Issued), "/expires", "a time after issued", stamp(d.Expires)),
		need(d.MaxAge >= 0 && d.MaxAge <= maxAge && d.MaxAge%time.Second == 0,
			"/max_age_seconds", "whole seconds, at most 100 years", d.MaxAge.String()),
		d.checkKeys(),
		d.checkRevoked(),
		d.checkRole("/roles/root", d.Root, 1),
		d.checkRole("/roles/author", d.Author, 1),
		d.checkRole("/roles/approver", d.Approver, 0),
		d.checkFourEyes(),
		d.checkScopes(),
		d.checkCapabilities(),
		checkEach("/engines", d.Engines, maxWords, manifest.ValidName, "a lower-case word"),
	)
}

func (d *PolicyDocument) checkKeys() error {
	if err := within("/keys", int64(len(d.Keys)), 1, maxKeys); err != nil {
		return err
	}
	publics, ids := map[string]bool{}, map[string]bool{}
	for i, k := range d.Keys {
		pointer := "/keys/" + strconv.Itoa(i)
		if err := k.check(pointer); err != nil {
			return err
		}
		if publics[k.Public.raw] || ids[k.Public.ID()] {
			return malformed(pointer+"/public", "a public key that is listed once", "key "+k.Public.ID()+" again")
		}
		publics[k.Public.raw], ids[k.Public.ID()] = true, true
	}
	return nil
}

func (k PolicyKey) check(pointer string) error {
	reason := weakness(k.Public.Bytes())
	return cmp.Or(
		need(reason == "", pointer+"/public", "an ed25519 public key", "a value that "+reason),
		need(ValidCustodian(k.Public.custodian), pointer+"/custodian", "1 to 128 of a-z 0-9 . _ @ + -", k.Public.custodian),
		checkEach(pointer+"/patterns", k.Patterns, maxPatterns, ValidPattern, "a-z 0-9 . _ - * ?"),
	)
}

func (d *PolicyDocument) checkCapabilities() error {
	if err := within("/capabilities", int64(len(d.Capabilities)), 0, maxRules); err != nil {
		return err
	}
	for i, r := range d.Capabilities {
		if err := r.check("/capabilities/" + strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

// check refuses hosts without the capability that they are for, and that one
// without hosts: whoever wrote either meant something else.
func (r CapabilityRule) check(pointer string) error {
	hosts := len(r.HTTPHosts) > 0
	return cmp.Or(
		within(pointer+"/patterns", int64(len(r.Patterns)), 1, maxPatterns),
		checkEach(pointer+"/patterns", r.Patterns, maxPatterns, ValidPattern, "a-z 0-9 . _ - * ?"),
		checkEach(pointer+"/allow", r.Allow, maxWords, manifest.ValidName, "a lower-case word"),
		checkEach(pointer+"/http_hosts", r.HTTPHosts, maxHosts, manifest.ValidHost, "a name, a name and a port, or *.name"),
		need(slices.Contains(r.Allow, abi.CapabilityHTTP) == hosts, pointer+"/http_hosts",
			"hosts if http is allowed, and only then", strings.Join(r.HTTPHosts, ", ")),
		need(hosts || !r.PlainHTTP, pointer+"/http_plain", "false, since http is not allowed", "true"),
	)
}

// checkEach checks a list of at most so many distinct entries.
func checkEach(pointer string, list []string, most int64, valid func(string) bool, want string) error {
	if err := within(pointer, int64(len(list)), 0, most); err != nil {
		return err
	}
	for i, s := range list {
		if err := need(valid(s), pointer+"/"+strconv.Itoa(i), want, s); err != nil {
			return err
		}
	}
	return checkDistinct(pointer, list)
}

func (d *PolicyDocument) checkRevoked() error {
	err := cmp.Or(
		within("/revoked_keys", int64(len(d.RevokedKeys)), 0, maxRevoked),
		within("/revoked_digests", int64(len(d.RevokedDigests)), 0, maxRevoked),
		checkDistinct("/revoked_keys", d.RevokedKeys),
		checkDistinct("/revoked_digests", d.RevokedDigests),
	)
	if err != nil {
		return err
	}
	for i, id := range d.RevokedKeys {
		ok := len(id) == 16 && strings.Trim(id, "0123456789abcdef") == ""
		if err := need(ok, "/revoked_keys/"+strconv.Itoa(i), "16 lower-case hex digits", id); err != nil {
			return err
		}
	}
	for i, digest := range d.RevokedDigests {
		pointer := "/revoked_digests/" + strconv.Itoa(i)
		if err := need(digest.Valid(), pointer, "sha256: and 64 lower-case hex digits", string(digest)); err != nil {
			return err
		}
	}
	return nil
}

// checkRole refuses a role that names unknown keys or whose threshold cannot be
// met by those of its keys that are neither revoked nor retired.
func (d *PolicyDocument) checkRole(pointer string, r Role, lowest int64) error {
	err := cmp.Or(
		within(pointer+"/threshold", r.Threshold, lowest, MaxSignatures),
		within(pointer+"/keys", int64(len(r.Keys)), lowest, maxKeys),
		need(r.Threshold > 0 || len(r.Keys) == 0, pointer+"/threshold", "1 or more, since the role has keys", "0"),
		checkDistinct(pointer+"/keys", r.Keys),
	)
	if err != nil {
		return err
	}
	known := d.index()
	for i, id := range r.Keys {
		if _, ok := known[id]; !ok {
			return malformed(pointer+"/keys/"+strconv.Itoa(i), "the id of a listed key", strconv.Quote(id))
		}
	}
	n := int64(len(d.custodians(r)))
	return need(n >= r.Threshold, pointer+"/threshold", "at most the number of custodians with a usable key, "+
		strconv.FormatInt(n, 10), strconv.FormatInt(r.Threshold, 10))
}

// custodians returns who can sign in a role: revoked and retired keys cannot.
func (d *PolicyDocument) custodians(r Role) map[string]bool {
	known, set := d.index(), map[string]bool{}
	for _, id := range r.Keys {
		if !slices.Contains(d.RevokedKeys, id) && !known[id].Retired {
			set[known[id].Public.custodian] = true
		}
	}
	return set
}

// checkFourEyes keeps authors and approvers apart: a key says one thing only,
// and there are enough people for both roles.
func (d *PolicyDocument) checkFourEyes() error {
	if d.Approver.Threshold == 0 {
		return nil
	}
	for i, id := range d.Approver.Keys {
		if slices.Contains(d.Author.Keys, id) {
			return malformed("/roles/approver/keys/"+strconv.Itoa(i), "a key that is not an author's", id)
		}
	}
	people := d.custodians(d.Author)
	maps.Copy(people, d.custodians(d.Approver))
	n, want := int64(len(people)), d.Author.Threshold+d.Approver.Threshold
	return need(n >= want, "/roles/approver/threshold", strconv.FormatInt(want, 10)+" custodians for both roles",
		strconv.FormatInt(n, 10))
}

// checkScopes refuses keys that could sign releases but never for any strategy.
func (d *PolicyDocument) checkScopes() error {
	for i, k := range d.Keys {
		id := k.Public.ID()
		if len(k.Patterns) == 0 && (slices.Contains(d.Author.Keys, id) || slices.Contains(d.Approver.Keys, id)) {
			return malformed("/keys/"+strconv.Itoa(i)+"/patterns", "at least one pattern for an author or approver", "none")
		}
	}
	return nil
}

func checkTime(pointer string, t time.Time) error {
	ok := t.Location() == time.UTC && t.Nanosecond() == 0 && t.Year() >= 1970 && t.Year() <= 9999
	return need(ok, pointer, "a time in UTC of whole seconds from 1970 to 9999", t.Format(time.RFC3339Nano))
}

func checkDistinct[S ~string](pointer string, list []S) error {
	for i, s := range list {
		if slices.Contains(list[:i], s) {
			return malformed(pointer+"/"+strconv.Itoa(i), "distinct entries", strconv.Quote(string(s))+" again")
		}
	}
	return nil
}

func need(ok bool, pointer, want, found string) error {
	if ok {
		return nil
	}
	return malformed(pointer, want, strconv.Quote(found[:min(len(found), 80)]))
}

func within(pointer string, n, low, high int64) error {
	if n >= low && n <= high {
		return nil
	}
	want := strconv.FormatInt(low, 10) + " to " + strconv.FormatInt(high, 10)
	return malformed(pointer, want, strconv.FormatInt(n, 10))
}

func malformed(pointer, want, found string) error {
	return problem.New(problem.PolicyMalformed, "policy has a bad value").At(pointer).Want("%s", want).Got("%s", found)
}
