package main

import "github.com/spf13/cobra"

// authorCommands lists the commands that work on files, without a server.
func (a *app) authorCommands() []*cobra.Command {
	return []*cobra.Command{
		a.newCommand(), a.buildCommand(), a.keygenCommand(), a.signCommand(), a.policyCommand(), a.verifyCommand(), a.inspectCommand(),
	}
}
