package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// operatorCommands lists the commands that talk to a running server.
func (a *app) operatorCommands() []*cobra.Command {
	return []*cobra.Command{
		a.pushCommand(), a.execCommand(), a.switchCommand(), a.rollbackCommand(), a.listCommand(), a.getCommand(),
		a.rolloutCommand(), a.experimentCommand(), a.hostCommand(), a.renewCommand(),
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

// oneOf refuses flags that contradict each other.
func oneOf(c *cobra.Command, names ...string) error {
	var given []string
	for _, name := range names {
		if c.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 1 {
		return usageError{fmt.Errorf("give only one of %s", strings.Join(given, " and "))}
	}
	return nil
}

// etagOf is the entity tag of a generation.
func etagOf(generation int64) string { return `"` + strconv.FormatInt(generation, 10) + `"` }

// isTerminal reports whether a person is looking.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
