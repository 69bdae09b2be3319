package rebind

import (
	"reflect"
	"strings"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

// host is the owner of the host's points, and so no strategy's word.
const host = "host"

// maxWord is the greatest length of what follows the owner in a name.
const maxWord = 64

func (r *Release) label() string {
	if r.Strategy == "" {
		return "the host"
	}
	return r.Strategy + "@" + r.Version
}

// check applies the rules that depend on nobody else.
func (r *Release) check() error {
	seen := map[string]bool{}
	for i, e := range r.Points {
		if !genuine(e) {
			return problem.New(problem.RebindMalformed, "point %d of %s was not made by abi.NewPoint", i, r.label()).
				Cure("expose the variables themselves, as in []abi.Exposed{Fee, Limit}")
		}
		if err := r.checkName(e.Name()); err != nil {
			return err
		}
		if err := r.checkOne(seen, "exposes", e.Name(), e.Original()); err != nil {
			return err
		}
	}
	seen = map[string]bool{}
	for i, b := range r.Bindings {
		if b.Value() == nil {
			return problem.New(problem.RebindMalformed, "binding %d of %s was not made by abi.Bind", i, r.label()).Cure("use abi.Bind(name, value)")
		}
		if err := r.checkOne(seen, "binds", b.Name(), b.Value()); err != nil {
			return err
		}
	}
	return nil
}

// genuine: an Exposed can also be something that only contains a point.
func genuine(e abi.Exposed) bool {
	v := reflect.ValueOf(e)
	return v.Kind() == reflect.Pointer && !v.IsNil() && e.Name() != ""
}

func (r *Release) checkName(name string) error {
	owner := r.Strategy
	if owner == "" {
		owner = host
	} else if owner == host {
		return problem.New(problem.RebindName, "a strategy called %s cannot expose points: the host's own have that prefix", host).
			Cure("publish it under another name")
	}
	word, ok := strings.CutPrefix(name, owner+".")
	if !ok || !isWord(word) {
		return problem.New(problem.RebindName, "%s exposes a point under a name that is not its own", r.label()).
			Want("%s. and 1 to %d of a-z 0-9 _ -", owner, maxWord).Got("%.200q", name).Cure("rename the point")
	}
	return nil
}

func isWord(s string) bool {
	return len(s) >= 1 && len(s) <= maxWord && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

func (r *Release) checkOne(seen map[string]bool, does, name string, value any) error {
	if seen[name] {
		return problem.New(problem.RebindDuplicate, "%s %s %.200s twice", r.label(), does, name).Cure("leave one of them out")
	}
	seen[name] = true
	v := reflect.ValueOf(value).Elem()
	if (v.Kind() == reflect.Func || v.Kind() == reflect.Interface) && v.IsNil() {
		return problem.New(problem.RebindNil, "%s %s %.200s with nil, which whoever calls it would not survive", r.label(), does, name).
			Want("a value of type %s", Spell(v.Type())).Got("nil").Cure("supply a function that does nothing, or leave the point alone")
	}
	return nil
}
