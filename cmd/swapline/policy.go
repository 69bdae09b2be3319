package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/trust"
)

// openPolicy finds the trust policy in force. The first one is the pinned one,
// and is generated with a key if the folder has none. Later the store knows what
// was accepted, and trust/policy.dsse is adopted if it is a valid successor. A
// file that is neither stops the start: it may be a revocation, and serving on
// without it would be the wrong guess.
func (d dataFolder) openPolicy(ctx context.Context, s store.Store, now time.Time, log *slog.Logger) (*trust.Policy, error) {
	if err := d.bootstrapTrust(now); err != nil {
		return nil, err
	}
	accepted, err := s.Policy(ctx)
	if err != nil {
		return nil, err
	}
	offered, err := os.ReadFile(d.path("trust", "policy.dsse"))
	if err != nil {
		return nil, storeProblem(err)
	}
	if accepted == nil {
		return d.firstPolicy(ctx, s, offered, now)
	}
	current, err := reopenPolicy(accepted, now)
	if err != nil {
		return nil, err
	}
	return successor(ctx, s, current, offered, now, log)
}

// firstPolicy accepts the pinned policy.
func (d dataFolder) firstPolicy(ctx context.Context, s store.Store, offered []byte, now time.Time) (*trust.Policy, error) {
	pin, err := os.ReadFile(d.path("trust", "pin"))
	if err != nil {
		return nil, storeProblem(err)
	}
	p, err := trust.OpenPolicy(offered, manifest.Digest(strings.TrimSpace(string(pin))), now)
	if err != nil {
		return nil, err
	}
	return p, s.SetPolicy(ctx, offered)
}

// reopenPolicy opens what the store accepted earlier; the store's own record is
// the pin.
func reopenPolicy(accepted []byte, now time.Time) (*trust.Policy, error) {
	u, err := trust.ReadUnverified(accepted)
	if err != nil {
		return nil, err
	}
	return trust.OpenPolicy(accepted, u.Digest, now)
}

// successor adopts the offered policy unless it is the current one.
func successor(ctx context.Context, s store.Store, current *trust.Policy, offered []byte, now time.Time, log *slog.Logger) (*trust.Policy, error) {
	u, err := trust.ReadUnverified(offered)
	if err != nil {
		return nil, err
	}
	if u.Digest == current.Digest() {
		return current, nil
	}
	next, err := trust.Adopt(current, offered, now)
	if err != nil {
		return nil, err
	}
	if err := s.SetPolicy(ctx, offered); err != nil {
		return nil, err
	}
	log.InfoContext(ctx, "trust policy adopted", "version", next.Version(), "digest", next.Digest())
	return next, nil
}

// bootstrapTrust generates the single-developer policy if there is no folder
// trust. The folder appears complete or not at all.
func (d dataFolder) bootstrapTrust(now time.Time) error {
	_, err := os.Stat(d.path("trust"))
	if !errors.Is(err, fs.ErrNotExist) {
		return storeProblem(err)
	}
	key, err := d.developmentKey()
	if err != nil {
		return err
	}
	envelope, err := developmentPolicy(key, now)
	if err != nil {
		return err
	}
	u, err := trust.ReadUnverified(envelope)
	if err != nil {
		return err
	}
	return d.installTrust(envelope, u.Digest)
}

func developmentPolicy(key trust.Key, now time.Time) ([]byte, error) {
	doc := trust.DevelopmentPolicy(key, now)
	payload, err := doc.Encode()
	if err != nil {
		return nil, err
	}
	return trust.Sign(trust.PayloadType, payload, key)
}

func (d dataFolder) installTrust(envelope []byte, pin manifest.Digest) error {
	dir, err := os.MkdirTemp(d.path(), ".trust-*")
	if err != nil {
		return storeProblem(err)
	}
	defer os.RemoveAll(dir)
	files := dataFolder(dir)
	if err := replace(files.path("policy.dsse"), envelope); err != nil {
		return storeProblem(err)
	}
	if err := replace(files.path("pin"), []byte(string(pin)+"\n")); err != nil {
		return storeProblem(err)
	}
	return storeProblem(os.Rename(dir, d.path("trust")))
}

// explain says what to do about a policy that stops the start.
func explain(err error) error {
	var p *problem.Error
	if errors.As(err, &p) && p.Remedy == "" {
		return p.Cure("put the policy in force back into trust/policy.dsse, or a valid successor of it")
	}
	return err
}
