package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/trust"
)

// envelopeSuffix is what an envelope's file adds to its artifact's name.
const envelopeSuffix = ".dsse"

type pushOptions struct {
	hold, dryRun bool
	rollout, now bool
	newBaseline  bool
	reason       string
	generation   int64
}

func (a *app) pushCommand() *cobra.Command {
	var o pushOptions
	c := &cobra.Command{
		Use:   "push FILE",
		Short: "Upload a signed release, validate it and serve it",
		Example: `  swapline push riskscore-1.2.0.wasm              upload, validate, switch
  swapline push riskscore-1.2.0.wasm --dry-run    validate only, keep nothing
  swapline push riskscore-1.2.0.wasm --rollout    it has to earn its traffic
  swapline push riskscore-1.2.0.so --hold         keep it ready for: swapline switch`,
		Long: `Uploads an artifact with the envelope beside it (FILE.dsse; either file may be
named). The server checks signature, policy, artifact, config and golden cases
before it switches; if anything is wrong the running release goes on.

With --rollout the release begins with a small share of the traffic (swapline rollout
--help). That is also what happens without it when the release's manifest has a
rollout policy, unless --now says otherwise. A first release serves at once.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf(c, "rollout", "now", "hold", "dry-run"); err != nil {
				return err
			}
			return a.push(c.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.hold, "hold", false, "accept the release without switching to it")
	f.BoolVar(&o.dryRun, "dry-run", false, "validate only; keep nothing")
	f.BoolVar(&o.rollout, "rollout", false, "begin a rollout instead of switching at once")
	f.BoolVar(&o.now, "now", false, "switch at once, also if the manifest has a rollout policy")
	f.BoolVar(&o.newBaseline, "new-baseline", false, "the release may have other methods than those before it, and later ones must be like it")
	f.StringVar(&o.reason, "reason", "", "`text` for the journal")
	generationFlag(c, &o.generation)
	return c
}

// generationFlag lets a script say on which generation it decided.
func generationFlag(c *cobra.Command, g *int64) {
	c.Flags().Int64Var(g, "if-generation", -1, "change only if the strategy is at this `generation`; default: whatever is served now")
}

func (a *app) push(ctx context.Context, file string, o pushOptions) error {
	artifact := strings.TrimSuffix(file, envelopeSuffix)
	envelope, err := readAtMost(artifact+envelopeSuffix, trust.MaxEnvelope)
	if err != nil {
		return usageError{fmt.Errorf("%w; sign the artifact first: swapline sign %s", err, artifact)}
	}
	strategy, err := claimedStrategy(envelope)
	if err != nil {
		return err
	}
	cl, err := a.client()
	if err != nil {
		return err
	}
	h := http.Header{}
	if !o.hold && !o.dryRun {
		if h, err = cl.precondition(ctx, strategy, o.generation); err != nil {
			return err
		}
	}
	out, err := a.send(ctx, cl, strategy, o, h, envelope, artifact)
	if err != nil {
		return err
	}
	return a.print(out, func(w io.Writer) { printOutcome(w, out) })
}

// claimedStrategy reads where a release wants to go. The server decides.
func claimedStrategy(envelope []byte) (string, error) {
	u, err := trust.ReadUnverified(envelope)
	if err != nil {
		return "", err
	}
	m, err := manifest.Decode(u.Payload)
	if err != nil {
		return "", err
	}
	return m.Name, nil
}

func (a *app) send(ctx context.Context, cl *client, strategy string, o pushOptions, h http.Header, envelope []byte, artifact string) (runtime.Outcome, error) {
	var out runtime.Outcome
	f, err := os.Open(artifact)
	if err != nil {
		return out, usageError{err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return out, err
	}
	head, tail, media, err := formAround(envelope, filepath.Base(artifact))
	if err != nil {
		return out, err
	}
	h.Set("Content-Type", media)
	h.Set("Expect", "100-continue")
	progress := a.uploading(info.Size(), filepath.Base(artifact))
	defer progress.stop()
	body := io.MultiReader(bytes.NewReader(head), io.TeeReader(f, progress), bytes.NewReader(tail))
	query := url.Values{"hold": {strconv.FormatBool(o.hold)}, "dry_run": {strconv.FormatBool(o.dryRun)}, "new_baseline": {strconv.FormatBool(o.newBaseline)}, "reason": {o.reason}}
	if o.rollout || o.now {
		query.Set("rollout", strconv.FormatBool(o.rollout))
	}
	h.Set("Prefer", "progress")
	_, answer, err := cl.do(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: progress.interim}), call{method: http.MethodPost, path: strategyPath(strategy, "releases") + "?" + query.Encode(),
		header: h, body: body, length: int64(len(head)) + info.Size() + int64(len(tail))})
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(answer, &out)
}

// formAround makes what stands before and after the artifact in an upload, so
// that the artifact is read from its file and the length is known beforehand.
func formAround(envelope []byte, name string) (head, tail []byte, media string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("envelope", name+envelopeSuffix)
	if err != nil {
		return nil, nil, "", err
	}
	if _, err := part.Write(envelope); err != nil {
		return nil, nil, "", err
	}
	if _, err := w.CreateFormFile("artifact", name); err != nil {
		return nil, nil, "", err
	}
	n := b.Len()
	if err := w.Close(); err != nil {
		return nil, nil, "", err
	}
	return b.Bytes()[:n:n], b.Bytes()[n:], w.FormDataContentType(), nil
}
