package main

import "github.com/spf13/cobra"

// commands lists all commands in the order of help.
func (a *app) commands() []*cobra.Command {
	return append(append([]*cobra.Command{a.serveCommand()}, append(a.authorCommands(), a.compareCommand())...), a.operatorCommands()...)
}
