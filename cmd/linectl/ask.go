package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"linectl/control"
	"linectl/line"
)

const defaultData = "linectl-data"

// place says which supervisor a command means.
type place struct {
	config, data, socket string
}

func (p *place) flags(c *cobra.Command) {
	c.Flags().StringVar(&p.data, "data", defaultData, "data directory of the supervisor")
	c.Flags().StringVar(&p.config, "config", "", "line.yaml, where it names a socket of its own")
	c.Flags().StringVar(&p.socket, "socket", "", "control socket, instead of the one in the data directory")
}

// client finds the socket: as named, as configured, or in the data directory.
func (p *place) client() (*control.Client, error) {
	path := p.socket
	if path == "" && p.config != "" {
		cfg, err := readConfig(p.config)
		if err != nil {
			return nil, err
		}
		path = cfg.at(cfg.Socket)
	}
	if path == "" {
		path = defaultSocket(p.data)
	}
	return control.Dial(path), nil
}

func defaultSocket(data string) string { return filepath.Join(data, "control", "linectl.sock") }

// asker is a command that sends one request and prints the reply.
type asker struct {
	place
	by, why string
	json    bool
	login
}

func (a *asker) flags(c *cobra.Command) {
	a.place.flags(c)
	c.Flags().StringVar(&a.by, "by", "", "who asks (default: the user of this computer)")
	c.Flags().StringVar(&a.why, "why", "", "the reason, for the record")
	c.Flags().BoolVar(&a.json, "json", false, "print the reply as JSON")
}

// mustSay makes the help of a command say of flags that they have no default: it refuses to go without them.
func mustSay(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		f := c.Flags().Lookup(name)
		f.Usage, _, _ = strings.Cut(f.Usage, " (default")
		f.Usage += "; required"
	}
}

// aboveZero makes a command with a quantity explain a negative one, which is read as a flag.
func aboveZero(c *cobra.Command) {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		type unknownFlag interface {
			error
			GetSpecifiedShortnames() string
		}
		if flag, ok := errors.AsType[unknownFlag](err); ok {
			if n := flag.GetSpecifiedShortnames(); n != "" && strings.Trim(n, "0123456789.") == "" {
				return usagef("a quantity must be above zero; it is -%s", n)
			}
		}
		return err
	})
}

// ask sends the command. A refusal is printed as the supervisor said it, and fails.
func (a *asker) ask(c *cobra.Command, command line.Command) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	if a.by == "" {
		a.by = userName()
	}
	reply, err := a.do(c, client, line.Request{ID: rand.Text(), By: a.by, Why: a.why, Command: command})
	if err != nil {
		return err
	}
	return printReply(c, reply, a.json)
}

// printReply prints what the supervisor has answered. A refusal fails.
func printReply(c *cobra.Command, reply line.Reply, asJSON bool) error {
	switch {
	case asJSON:
		if err := printJSON(c, reply); err != nil || reply.Accepted {
			return err
		}
		return errSaid
	case !reply.Accepted:
		return fmt.Errorf("refused: %s", reply.Text)
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), reply.Text)
	return err
}

func userName() string {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "unknown user of this computer"
	}
	return u.Username
}

func printJSON(c *cobra.Command, v any) error {
	e := json.NewEncoder(c.OutOrStdout())
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// newAsker makes a command whose arguments become one request.
func newAsker(use, short string, args cobra.PositionalArgs, parse func(args []string) (line.Command, error)) (*cobra.Command, *asker) {
	a := new(asker)
	c := &cobra.Command{Use: use, Short: short, Args: args}
	c.RunE = func(c *cobra.Command, args []string) error {
		command, err := parse(args)
		if err != nil {
			return err
		}
		return a.ask(c, command)
	}
	a.flags(c)
	return c, a
}
