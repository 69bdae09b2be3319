package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/trust"
)

type policyOptions struct {
	key, out string
	add      bool
}

func (a *app) policyCommand() *cobra.Command {
	var o policyOptions
	c := &cobra.Command{
		Use:   "policy [FILE]",
		Short: "Show the trust policy, or sign a new one",
		Example: `  swapline policy > policy.json                      what is in force, to be edited
  swapline policy policy.json                        sign it with the development key
  swapline policy policy.json --key root-a.pem --out policy.dsse
  swapline policy policy.json --key root-b.pem --out policy.dsse --add`,
		Long: `Without FILE it prints the policy document of the data folder as JSON. With FILE
it checks the document, signs it as a root key and writes the envelope, by
default to trust/policy.dsse in the data folder, where the server adopts it at its
next start if its version is higher than the one in force.

The document says whose signatures count, which capabilities strategies may use
(docs/capabilities.md) and which engines releases may name.

--add puts one more signature on an envelope that exists, for a root role with a
threshold.`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.showPolicy()
			}
			return a.signPolicy(args[0], o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.key, "key", "", "private root key `file`; default: the data folder's development key")
	f.StringVar(&o.out, "out", "", "envelope `file`; default: trust/policy.dsse in the data folder")
	f.BoolVar(&o.add, "add", false, "add a signature to the envelope that exists")
	return c
}

func (a *app) showPolicy() error {
	p, err := a.readPolicy("", time.Now())
	if err != nil {
		return err
	}
	doc := p.Document()
	text, err := doc.Encode()
	if err != nil {
		return err
	}
	return a.print(json.RawMessage(text), func(w io.Writer) {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(json.RawMessage(text)) // output to a person
	})
}

// signedPolicy is what policy prints of a new envelope.
type signedPolicy struct {
	Envelope string          `json:"envelope"`
	Digest   manifest.Digest `json:"digest"`
	Version  int64           `json:"version"`
	Key      string          `json:"key"`
}

func (a *app) signPolicy(path string, o policyOptions) error {
	if o.out == "" {
		o.out = dataFolder(a.data).path("trust", "policy.dsse")
	}
	text, err := readAtMost(path, trust.MaxPolicy)
	if err != nil {
		return usageError{err}
	}
	doc, err := trust.DecodePolicy(text)
	if err != nil {
		return err
	}
	payload, err := doc.Encode()
	if err != nil {
		return err
	}
	key, err := a.signingKey(o.key)
	if err != nil {
		return err
	}
	envelope, digest, err := sealPolicy(payload, key, o)
	if err != nil {
		return err
	}
	if err := writePublic(o.out, envelope); err != nil {
		return err
	}
	out := signedPolicy{Envelope: o.out, Digest: digest, Version: doc.Version, Key: key.ID()}
	return a.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "signed policy version %d (%s) with key %s\n  envelope %s\n", out.Version, out.Digest.Short(), out.Key, out.Envelope)
		fmt.Fprintf(w, "next: restart the server; it adopts the policy if the root keys in force signed it\n")
	})
}

// sealPolicy signs, or adds a signature to an envelope of the same document.
func sealPolicy(payload []byte, key trust.Key, o policyOptions) ([]byte, manifest.Digest, error) {
	envelope, err := trust.Sign(trust.PayloadType, payload, key)
	if err != nil {
		return nil, "", err
	}
	u, err := trust.ReadUnverified(envelope)
	if err != nil || !o.add {
		return envelope, u.Digest, err
	}
	old, err := readAtMost(o.out, trust.MaxEnvelope)
	if err != nil {
		return nil, "", usageError{fmt.Errorf("%w; --add needs an envelope that exists", err)}
	}
	there, err := trust.ReadUnverified(old)
	if err != nil {
		return nil, "", err
	}
	if there.Digest != u.Digest {
		return nil, "", usageError{fmt.Errorf("%s holds another document than %s", o.out, u.Digest.Short())}
	}
	envelope, err = trust.AddSignature(old, key)
	return envelope, u.Digest, err
}
