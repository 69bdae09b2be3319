package trust

import (
	"crypto/ed25519"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// quorum counts whose signatures hold. All counting of keys is in this file.
type quorum struct {
	policy  *Policy
	good    []string // ids of usable keys whose signature verifies, sorted, distinct
	revoked []string // ids of revoked keys whose signature verifies
	retired []string // ids of retired keys whose signature verifies but does not count
	hints   []string // claimed key ids of signatures that no listed key made
}

// tally verifies every signature of e against the keys of p. A signature that no
// key made counts for nothing and disturbs nothing. reopening lets retired keys
// count.
func (p *Policy) tally(e *envelope, reopening bool) *quorum {
	q, pae := &quorum{policy: p}, e.pae()
	for _, s := range e.signatures {
		id, ok := p.signer(s, pae)
		switch {
		case !ok:
			q.hints = append(q.hints, s.keyID)
		case p.keyRevoked(id):
			q.revoked = append(q.revoked, id)
		case p.keys[id].Retired && !reopening:
			q.retired = append(q.retired, id)
		default:
			q.good = append(q.good, id)
		}
	}
	slices.Sort(q.good)
	q.good = slices.Compact(q.good)
	return q
}

// signer finds the key that made s. The key id in the envelope is a hint: the
// key it names is tried first, then all others.
func (p *Policy) signer(s signature, pae []byte) (id string, ok bool) {
	order := p.ids()
	if i, found := slices.BinarySearch(order, s.keyID); found {
		order[0], order[i] = order[i], order[0]
	}
	for _, id := range order {
		if ed25519.Verify(p.keys[id].Public.bytes(), pae, s.sig) {
			return id, true
		}
	}
	return "", false
}

// restrict keeps the keys that may speak for a strategy.
func (q *quorum) restrict(strategy string) *quorum {
	c := *q
	c.good = slices.DeleteFunc(slices.Clone(q.good), func(id string) bool {
		return !q.policy.keys[id].covers(strategy)
	})
	return &c
}

// members returns the counted keys of a role, one for each custodian, without
// the custodians in not.
func (q *quorum) members(r Role, not map[string]bool) (ids []string, custodians map[string]bool) {
	custodians = map[string]bool{}
	for _, id := range q.good {
		who := q.policy.keys[id].Public.custodian
		if slices.Contains(r.Keys, id) && !not[who] && !custodians[who] {
			ids = append(ids, id)
			custodians[who] = true
		}
	}
	return ids, custodians
}

// requireRelease demands the author's and the approver's threshold. Who signed
// as author cannot approve, whatever key is used for it: four eyes.
func (q *quorum) requireRelease() ([]string, error) {
	doc := &q.policy.doc
	authors, who := q.members(doc.Author, nil)
	if int64(len(authors)) < doc.Author.Threshold {
		return nil, q.unmet("author", doc.Author, len(authors))
	}
	approvers, _ := q.members(doc.Approver, who)
	if int64(len(approvers)) < doc.Approver.Threshold {
		return nil, q.unmet("approver", doc.Approver, len(approvers))
	}
	ids := append(authors, approvers...)
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// requireRoot demands the threshold of the root role.
func (q *quorum) requireRoot() error {
	root := q.policy.doc.Root
	ids, _ := q.members(root, nil)
	if int64(len(ids)) < root.Threshold {
		return q.unmet("root", root, len(ids))
	}
	return nil
}

// unmet says what most likely went wrong, the surest cause first.
func (q *quorum) unmet(role string, r Role, n int) error {
	switch {
	case len(q.good) == 0 && len(q.revoked) == 0 && len(q.retired) == 0:
		return q.nothingCounted()
	case len(q.revoked) > 0:
		return problem.New(problem.KeyRevoked, "signed with a revoked key").Got("key %s", strings.Join(q.revoked, ", ")).
			Cure("sign with a key that the policy still accepts")
	case len(q.retired) > 0:
		return problem.New(problem.KeyRevoked, "signed with a retired key").Got("key %s", strings.Join(q.retired, ", ")).
			Cure("sign with the key that replaced it; a retired key counts only for releases accepted before")
	}
	return problem.New(problem.ThresholdUnmet, "not enough %s signatures", role).
		Want("%d distinct keys of distinct custodians", r.Threshold).
		Got("%d (signatures hold from keys %s)", n, strings.Join(q.good, ", ")).
		Cure("add the missing signatures with swapline sign; an author cannot approve the same release")
}

// nothingCounted explains envelopes of which no signature holds.
func (q *quorum) nothingCounted() error {
	known := slices.DeleteFunc(slices.Clone(q.hints), func(id string) bool {
		_, ok := q.policy.keys[id]
		return !ok
	})
	if len(known) > 0 {
		return problem.New(problem.SignatureInvalid, "no signature holds for this payload").
			Got("a signature that claims key %s", strings.Join(known, ", ")).
			Cure("the content was changed after signing, or the key is another one of that name; sign again")
	}
	return problem.New(problem.KeyUnknown, "no signature is by a key of the trust policy").
		Got("claimed keys %.200q", q.hints).Cure("sign with a listed key, or have the root keys add this one to the policy")
}
