package main

import (
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/accounts"
	"linectl/line"
	"linectl/supervisor"
)

// openAccounts opens the keeper of passwords beside the records. While there is no account it prints the set-up token, to the
// terminal and to no log.
func (r *runner) openAccounts(l *supervisor.Line, loop *supervisor.Loop) (*accounts.Keeper, error) {
	first := len(l.Snapshot(time.Now()).Accounts) == 0
	keeper, err := accounts.Open(filepath.Join(r.data, accounts.FileName), loop, first)
	if err != nil {
		return nil, err
	}
	if token := keeper.SetUpToken(); token != "" {
		fmt.Fprintf(r.out, "there is no account yet; make the first one with\n  linectl setup USER --data %s\nand this set-up token, which works once and until this process ends:\n  %s\n", r.data, token)
	}
	return keeper, nil
}

func newUser() *cobra.Command {
	c := &cobra.Command{
		Use: "user", Short: "Adds accounts and lists them, changes their roles and passwords, disables them",
		Long: fmt.Sprintf(`Keeps the accounts of the people who log in to the line. Roles are %s; an account may have several.
Passwords have at least 12 characters and are read from standard input, one line each, never from the command line.`, line.RoleNames(line.Roles)),
	}
	c.AddCommand(newUserAdd(), newUserList(), newUserRole(), newUserDisable(), newUserPassword(), newUserCertificate())
	return c
}

func newUserAdd() *cobra.Command {
	var a asker
	c := &cobra.Command{
		Use: "add USER ROLE…", Short: "Makes an account, with the password read from standard input", Args: cobra.MinimumNArgs(2),
		Example: "  linectl user add amna Operator\n  linectl user add sana Quality ProcessEngineer <password.txt",
	}
	a.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		roles, err := parseRoles(args[1:])
		if err != nil {
			return err
		}
		if err := line.CheckUserName(args[0]); err != nil {
			return usagef("%v", err)
		}
		password, err := newSecrets(c).askTwice("password of " + args[0])
		if err != nil {
			return err
		}
		client, err := a.client()
		if err != nil {
			return err
		}
		defer client.Close()
		reply, err := client.AddUser(c.Context(), "", a.by, a.why, line.AddUser{User: args[0], Roles: roles}, password)
		if err != nil {
			return err
		}
		return printReply(c, reply, a.json)
	}
	return c
}

func parseRoles(names []string) ([]line.Role, error) {
	var roles []line.Role
	for _, name := range names {
		r, err := line.ParseRole(name)
		if err != nil {
			return nil, usagef("%v", err)
		}
		roles = append(roles, r)
	}
	return roles, nil
}

func newUserList() *cobra.Command {
	var p place
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "Lists the accounts with their roles", Args: cobra.NoArgs}
	p.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := p.client()
		if err != nil {
			return err
		}
		defer client.Close()
		list, err := client.Users(c.Context(), "")
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(c, list)
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "USER\tROLES\tSTATE\tCERTIFICATE UNTIL")
		for _, a := range list {
			state := "may log in"
			if a.Disabled {
				state = "disabled"
			}
			until := "-"
			if a.Certificate != nil {
				until = a.Certificate.Until.UTC().Format(time.DateOnly)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.User, line.RoleNames(a.Roles), state, until)
		}
		return w.Flush()
	}
	return c
}

func newUserRole() *cobra.Command {
	c, _ := newAsker("role USER ROLE…", "Gives an account other roles, from its next command on", cobra.MinimumNArgs(2),
		func(args []string) (line.Command, error) {
			roles, err := parseRoles(args[1:])
			return line.ChangeRoles{User: args[0], Roles: roles}, err
		})
	c.Example = "  linectl user role amna Operator TeamLeader --why \"leads shift B\""
	return c
}

func newUserDisable() *cobra.Command {
	var back bool
	c, _ := newAsker("disable USER", "Ends an account; its name is never given to another person", cobra.ExactArgs(1),
		func(args []string) (line.Command, error) { return line.DisableUser{User: args[0], Back: back}, nil })
	c.Flags().BoolVar(&back, "back", false, "let it in again")
	return c
}

func newUserPassword() *cobra.Command {
	var a asker
	c := &cobra.Command{
		Use: "password USER", Short: "Gives an account a new password, read from standard input, and ends its sessions", Args: cobra.ExactArgs(1),
	}
	a.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		password, err := newSecrets(c).askTwice("new password of " + args[0])
		if err != nil {
			return err
		}
		client, err := a.client()
		if err != nil {
			return err
		}
		defer client.Close()
		reply, err := client.SetPassword(c.Context(), "", a.by, a.why, args[0], "", password, "")
		if err != nil {
			return err
		}
		return printReply(c, reply, a.json)
	}
	return c
}

func newSetUp() *cobra.Command {
	var p place
	c := &cobra.Command{
		Use: "setup USER", Short: "Makes the first account, an Admin, with the token that linectl run has printed", Args: cobra.ExactArgs(1),
		Long: `Makes the first account, an Admin. It reads two lines from standard input: the set-up token that linectl run prints while there
is no account, and the password. There is no default account and no default password.`,
	}
	p.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := line.CheckUserName(args[0]); err != nil {
			return usagef("%v", err)
		}
		secrets := newSecrets(c)
		token, err := secrets.ask("set-up token")
		if err != nil {
			return err
		}
		password, err := secrets.askTwice("password of " + args[0])
		if err != nil {
			return err
		}
		client, err := p.client()
		if err != nil {
			return err
		}
		defer client.Close()
		reply, err := client.SetUp(c.Context(), token, args[0], password)
		if err != nil {
			return err
		}
		return printReply(c, reply, false)
	}
	return c
}
