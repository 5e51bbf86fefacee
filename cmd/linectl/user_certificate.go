package main

import (
	"github.com/spf13/cobra"

	"linectl/hmi/opcua"
	"linectl/line"
)

func newUserCertificate() *cobra.Command {
	var remove bool
	c, _ := newAsker("certificate USER [FILE]", "Lets an account log in to the OPC UA gateway with a certificate, or takes it away", cobra.RangeArgs(1, 2),
		func(args []string) (line.Command, error) {
			if remove == (len(args) == 2) {
				return nil, usagef("give the file of the certificate, or --remove")
			}
			if remove {
				return line.BindCertificate{User: args[0]}, nil
			}
			crt, err := opcua.UserCertificate(args[1])
			return line.BindCertificate{User: args[0], Certificate: &crt}, err
		})
	c.Long = `Lets an account log in to the OPC UA gateway with a certificate instead of a password. The file is the public certificate (PEM or
DER); the key stays with the person. An account has one at most, and its open sessions end when it changes.`
	c.Example = "  linectl user certificate amna amna.crt --why \"smart card\"\n  linectl user certificate amna --remove --why \"card lost\""
	c.Flags().BoolVar(&remove, "remove", false, "take the certificate away")
	return c
}
