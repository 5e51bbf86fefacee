package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/hmi/opcua"
)

func newCert() *cobra.Command {
	c := &cobra.Command{
		Use: "cert", Short: "Says which OPC UA clients may connect",
		Long: `A client of the gateway needs a certificate that was let in here. One that comes without is turned away, and its certificate is
kept among the rejected: look at its thumbprint on the client's own screen, and only then trust it.`,
	}
	c.AddCommand(newCertList(),
		newCertMove("trust FILE|THUMBPRINT", "Lets a client connect", "may connect from now on", (*opcua.PKI).Trust),
		newCertMove("reject THUMBPRINT", "Keeps a client from connecting", "may not connect any more; a connection that it has goes on until it ends", (*opcua.PKI).Reject))
	return c
}

func newCertList() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "Lists the certificates of the clients, of the authorities that sign them, and what those have revoked", Args: cobra.NoArgs}
	c.Flags().StringVar(&data, "data", defaultData, "data directory of the supervisor")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		pki := &opcua.PKI{Dir: filepath.Join(data, "gateway")}
		peers, err := pki.Peers()
		authorities, err2 := pki.Authorities()
		revocations, err3 := pki.Revocations()
		if err := errors.Join(err, err2, err3); err != nil {
			return err
		}
		peers = append(peers, authorities...)
		if asJSON {
			return printJSON(c, struct {
				Certificates []opcua.Peer
				Revocations  []opcua.Revocation
			}{append([]opcua.Peer{}, peers...), append([]opcua.Revocation{}, revocations...)})
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "THUMBPRINT\t\tUNTIL\tAPPLICATION")
		for _, p := range peers {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s %s\n", p.Thumbprint, p.Folder, p.Until.UTC().Format(time.DateOnly), p.URI, p.Subject)
		}
		for _, r := range revocations {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d revoked by %s\n", r.File, r.Folder, r.Until.UTC().Format(time.DateOnly), r.Revoked, r.Issuer)
		}
		return w.Flush()
	}
	return c
}

func newCertMove(use, short, done string, move func(*opcua.PKI, string) (opcua.Peer, error)) *cobra.Command {
	var data string
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1)}
	c.Flags().StringVar(&data, "data", defaultData, "data directory of the supervisor")
	c.RunE = func(c *cobra.Command, args []string) error {
		peer, err := move(&opcua.PKI{Dir: filepath.Join(data, "gateway")}, args[0])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s (%s) %s\n", peer.Thumbprint, peer.Subject, done)
		return err
	}
	return c
}
