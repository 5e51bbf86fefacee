package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"linectl/control"
	"linectl/line"
)

// login is who asks, where a name alone is not believed: the person logs in for one command.
type login struct{ as, passwordFile string }

// inPerson makes a command one for which the person logs in, and which says why.
func inPerson(c *cobra.Command, a *asker, reason string) {
	c.Flags().StringVar(&a.as, "as", "", "your account, to log in with; required")
	c.Flags().StringVar(&a.passwordFile, "password-file", "", "file with the password, for scripts (default: asked for, or read from standard input)")
	_ = c.Flags().MarkHidden("by") // known, so that whoever is used to it is told what to do
	mustSay(c, "why")
	c.PreRunE = func(*cobra.Command, []string) error {
		switch {
		case a.by != "":
			return usagef("a name alone is not believed here: log in with --as USER instead of --by")
		case a.as == "":
			return usagef("%s wants --as: the account that you log in with, so that the record can say who it was", c.Name())
		case a.why == "":
			return usagef("%s", reason)
		}
		if err := line.CheckUserName(a.as); err != nil {
			return usagef("%v", err)
		}
		return nil
	}
}

// password asks for the password, or reads it from the file.
func (l *login) password(c *cobra.Command) (string, error) {
	if l.passwordFile != "" {
		return readPassword(l.passwordFile)
	}
	return newSecrets(c).ask("password of " + l.as)
}

// do sends a request: as the user of this computer, or in a session that is opened for it and ended after it.
func (l *login) do(c *cobra.Command, client *control.Client, q line.Request) (line.Reply, error) {
	if l.as == "" {
		return client.Do(c.Context(), q)
	}
	if err := l.known(c.Context(), client); err != nil {
		return line.Reply{}, err
	}
	password, err := l.password(c)
	if err != nil {
		return line.Reply{}, err
	}
	session, err := client.LogIn(c.Context(), l.as, password, "linectl, local:"+userName())
	if errors.Is(err, control.ErrLogIn) {
		return line.Reply{}, fmt.Errorf("%w; nothing was done. After some failures the next answer comes later, by 30 seconds at most", err)
	}
	if err != nil {
		return line.Reply{}, fmt.Errorf("nothing was done: %w", err)
	}
	reply, err := client.DoAs(c.Context(), session.Token, q)
	ended, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), time.Second)
	defer cancel()
	_ = client.LogOut(ended, session.Token) // the answer counts; a session that nobody uses ends by itself
	return reply, err
}

// known tells people without any account how one is made, before they are asked for a password that cannot be right.
func (l *login) known(ctx context.Context, client *control.Client) error {
	all, err := client.Users(ctx, "")
	if err == nil && len(all) == 0 {
		return fmt.Errorf(`nobody has an account at this line yet, so nobody can show who they are. Make the first account, an Admin, with
  linectl setup USER
and the set-up token that linectl run printed when it began; then one for each person who inspects or decides, as in
  linectl user add %s Quality`, l.as)
	}
	return err
}
