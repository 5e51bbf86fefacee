package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"linectl/control"
	"linectl/internal/process"
	"linectl/line"
)

// demoAccounts is the file of the accounts that a demo made, in its directory and readable for its owner only.
const demoAccounts = "demo-accounts.json"

// demoAccount is one person of the demo who may log in.
type demoAccount struct {
	User     string      `json:"user"`
	Password string      `json:"password"`
	Roles    []line.Role `json:"roles"`
}

// demoPeople are the people of the demo. Who needs two pairs of eyes needs two of them.
var demoPeople = []demoAccount{
	{User: "operator", Roles: []line.Role{line.Operator}},
	{User: "quality", Roles: []line.Role{line.Quality}},
	{User: "engineer", Roles: []line.Role{line.TeamLeader, line.Maintenance, line.ProcessEngineer, line.Commissioning}},
	{User: "admin", Roles: []line.Role{line.Admin}},
}

// demoFaces says where the demo shows itself.
type demoFaces struct {
	Gateway  string        // address of the OPC UA server, empty for none
	HMI      string        // address of the HMI for browsers
	accounts []demoAccount // with their passwords
}

// prepare finds a port for each face that has none.
func (f *demoFaces) prepare(ctx context.Context) (err error) {
	for _, address := range []*string{&f.Gateway, &f.HMI} {
		if *address == "" {
			if *address, err = process.FreePort(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// welcome makes the accounts of the demo, or takes those that a former demo made in the same directory, and waits until the
// faces answer.
func (d *demo) welcome(ctx context.Context) error {
	path := filepath.Join(d.dir, demoAccounts)
	accounts, err := readDemoAccounts(path)
	if errors.Is(err, fs.ErrNotExist) {
		accounts, err = makeDemoAccounts(ctx, d.client, path)
	}
	if err != nil {
		return err
	}
	d.faces.accounts = accounts
	return d.line.Await(ctx, 30*time.Second, func(ctx context.Context) error {
		return errors.Join(answers(ctx, d.faces.Gateway), answers(ctx, d.faces.HMI))
	})
}

// answers reports whether somebody listens at an address.
func answers(ctx context.Context, address string) error {
	dialer := net.Dialer{Timeout: time.Second}
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}

func readDemoAccounts(path string) ([]demoAccount, error) {
	body, err := os.ReadFile(path) //nolint:gosec // in the demo's own directory
	if err != nil {
		return nil, err
	}
	var accounts []demoAccount
	if err := json.Unmarshal(body, &accounts); err != nil {
		return nil, fmt.Errorf("demo: %s is not as it was written: %w", path, err)
	}
	return accounts, nil
}

// makeDemoAccounts makes an account for each of the people. Its passwords are written down before anybody needs them: what
// follows may fail, and an account whose password nobody knows is of no use.
func makeDemoAccounts(ctx context.Context, client *control.Client, path string) ([]demoAccount, error) {
	accounts := make([]demoAccount, len(demoPeople))
	for i, p := range demoPeople {
		text := rand.Text()
		p.Password = text[:5] + "-" + text[5:10] + "-" + text[10:15] // 75 bits
		accounts[i] = p
	}
	body, err := json.MarshalIndent(accounts, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, append(body, '\n'), 0o600); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	for _, a := range accounts {
		reply, err := client.AddUser(ctx, "", operatorName, "start of the demo", line.AddUser{User: a.User, Roles: a.Roles}, a.Password)
		if err == nil && !reply.Accepted {
			err = errors.New(reply.Text)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("demo: account %s: %w", a.User, err), os.Remove(path))
		}
	}
	return accounts, nil
}

// tellFaces says where to look while the line runs, and as whom.
func (d *demo) tellFaces() {
	fmt.Fprintf(d.out, "Browser  %s\n", browserURL(d.faces.HMI))
	fmt.Fprintf(d.out, "OPC UA   opc.tcp://%s\n", d.faces.Gateway)
	for _, a := range d.faces.accounts {
		fmt.Fprintf(d.out, "  log in as %-9s with %s   (%s)\n", a.User, a.Password, line.RoleNames(a.Roles))
	}
	fmt.Fprintf(d.out, "  the same in %s\n", filepath.Join(d.dir, demoAccounts))
}
