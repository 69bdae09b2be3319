package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/trust"
)

func (a *app) keygenCommand() *cobra.Command {
	var name, keeper string
	c := &cobra.Command{
		Use:   "keygen --name NAME",
		Short: "Generate a signing key",
		Example: `  swapline keygen --name alice
  swapline keygen --name release-bot --custodian ci@example.com
  swapline sign dist/risk-1.2.0.wasm --key ~/.local/share/swapline/keys/alice.pem`,
		Long: `Generates an ed25519 key. The private part goes to keys/NAME.pem in the data
folder, readable by you alone, the public part, for a trust policy, to
keys/NAME.pub. A key that exists is never overwritten.

The custodian is the person or system that keeps the key. Thresholds of a policy
count distinct custodians: two keys of one custodian are one voice.

For a single developer no key is needed: swapline serve and swapline sign
generate one (development.pem) together with a policy that trusts it.`,
		Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return a.keygen(name, keeper) },
	}
	c.Flags().StringVar(&name, "name", "", "`name` of the key's files")
	c.Flags().StringVar(&keeper, "custodian", "", "who keeps the key; default: the name")
	return c
}

// generated is what keygen prints.
type generated struct {
	ID        string `json:"id"`
	Custodian string `json:"custodian"`
	Private   string `json:"private"`
	Public    string `json:"public"`
}

func (a *app) keygen(name, keeper string) error {
	if !manifest.ValidName(name) {
		return usageError{fmt.Errorf("--name must be 1 to 64 of a-z 0-9 . _ - beginning with a letter or digit, got %q", name)}
	}
	if keeper == "" {
		keeper = name
	}
	data := dataFolder(a.data)
	if err := data.prepare(); err != nil {
		return err
	}
	key, err := trust.GenerateKey(keeper)
	if err != nil {
		return err
	}
	out := generated{ID: key.ID(), Custodian: keeper,
		Private: data.path("keys", name+".pem"), Public: data.path("keys", name+".pub")}
	if err := writeKey(key, out.Private, out.Public); err != nil {
		return err
	}
	return a.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "key %s, kept by %s\n  private %s\n  public  %s\n", out.ID, out.Custodian, out.Private, out.Public)
	})
}

// writeKey writes both parts, the private one first and only if it is new.
func writeKey(key trust.Key, private, public string) error {
	secret, err := key.MarshalPEM()
	if err != nil {
		return err
	}
	open, err := key.Public().MarshalPEM()
	if err != nil {
		return err
	}
	if err := writeNew(private, secret, 0o600); err != nil {
		return err
	}
	return writeNew(public, open, 0o644)
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, b []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return usageError{fmt.Errorf("%s exists already and is kept as it is", path)}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
