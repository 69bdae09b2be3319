package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/trust"
)

type verifyOptions struct {
	policy, envelope   string
	strategy, audience string
}

func (a *app) verifyCommand() *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:   "verify ARTIFACT",
		Short: "Check an artifact and its envelope against a trust policy",
		Example: `  swapline verify dist/risk-1.2.0.wasm                    against the data folder's policy
  swapline verify dist/risk-1.2.0.wasm --policy prod-policy.dsse --audience prod
  swapline verify dist/risk-1.2.0.wasm && echo fine       exit code 3 when refused`,
		Long: `Makes the checks that a server makes before it reads an artifact: signatures,
roles and threshold, revocations, strategy name, audience, validity, digest and
size. It runs nothing and asks no server, so it cannot know whether a release
with a higher sequence was active already.

The policy file is taken as yours: a server would also compare it with the policy
it has pinned or accepted.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error { return a.verify(args[0], o) },
	}
	f := c.Flags()
	f.StringVar(&o.policy, "policy", "", "trust policy `file`; default: trust/policy.dsse in the data folder")
	f.StringVar(&o.envelope, "envelope", "", "envelope `file`; default: ARTIFACT.dsse")
	f.StringVar(&o.strategy, "strategy", "", "`name` that the release must carry; default: any the policy allows")
	f.StringVar(&o.audience, "audience", "", "`environment` that would run it")
	return c
}

// verdict is what verify prints.
type verdict struct {
	Verified   bool            `json:"verified"`
	Digest     manifest.Digest `json:"digest"`
	Name       string          `json:"name"`
	Version    string          `json:"version"`
	Policy     manifest.Digest `json:"policy"`
	Statements []statement     `json:"statements"`
}

// statement is one thing that holds.
type statement struct {
	Check string `json:"check"`
	Fact  string `json:"fact"`
}

func (a *app) verify(path string, o verifyOptions) error {
	if o.envelope == "" {
		o.envelope = path + envelopeSuffix
	}
	now := time.Now()
	policy, err := a.readPolicy(o.policy, now)
	if err != nil {
		return err
	}
	envelope, err := readAtMost(o.envelope, trust.MaxEnvelope)
	if err != nil {
		return usageError{err}
	}
	v, err := trust.Open(policy, envelope, trust.Context{Now: now, Strategy: o.strategy, Audience: o.audience, HostVersion: hostVersion})
	if err != nil {
		return err
	}
	file, err := readArtifact(path)
	if err != nil {
		return err
	}
	if err := sameArtifact(v.Manifest(), file); err != nil {
		return err
	}
	out := verdictOf(v, policy, file)
	return a.print(out, func(w io.Writer) { out.print(w) })
}

// readPolicy reads a policy that the user vouches for by naming it or keeping it
// in the data folder.
func (a *app) readPolicy(path string, now time.Time) (*trust.Policy, error) {
	if path == "" {
		path = dataFolder(a.data).path("trust", "policy.dsse")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, problem.New(problem.PolicyMissing, "there is no trust policy: %w", err).
			Cure("name one with --policy, or sign something: that generates a key and a policy")
	}
	if err != nil {
		return nil, err
	}
	return reopenPolicy(text, now)
}

func verdictOf(v trust.Verified, p *trust.Policy, file artifact) verdict {
	m := v.Manifest()
	out := verdict{Verified: true, Digest: v.Digest(), Name: m.Name, Version: m.Version, Policy: p.Digest()}
	say := func(check, format string, args ...any) {
		out.Statements = append(out.Statements, statement{check, fmt.Sprintf(format, args...)})
	}
	say("signatures", "%s, as policy version %d (%s) asks", strings.Join(v.Keys(), ", "), p.Version(), p.Digest().Short())
	say("release", "%s@%s, sequence %d, payload %s", m.Name, m.Version, m.Sequence, v.Digest())
	say("artifact", "%s, %s, %s", file.Kind, bytesText(file.Size), file.SHA256)
	say("validity", "%s, issued %s", validity(m), m.Issued.Format(time.RFC3339))
	say("audience", "%s", orWord(strings.Join(m.Audience, ", "), "any"))
	say("methods", "%s", strings.Join(m.Methods, ", "))
	say("capabilities", "%s", orWord(strings.Join(m.Capabilities, ", "), "none"))
	say("golden cases", "%d, not run", len(m.Golden))
	return out
}

func validity(m *manifest.Manifest) string {
	until := "until " + m.Expires.Format(time.RFC3339)
	if m.NotBefore.IsZero() {
		return until
	}
	return "from " + m.NotBefore.Format(time.RFC3339) + " " + until
}

func orWord(s, word string) string {
	if s == "" {
		return word
	}
	return s
}

func (v verdict) print(w io.Writer) {
	for _, s := range v.Statements {
		fmt.Fprintf(w, "ok  %-12s  %s\n", s.Check, s.Fact)
	}
}
