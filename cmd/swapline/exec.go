package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) execCommand() *cobra.Command {
	var headers bool
	var send []string
	c := &cobra.Command{
		Use:   "exec STRATEGY [JSON | @FILE | -]",
		Short: "Execute a strategy once and print its answer",
		Example: `  swapline exec riskscore '{"amount": 129900, "currency": "EUR"}'
  swapline exec riskscore @payment.json --headers
  swapline exec riskscore @payment.json -H 'X-Customer: c-17'    as this customer, in a rollout
  echo '{"amount": 5}' | swapline exec riskscore -`,
		Long: `Prints the strategy's output object on standard output. A strategy that says no
is an error: its code and message go to standard error and the exit code is 1.`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			return a.exec(c.Context(), args[0], append(args[1:], "{}")[0], send, headers)
		},
	}
	c.Flags().StringArrayVarP(&send, "header", "H", nil, "`NAME: VALUE` to send, for policies that keep callers on a release by a header; may be repeated")
	c.Flags().BoolVar(&headers, "headers", false, "also print on standard error which release answered")
	return c
}

func (a *app) exec(ctx context.Context, strategy, arg string, send []string, headers bool) error {
	input, err := a.input(arg)
	if err != nil {
		return err
	}
	header, err := headerOf(send)
	if err != nil {
		return err
	}
	header.Set("Content-Type", "application/json")
	cl, err := a.client()
	if err != nil {
		return err
	}
	res, body, err := cl.do(ctx, call{method: http.MethodPost, path: strategyPath(strategy, "execute"),
		header: header, body: bytes.NewReader(input)})
	if headers && res != nil {
		printServedBy(a.stderr, res.Header)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s\n", bytes.TrimSpace(body))
	return err
}

// headerOf reads lines as in HTTP.
func headerOf(lines []string) (http.Header, error) {
	h := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, usageError{fmt.Errorf("%q is no header: write NAME: VALUE", line)}
		}
		h.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return h, nil
}

// input reads the argument itself, a file or standard input.
func (a *app) input(arg string) ([]byte, error) {
	if arg == "-" {
		return io.ReadAll(a.stdin)
	}
	if file, ok := strings.CutPrefix(arg, "@"); ok {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, usageError{err}
		}
		return b, nil
	}
	return []byte(arg), nil
}

func printServedBy(w io.Writer, h http.Header) {
	for _, name := range []string{"Swapline-Release", "Swapline-Variant", "Swapline-Kind", "Swapline-Generation", "Swapline-Digest", "Swapline-Fuel", "Server-Timing", "X-Request-Id"} {
		if v := h.Get(name); v != "" {
			fmt.Fprintf(w, "%s: %s\n", name, v)
		}
	}
}
