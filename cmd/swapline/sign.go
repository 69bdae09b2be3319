package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/trust"
)

type signOptions struct {
	key, source, out string
	previous         string
	validFor         time.Duration
	sequence         int64
	add              bool
}

func (a *app) signCommand() *cobra.Command {
	var o signOptions
	c := &cobra.Command{
		Use:   "sign ARTIFACT",
		Short: "Sign an artifact with what strategy.json states about it",
		Example: `  swapline sign dist/risk-1.2.0.wasm                     with the development key
  swapline sign dist/risk-1.2.0.wasm --key keys/alice.pem --valid-for 720h
  swapline sign dist/risk-1.2.0.wasm --key keys/bob.pem --add    the approver's signature`,
		Long: `Makes the release's manifest from strategy.json and the artifact's digest, checks
it and writes it, signed, to ARTIFACT.dsse. Without --key the development key of
the data folder signs; it is generated, with a policy that trusts it, if there is
none. Without --sequence the time in milliseconds is the sequence, so a release
that is signed later counts as newer.

--add puts one more signature on an envelope that exists, for policies that ask
for an approver. It changes nothing else. Look at the release before you approve
it: swapline inspect ARTIFACT.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error { return a.sign(args[0], o) },
	}
	f := c.Flags()
	f.StringVar(&o.key, "key", "", "private key `file`; default: the data folder's development key")
	f.StringVar(&o.source, "source", "", "strategy.json `file`; default: the one that swapline build put beside the artifact")
	f.StringVar(&o.out, "out", "", "envelope `file`; default: ARTIFACT.dsse")
	f.StringVar(&o.previous, "previous", "", "payload `digest` of the release that this one must follow")
	f.DurationVar(&o.validFor, "valid-for", 8760*time.Hour, "`time` until the release expires")
	f.Int64Var(&o.sequence, "sequence", 0, "sequence `number`, higher than that of all earlier releases; default: Unix milliseconds")
	f.BoolVar(&o.add, "add", false, "add a signature to the envelope that exists")
	return c
}

// signed is what sign prints.
type signed struct {
	Envelope  string          `json:"envelope"`
	Digest    manifest.Digest `json:"digest"`
	Name      string          `json:"name"`
	Version   string          `json:"version"`
	Kind      manifest.Kind   `json:"kind"`
	Sequence  int64           `json:"sequence"`
	Expires   time.Time       `json:"expires"`
	Key       string          `json:"key"`
	Custodian string          `json:"custodian"`
	artifact  string
}

func (a *app) sign(path string, o signOptions) error {
	if o.out == "" {
		o.out = path + envelopeSuffix
	}
	if o.source == "" {
		o.source = besideArtifact(path)
	}
	key, err := a.signingKey(o.key)
	if err != nil {
		return err
	}
	file, err := readArtifact(path)
	if err != nil {
		return err
	}
	seal := newEnvelope
	if o.add {
		seal = addedEnvelope
	}
	envelope, m, err := seal(file, key, o)
	if err != nil {
		return err
	}
	if err := writePublic(o.out, envelope); err != nil {
		return err
	}
	return a.printSigned(envelope, m, key, o.out, path)
}

// writePublic replaces a file that others may read: an envelope is no secret.
func writePublic(path string, b []byte) error {
	if err := replace(path, b); err != nil {
		return err
	}
	return os.Chmod(path, 0o644)
}

// signingKey reads the named key, or finds or makes the development key.
func (a *app) signingKey(path string) (trust.Key, error) {
	if path == "" {
		data := dataFolder(a.data)
		if err := data.prepare(); err != nil {
			return trust.Key{}, err
		}
		if err := data.bootstrapTrust(time.Now()); err != nil {
			return trust.Key{}, err
		}
		return data.developmentKey()
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return trust.Key{}, usageError{err}
	}
	return trust.ParseKey(text)
}

// newEnvelope makes and signs a manifest.
func newEnvelope(file artifact, key trust.Key, o signOptions) ([]byte, *manifest.Manifest, error) {
	s, err := readSource(o.source)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.complete(file, o, time.Now())
	if err != nil {
		return nil, nil, err
	}
	payload, err := m.Encode()
	if err != nil {
		return nil, nil, err
	}
	envelope, err := trust.Sign(manifest.PayloadType, payload, key)
	return envelope, m, err
}

// complete adds what the author does not state. The manifest is checked.
func (s source) complete(file artifact, o signOptions, now time.Time) (*manifest.Manifest, error) {
	millis := now.UnixMilli()
	now = now.UTC().Truncate(time.Second)
	if o.sequence == 0 {
		o.sequence = millis
	}
	if o.validFor < time.Second {
		return nil, usageError{fmt.Errorf("--valid-for must be one second or more, got %s", o.validFor)}
	}
	doc := maps.Clone(map[string]any(s))
	doc["kind"] = string(file.Kind)
	doc["artifact"] = map[string]any{"sha256": string(file.SHA256), "size": file.Size}
	doc["abi_version"] = int64(abi.Version)
	doc["sequence"] = o.sequence
	doc["issued"] = now.Format(time.RFC3339)
	doc["expires"] = now.Add(o.validFor).Truncate(time.Second).Format(time.RFC3339)
	if o.previous != "" {
		doc["previous"] = o.previous
	}
	return manifest.FromMap(doc)
}

// addedEnvelope adds a signature, after a look at what is being signed.
func addedEnvelope(file artifact, key trust.Key, o signOptions) ([]byte, *manifest.Manifest, error) {
	old, err := os.ReadFile(o.out)
	if err != nil {
		return nil, nil, usageError{fmt.Errorf("%w; --add needs an envelope that exists", err)}
	}
	m, err := unverifiedManifest(old)
	if err != nil {
		return nil, nil, err
	}
	if err := sameArtifact(m, file); err != nil {
		return nil, nil, err
	}
	envelope, err := trust.AddSignature(old, key)
	return envelope, m, err
}

// unverifiedManifest reads what an envelope claims.
func unverifiedManifest(envelope []byte) (*manifest.Manifest, error) {
	u, err := trust.ReadUnverified(envelope)
	if err != nil {
		return nil, err
	}
	if u.PayloadType != manifest.PayloadType {
		return nil, problem.New(problem.EnvelopeType, "the envelope holds no manifest").
			Want("payload type %s", manifest.PayloadType).Got("%q", u.PayloadType)
	}
	return manifest.Decode(u.Payload)
}

// sameArtifact compares an artifact with what a manifest says of it.
func sameArtifact(m *manifest.Manifest, file artifact) error {
	switch {
	case m.Artifact.SHA256 != file.SHA256:
		return problem.New(problem.DigestMismatch, "%s is not the artifact that was signed", file.Path).
			Want("%s", m.Artifact.SHA256).Got("%s", file.SHA256).Cure("sign the artifact again, or take the one that belongs to the envelope")
	case m.Artifact.Size != file.Size:
		return problem.New(problem.SizeMismatch, "%s has another size than the manifest says", file.Path).
			Want("%d", m.Artifact.Size).Got("%d", file.Size)
	case m.Kind != file.Kind:
		return problem.New(problem.KindMismatch, "%s is of another kind than the manifest says", file.Path).
			Want("%s", m.Kind).Got("%s", file.Kind)
	}
	return nil
}

func (a *app) printSigned(envelope []byte, m *manifest.Manifest, key trust.Key, out, path string) error {
	u, err := trust.ReadUnverified(envelope)
	if err != nil {
		return err
	}
	s := signed{Envelope: out, Digest: u.Digest, Name: m.Name, Version: m.Version, Kind: m.Kind, Sequence: m.Sequence,
		Expires: m.Expires, Key: key.ID(), Custodian: key.Custodian(), artifact: path}
	return a.print(s, func(w io.Writer) {
		fmt.Fprintf(w, "signed %s@%s (%s, %s) with key %s of %s\n", s.Name, s.Version, s.Kind, s.Digest.Short(), s.Key, s.Custodian)
		fmt.Fprintf(w, "  envelope %s\n  sequence %d\n  expires  %s\n", s.Envelope, s.Sequence, stamp(s.Expires))
		if s.Envelope == s.artifact+envelopeSuffix {
			fmt.Fprintf(w, "next: swapline push %s\n", s.artifact)
		}
	})
}
