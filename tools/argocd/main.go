// Package main runs the parts of Argo CD that sync Applications, and the store that they share, for tests.
package main

import (
	"fmt"
	"os"

	"github.com/alicebob/miniredis/v2"
	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "argocd-parts", SilenceUsage: true}
	root.AddCommand(controller.NewCommand(), reposerver.NewCommand(), store())
	if err := root.Execute(); err != nil {
		os.Exit(1)
	}
}

// store serves the cache of the other parts at an address on loopback, until the process ends.
func store() *cobra.Command {
	return &cobra.Command{Use: "store ADDRESS", Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error {
		server := miniredis.NewMiniRedis()
		if err := server.StartAddr(args[0]); err != nil {
			return err
		}
		fmt.Println("ready")
		select {}
	}}
}
