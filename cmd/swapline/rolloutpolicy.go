package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// rolloutPolicyOptions are the flags of rollout policy.
type rolloutPolicyOptions struct {
	set              string
	unset, byDefault bool
	revision         int64
}

func (a *app) rolloutPolicyCommand() *cobra.Command {
	var o rolloutPolicyOptions
	c := &cobra.Command{
		Use:   "policy STRATEGY",
		Short: "Show or set the policy of a strategy's next rollout",
		Example: `  swapline rollout policy riskscore                    what holds, and where it comes from
  swapline rollout policy --default > policy.json      a policy to begin with; needs no server
  swapline rollout policy riskscore --set policy.json
  swapline rollout policy riskscore --unset            back to the manifest's, or the default`,
		Long: `The first of these holds: the policy given to swapline rollout start, the one that
was set here, the member "rollout" of the release's manifest, the default. A rollout
that has begun keeps the policy that it began with; breaker and recording follow at
once. A file is checked before anything is sent; an error names the member.`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf(c, "set", "unset", "default"); err != nil {
				return err
			}
			if o.byDefault {
				return a.printDefaultPolicy()
			}
			if len(args) == 0 {
				return usageError{errors.New("which strategy? usage: swapline rollout policy STRATEGY")}
			}
			return a.rolloutPolicy(c.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.set, "set", "", "JSON `file` that becomes the policy; - reads standard input")
	f.BoolVar(&o.unset, "unset", false, "take the policy that was set here away")
	f.BoolVar(&o.byDefault, "default", false, "print the policy that holds where nobody says otherwise")
	f.Int64Var(&o.revision, "if-revision", -1, "change only if the policy is at this `revision`; default: whatever it is now")
	return c
}

func (a *app) printDefaultPolicy() error {
	_, err := fmt.Fprintf(a.stdout, "%s\n", indented(rollout.Default().Encode()))
	return err
}

// indented lays JSON out for people.
func indented(text []byte) []byte {
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") != nil {
		return text
	}
	return b.Bytes()
}

func (a *app) rolloutPolicy(ctx context.Context, strategy string, o rolloutPolicyOptions) error {
	var text json.RawMessage
	var err error
	if o.set != "" {
		if text, err = a.policyText(o.set); err != nil {
			return err
		}
	}
	cl, err := a.client()
	if err != nil {
		return err
	}
	var p runtime.StrategyPolicy
	path := strategyPath(strategy, "rollout-policy")
	res, err := cl.getJSON(ctx, path, &p)
	if err != nil {
		return err
	}
	h := http.Header{"If-Match": {res.Header.Get("ETag")}}
	if o.revision >= 0 {
		h.Set("If-Match", etagOf(o.revision))
	}
	switch {
	case text != nil:
		err = cl.sendJSON(ctx, http.MethodPut, path, h, text, &p)
	case o.unset:
		err = cl.deletePolicy(ctx, path, h, &p)
	}
	if err != nil {
		return err
	}
	return a.print(p, func(w io.Writer) { printPolicy(w, p) })
}

// deletePolicy takes the operator's policy away; p becomes what holds instead.
func (c *client) deletePolicy(ctx context.Context, path string, h http.Header, p *runtime.StrategyPolicy) error {
	_, answer, err := c.do(ctx, call{method: http.MethodDelete, path: path, header: h})
	if err != nil {
		return err
	}
	*p = runtime.StrategyPolicy{}
	return json.Unmarshal(answer, p)
}

func printPolicy(w io.Writer, p runtime.StrategyPolicy) {
	fmt.Fprintf(w, "%s: %s", p.Strategy, policyOf(p.Of))
	if p.Revision > 0 {
		fmt.Fprintf(w, ", revision %d", p.Revision)
	}
	if !p.Changed.IsZero() {
		fmt.Fprintf(w, ", since %s", stamp(p.Changed))
	}
	if p.Actor != "" {
		fmt.Fprintf(w, " by %s", oneLine(p.Actor))
	}
	fmt.Fprintf(w, "\n%s\n", indented(p.Policy))
}

// policyText reads and checks a policy from a file or standard input.
func (a *app) policyText(file string) (json.RawMessage, error) {
	if file != "-" {
		return checkedPolicy(file)
	}
	b, err := io.ReadAll(io.LimitReader(a.stdin, maxPolicy+1))
	if err != nil {
		return nil, err
	}
	return parsedPolicy("standard input", b)
}

// maxPolicy bounds a policy's file in bytes.
const maxPolicy = 1 << 20

// checkedPolicy reads a policy and checks it as the server would, so that a
// mistake is found where the file is.
func checkedPolicy(file string) (json.RawMessage, error) {
	b, err := readAtMost(file, maxPolicy)
	if err != nil {
		return nil, usageError{err}
	}
	return parsedPolicy(file, b)
}

func parsedPolicy(name string, b []byte) (json.RawMessage, error) {
	doc, err := wire.ParseJSONMap(b)
	if err != nil {
		return nil, problem.New(problem.RolloutPolicyMalformed, "%s is no policy: %w", name, err)
	}
	if err := checkPolicy(name, "", doc); err != nil {
		return nil, err
	}
	return b, nil
}

// checkPolicy reports the first member that package rollout does not understand.
// at is the pointer of the policy in what is called name.
func checkPolicy(name, at string, doc map[string]any) error {
	_, err := rollout.Decode(doc)
	return malformed(err, problem.RolloutPolicyMalformed, name, at)
}

// malformed gives what package rollout or experiment refuses about a document its code
// and place.
func malformed(err error, code problem.Code, name, at string) error {
	var m *rollout.Malformed
	if !errors.As(err, &m) {
		return err
	}
	p := problem.New(code, "%s: %s", name, m.Text).At(at + m.Pointer)
	p.Expected, p.Found, p.Remedy = m.Want, m.Got, m.Cure
	return p
}
