package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/server"
)

// hostView is the answer of GET /v1/host, as far as people ask for it.
type hostView struct {
	Version    string           `json:"version"`
	GoVersion  string           `json:"go_version"`
	OS         string           `json:"os"`
	Arch       string           `json:"arch"`
	Audience   string           `json:"audience,omitempty"`
	Started    time.Time        `json:"started"`
	Strategies int              `json:"strategies"`
	PID        int              `json:"pid"`
	Resident   server.Residents `json:"resident"`
}

func (a *app) hostCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "host",
		Short: "Show the server's process and the plugins that it holds",
		Example: `  swapline host
  swapline host --json`,
		Long: `A native plugin stays in the process until that ends, also when its release is
retired. MEMORY is by how much the process grew when the plugin was opened.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return a.showHost(c.Context()) },
	}
}

func (a *app) showHost(ctx context.Context) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	var h hostView
	if _, err := cl.getJSON(ctx, "/v1/host", &h); err != nil {
		return err
	}
	return a.print(h, func(w io.Writer) { h.print(w) })
}

func (h hostView) print(w io.Writer) {
	t := newTable(w)
	t.row("version", fmt.Sprintf("%s, %s %s/%s", h.Version, h.GoVersion, h.OS, h.Arch))
	t.row("process", fmt.Sprintf("%d, since %s", h.PID, stamp(h.Started)))
	t.row("strategies", h.Strategies)
	r := h.Resident
	t.row("plugins", fmt.Sprintf("%d of at most %d, %s; the process renews itself at %s", r.Count, r.Limit, bytesText(r.MemoryBytes), renewText(r.RenewAt)))
	if r.Degraded != "" {
		t.row("degraded", r.Degraded)
	}
	t.flush()
	if len(r.Items) == 0 {
		return
	}
	fmt.Fprintln(w)
	t = newTable(w, "PLUGIN", "VERSION", "USE", "MEMORY", "FILE", "OPENED", "IMPORT PATH")
	for _, p := range r.Items {
		t.row(p.Strategy, p.Version, p.Use, bytesText(p.MemoryBytes), bytesText(p.FileBytes), stamp(p.Opened), p.ImportPath)
	}
	t.flush()
}

func renewText(at int) string {
	if at == 0 {
		return "no number"
	}
	return fmt.Sprint(at)
}

func (a *app) renewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "renew",
		Short: "Replace the server's process, without a failed request",
		Example: `  swapline renew
  swapline host      shows what the new process holds`,
		Long: `Starts a new process of the same command line that takes over the socket, the
state and all releases. Retired native plugins are gone then. Changes are refused
meanwhile; executions go on. If the new process would not serve all that the old
one does, the old one goes on and the command says why.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return a.renewHost(c.Context()) },
	}
}

func (a *app) renewHost(ctx context.Context) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	_, b, err := cl.do(ctx, call{method: http.MethodPost, path: "/v1/host/renew"})
	if err != nil {
		return err
	}
	var r server.Renewal
	if err := json.Unmarshal(b, &r); err != nil {
		return err
	}
	return a.print(r, func(w io.Writer) {
		fmt.Fprintf(w, "process %d serves; plugins: %d before, %d now\nchanges were refused for %s, executions waited for %s\n",
			r.PID, r.ResidentBefore, r.ResidentAfter, r.Steady.Round(time.Millisecond), r.Held.Round(10*time.Microsecond))
	})
}
