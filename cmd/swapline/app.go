package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime/problem"
)

// Exit codes. They are part of the interface.
const (
	exitOK       = 0
	exitError    = 1
	exitUsage    = 2
	exitInvalid  = 3 // verification or validation refused
	exitAuth     = 4
	exitConflict = 5 // a stale generation or a conflicting change
)

// app carries what every command needs.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	json           bool
	data           string // data folder
	address        string // server address, "" to find it in the data folder
	token          string // "" to find it in the data folder
}

// usageError marks mistakes in how a command was called.
type usageError struct{ error }

func (a *app) execute(args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	a.report(err)
	return exitCode(err)
}

// helpTemplate puts examples first, then the explanation, then the flags.
const helpTemplate = `{{.Short}}
{{if .HasExample}}
{{.Example}}
{{end}}{{with .Long}}
{{. | trimTrailingWhitespaces}}
{{end}}
Usage:
  {{.UseLine}}
{{if .HasAvailableSubCommands}}
Commands:
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}}  {{.Short}}{{end}}{{end}}
{{end}}{{if .HasAvailableLocalFlags}}
Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}{{if .HasAvailableInheritedFlags}}
Flags of all commands:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "swapline COMMAND",
		Short: "Swap business strategies in a running service",
		Example: `  swapline serve                          on 127.0.0.1, zero configuration
  swapline new risk && swapline build risk
  swapline sign dist/risk-0.1.0.wasm
  swapline push dist/risk-0.1.0.wasm      upload, validate, switch
  swapline exec risk '{"amount": 1200}'`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpTemplate(helpTemplate)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := root.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "print JSON for machines")
	f.StringVar(&a.data, "data", defaultData(), "data `folder` (SWAPLINE_DATA)")
	f.StringVar(&a.address, "address", os.Getenv("SWAPLINE_ADDRESS"), "server `address`; found in the data folder by itself (SWAPLINE_ADDRESS)")
	f.StringVar(&a.token, "token", os.Getenv("SWAPLINE_TOKEN"), "access `token`; found in the data folder by itself (SWAPLINE_TOKEN)")
	root.AddCommand(a.commands()...)
	return root
}

// defaultData is SWAPLINE_DATA, or swapline below the user's data folder.
func defaultData() string {
	if d := os.Getenv("SWAPLINE_DATA"); d != "" {
		return d
	}
	if d := os.Getenv("XDG_DATA_HOME"); d != "" {
		return filepath.Join(d, "swapline")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ".swapline"
	}
	return filepath.Join(home, ".local", "share", "swapline")
}

// print writes v as JSON with --json, else the text that text makes.
func (a *app) print(v any, text func(io.Writer)) error {
	if !a.json {
		text(a.stdout)
		return nil
	}
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// report tells an error, with --json as one JSON object on standard error.
func (a *app) report(err error) {
	if !a.json {
		fmt.Fprintln(a.stderr, "swapline: "+err.Error())
		return
	}
	out := map[string]any{"code": problem.CodeOf(err), "message": err.Error()}
	var p *problem.Error
	if errors.As(err, &p) {
		out = map[string]any{"code": p.Code, "message": p.Message, "check": p.Check,
			"expected": p.Expected, "found": p.Found, "cure": p.Remedy, "pointer": p.Pointer}
	}
	_ = json.NewEncoder(a.stderr).Encode(out)
}
