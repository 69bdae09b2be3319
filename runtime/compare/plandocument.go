package compare

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// member is one word of a plan's JSON: the package comment says what it means.
type member struct {
	name   string
	to     any  // pointer to the field
	absent bool // what the field holds stands for a member that is left out
	ok     bool // what the field holds makes sense, once defaults are filled in
	want   string
}

// orNone is an int that may be none: 0 in JSON, -1 in the field.
type orNone int

// members are all members of a plan, in the order of its canonical text.
func (p *Plan) members() []member {
	return []member{
		{"metric", &p.Metric, p.Metric == "", slices.Contains(judgeable(), p.Metric), choice(judgeable())},
		{"hypothesis", &p.Hypothesis, p.Hypothesis == "", slices.Contains(hypotheses(), p.Hypothesis), choice(hypotheses())},
		{"margin", &p.Margin, p.Margin == 0 && p.Hypothesis != WhetherBetter, p.Margin >= 0 && p.Margin <= 10,
			"a share above 0, at most 10, since nothing is ever shown to be exactly the same; 0 for the hypothesis better only"},
		{"alpha", &p.Alpha, p.Alpha == 0, p.Alpha >= 0.0001 && p.Alpha <= 0.5, "a probability from 0.0001 to 0.5"},
		{"rounds", &p.Rounds, p.Rounds == 0, p.Rounds >= leastRounds && p.Rounds <= mostRounds, "10 to 200"},
		{"calls", &p.Calls, p.Calls == 0, p.Calls >= 1, wantCalls},
		{"warm_up", (*orNone)(&p.WarmUp), p.WarmUp == 0, p.WarmUp <= mostMeasured, "0 to 2,000,000; 0 is none"},
		{"callers", (*orNone)(&p.Callers), p.Callers == 0, p.Callers <= mostCallers, "0 to 4096; 0 is none"},
		{"rate", &p.Rate, false, p.Rate >= 0 && p.Rate <= mostRate, "0 to 1,000,000 calls a second"},
		{"open_s", &p.OpenFor, p.OpenFor == 0, p.OpenFor <= longestOpen, "0 to 3600 seconds; 0 is none"},
		{"starts", (*orNone)(&p.Starts), p.Starts == 0, p.Starts <= mostStarts, "0 to 1000; 0 is none"},
		{"seed", &p.Seed, false, p.Seed <= mostSeed, "a whole number from 0, below 2^53, so that every reader of JSON keeps it"},
		{"resamples", &p.Samples, p.Samples == 0, p.Samples >= leastSamples && p.Samples <= mostSamples, "200 to 20,000"},
		{"max_different", &p.Different, false, p.Different >= 0 && p.Different <= 1, "a share from 0 to 1"},
		{"ignore", &p.Compare.Ignore, false, bounded(p.Compare.Ignore, longestPointer), wantPointers},
		{"tolerance", &p.Compare.Tolerance, false, p.Compare.Tolerance >= 0 && p.Compare.Tolerance <= 1, "a share from 0 to 1"},
		{"mask", &p.Mask, false, bounded(p.Mask, longestPointer), wantPointers},
		{"arms", &p.Arms, len(p.Arms) == 0, bounded(p.Arms, longestArm), "a list of texts, as a report's plan has it"},
		{"inputs", &p.Inputs, p.Inputs == 0, p.Inputs >= 0, "a number of inputs"},
		{"inputs_sha256", &p.Digest, p.Digest == "", len(p.Digest) <= sha256.Size*2, "64 hexadecimal digits"},
	}
}

const wantPointers = "at most 100 JSON Pointers of at most 256 bytes"

func hypotheses() []Hypothesis {
	return []Hypothesis{WhetherEquivalent, WhetherNotWorse, WhetherBetter}
}

// DecodePlan reads a plan, a map of the wire domain, as the package comment specifies
// it. What it refuses is a problem.ComparisonMalformed with the pointer into doc;
// Complete refuses the rest. The plan keeps nothing of doc.
func DecodePlan(doc map[string]any) (Plan, error) {
	var p Plan
	members := p.members()
	for _, name := range slices.Sorted(maps.Keys(doc)) { // the same mistakes get the same answer
		i := slices.IndexFunc(members, func(m member) bool { return m.name == name })
		if i < 0 {
			return Plan{}, unknownMember(name, members)
		}
		if m := members[i]; !m.read(doc[name]) {
			return Plan{}, senseless(name, m.want, doc[name])
		}
	}
	for _, m := range p.members() {
		if v, given := doc[m.name]; given && m.absent {
			return Plan{}, senseless(m.name, m.want, v)
		}
	}
	return p, nil
}

func unknownMember(name string, members []member) error {
	var names []string
	for _, m := range members {
		names = append(names, m.name)
	}
	slices.Sort(names)
	at := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name) // RFC 6901, section 3
	if len(at) > longestPointer/4 {
		at = ""
	}
	return problem.New(problem.ComparisonMalformed, "%.80q is no member of a plan", name).At(at).Want("one of %s", strings.Join(names, ", "))
}

// read takes a value of the wire domain and reports whether the member can have it.
func (m member) read(v any) bool {
	text, isText := v.(string)
	whole, isWhole := wholeOf(v)
	number, isNumber := numberOf(v)
	switch to := m.to.(type) {
	case *string:
		*to = text
		return isText
	case *Hypothesis:
		*to = Hypothesis(text)
		return isText
	case *float64:
		*to = number
		return isNumber
	case *uint64:
		*to = uint64(max(whole, 0))
		return isWhole && whole >= 0
	case *int:
		*to = int(whole)
		return isWhole && whole >= 0 && whole <= math.MaxInt32
	case *orNone:
		*to = orNone(either(whole == 0, -1, whole))
		return isWhole && whole >= 0 && whole <= math.MaxInt32
	case *time.Duration:
		*to = either(number == 0, -1, durationOf(number))
		return isNumber && number >= 0 && *to != 0
	case *[]string:
		return readTexts(to, v)
	}
	return false // there is no other
}

// durationOf is nearest to so many seconds, beyond an hour a bit more than that.
func durationOf(seconds float64) time.Duration {
	return time.Duration(math.Round(min(seconds, 2*longestOpen.Seconds()) * float64(time.Second)))
}

func either[T any](ok bool, yes, no T) T {
	if ok {
		return yes
	}
	return no
}

func numberOf(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n + 0, true // one zero
	}
	return 0, false
}

// wholeOf takes 20.0 for 20: JSON has one kind of numbers.
func wholeOf(v any) (int64, bool) {
	if f, ok := v.(float64); ok {
		return int64(f), f == math.Trunc(f) && math.Abs(f) <= mostSeed
	}
	n, ok := v.(int64)
	return n, ok
}

func readTexts(to *[]string, v any) bool {
	list, ok := v.([]any)
	*to = nil
	for _, v := range list {
		s, isText := v.(string)
		*to, ok = append(*to, s), ok && isText
	}
	return ok
}

// now is what the field holds, as JSON has it.
func (m member) now() any {
	switch of := m.to.(type) {
	case *string:
		return *of
	case *Hypothesis:
		return string(*of)
	case *float64:
		return *of
	case *uint64:
		return *of
	case *int:
		return *of
	case *orNone:
		return max(*of, 0)
	case *time.Duration:
		return max(of.Seconds(), 0)
	case *[]string:
		return append([]string{}, *of...)
	}
	return nil // there is no other
}

// inWords shows a value to people, not more of it than fits a line.
func inWords(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%.80q", v)
	case []string:
		return strconv.Itoa(len(v)) + " entries"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprint(v)
}

// MarshalJSON writes the canonical text, if the plan is complete: the members in the
// order of the fields, without white space. UnmarshalJSON reads the same plan of it.
func (p Plan) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for _, m := range p.members() {
		if m.absent {
			continue
		}
		value, err := json.Marshal(m.now())
		if err != nil {
			return nil, err
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(b, `"`+m.name+`":`...), value...)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads a plan as strictly as DecodePlan.
func (p *Plan) UnmarshalJSON(text []byte) error {
	doc, err := wire.ParseJSONMap(text)
	if err != nil {
		return err
	}
	*p, err = DecodePlan(doc)
	return err
}

// canonical is the plan's one text and its hash.
func (p Plan) canonical() (json.RawMessage, string, error) {
	text, err := json.Marshal(p)
	sum := sha256.Sum256(text)
	return text, hex.EncodeToString(sum[:]), err
}
