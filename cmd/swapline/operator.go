package main

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// operatorCommands lists the commands that talk to a running server.
func (a *app) operatorCommands() []*cobra.Command {
	return []*cobra.Command{
		a.pushCommand(), a.execCommand(), a.switchCommand(), a.rollbackCommand(), a.listCommand(), a.getCommand(),
		a.hostCommand(), a.renewCommand(),
	}
}

// usage marks wrong arguments as mistakes of the caller.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usageError{fmt.Errorf("%w; usage: %s; examples: %s --help", err, c.UseLine(), c.CommandPath())}
		}
		return nil
	}
}

// etagOf is the entity tag of a generation.
func etagOf(generation int64) string { return `"` + strconv.FormatInt(generation, 10) + `"` }

// isTerminal reports whether a person is looking.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
