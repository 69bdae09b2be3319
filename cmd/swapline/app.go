package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Exit codes. They are part of the interface.
const (
	exitOK       = 0
	exitError    = 1
	exitUsage    = 2
	exitInvalid  = 3 // verification or validation refused
	exitAuth     = 4
	exitConflict = 5 // a stale generation or a conflicting change

	// What came of a rollout, for whoever waited for it.
	exitRolledBack = 6
	exitBlocked    = 7
	exitAborted    = 8
	exitPaused     = 9
	exitTimeout    = 10

	// What came of a comparison or an experiment.
	exitWorse     = 11
	exitUndecided = 12
	exitPartial   = 13
)

// app carries what every command needs.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	json           bool
	data           string // data folder
	address        string // server address, "" to find it in the data folder
	token          string // "" to find it in the data folder

	// flip makes what hands sockets over to a new process, once in a process; nil
	// in programs that are never renewed.
	flip func(limit time.Duration) (flipper, error)
	// at is told each step of a hand-over; tests end processes there.
	at func(step string)
}

// usageError marks mistakes in how a command was called.
type usageError struct{ error }

// Unwrap leads to what a report says of it besides: a code, and what was expected.
func (u usageError) Unwrap() error { return u.error }

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
		Long: `Exit codes: 0 done, 1 error, 2 wrong arguments, 3 release refused, 4 no valid
token, 5 the strategy has changed meanwhile; 6 to 10 say what came of a rollout that
was waited for (swapline rollout wait --help), 11 to 13 what came of a comparison
(swapline compare --help).`,
		Args:          knownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommand(helpCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpTemplate(helpTemplate)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := root.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "print JSON for machines")
	f.StringVar(&a.data, "data", defaultData(), "data `folder` (SWAPLINE_DATA)")
	f.StringVar(&a.address, "address", os.Getenv("SWAPLINE_ADDRESS"), "server `address`; found in the data folder by itself (SWAPLINE_ADDRESS)")
	f.StringVar(&a.token, "token", os.Getenv("SWAPLINE_TOKEN"), "access `token`; found in the data folder by itself (SWAPLINE_TOKEN)")
	f.Lookup("token").DefValue = "" // or the help would show it
	root.AddCommand(a.commands()...)
	return root
}

// knownCommand refuses what is left when no command was found.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cure := "swapline --help lists the commands"
	if like := c.Root().SuggestionsFor(args[0]); len(like) > 0 {
		cure = "did you mean " + strings.Join(like, " or ") + "?"
	}
	return usageError{fmt.Errorf("unknown command %q; %s", args[0], cure)}
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show the help of a command",
		Example: "  swapline help push",
		RunE: func(c *cobra.Command, args []string) error {
			found, rest, err := c.Root().Find(args)
			if err != nil {
				return usageError{err}
			}
			if found == c.Root() {
				if err := knownCommand(found, rest); err != nil {
					return err
				}
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
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
		text(shown{a.stdout})
		return nil
	}
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
