package compare

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// digest is that of inputs.
type digest struct{ hash.Hash }

// add takes an input of the wire domain.
func (d digest) add(in map[string]any) error {
	encoded, err := wire.Append(make([]byte, 8), in)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint64(encoded, uint64(len(encoded)-8))
	_, err = d.Write(encoded)
	return err
}

func (d digest) text() string { return hex.EncodeToString(d.Sum(nil)) }

// CheckInputs refuses inputs, of the wire domain, that are not those that the plan says
// were compared. A plan that does not say so takes any.
func (p Plan) CheckInputs(inputs []map[string]any) error {
	if p.Inputs == 0 && p.Digest == "" {
		return nil
	}
	sum := digest{sha256.New()}
	for _, in := range inputs {
		if err := sum.add(in); err != nil {
			return err
		}
	}
	return p.checkInputs(len(inputs), sum.text())
}

func (p Plan) checkInputs(n int, sum string) error {
	if p.Inputs != 0 && p.Inputs != n {
		return otherwise("/inputs", "the inputs", strconv.Itoa(p.Inputs), strconv.Itoa(n))
	}
	if p.Digest != "" && p.Digest != sum {
		return otherwise("/inputs_sha256", "the inputs", p.Digest, sum)
	}
	return nil
}

// CheckReleases refuses releases, the digests of one for each arm, that are not those
// that the plan says were compared: what can be told before they are loaded. A plan that
// does not say so takes any.
func (p Plan) CheckReleases(digests []string) error {
	return p.eachArm(digests, func(told, digest string) bool { return slices.Contains(strings.Fields(told), digest) })
}

// checkArms refuses other arms than those that the plan says were compared.
func (p Plan) checkArms(arms []string) error {
	return p.eachArm(arms, func(told, arm string) bool { return told == arm })
}

func (p Plan) eachArm(arms []string, is func(told, arm string) bool) error {
	if len(p.Arms) == 0 {
		return nil
	}
	if len(p.Arms) != len(arms) {
		return otherwise("/arms", "the arms", strconv.Itoa(len(p.Arms)), strconv.Itoa(len(arms)))
	}
	for i, arm := range arms {
		if !is(p.Arms[i], arm) {
			return otherwise("/arms/"+strconv.Itoa(i), "arm "+strconv.Itoa(i+1), p.Arms[i], arm)
		}
	}
	return nil
}

// otherwise refuses what is not what the plan says was compared.
func otherwise(at, what, want, got string) error {
	return problem.New(problem.ComparisonMalformed, "%s of this comparison and of the plan differ", what).At(at).Want("%s", want).Got("%s", got).
		Cure("compare what the plan says; or leave arms, inputs and inputs_sha256 out of it, to compare something else in the same way")
}
