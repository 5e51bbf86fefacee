package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"linectl/accounts"
	"linectl/line"
)

// The errors of accounts, as a Client returns them.
var (
	ErrLogIn     = accounts.ErrLogIn     // user or password is wrong, and nobody says which
	ErrNoSession = accounts.ErrNoSession // log in again
	ErrBusy      = accounts.ErrBusy      // too many log-ins at once
)

// sentinel finds the error that an answer means.
func sentinel(status int, text string) error {
	if status < 400 {
		return nil
	}
	for _, known := range []error{accounts.ErrLogIn, accounts.ErrNoSession, accounts.ErrBusy, accounts.ErrSetUp} {
		if text == known.Error() {
			return known
		}
	}
	return nil
}

// logInTimeout bounds a log-in: the longest delay, the longest wait for a hash, and the record.
const logInTimeout = 60 * time.Second

// The bodies of the calls about accounts.
type (
	wireLogIn struct {
		User        string `json:"user,omitempty"`
		Password    string `json:"password,omitempty"`
		Source      string `json:"source"`
		Certificate string `json:"certificate,omitempty"`
	}
	wireUser struct {
		User     string      `json:"user"`
		Roles    []line.Role `json:"roles"`
		Password string      `json:"password"`
		By       string      `json:"by,omitempty"`
		Why      string      `json:"why,omitempty"`
	}
	wirePassword struct {
		User     string `json:"user"`
		Old      string `json:"old,omitempty"`
		Password string `json:"password"`
		Source   string `json:"source,omitempty"`
		By       string `json:"by,omitempty"`
		Why      string `json:"why,omitempty"`
	}
	wireSetUp struct {
		Token    string `json:"token"`
		User     string `json:"user"`
		Password string `json:"password"`
	}
)

// exchange sends one value, if any, and reads one.
func (c *Client) exchange(ctx context.Context, method, url, token string, out []byte, in any) error {
	body, err := c.callAs(ctx, method, url, token, out)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(io.LimitReader(body, maxLine)).Decode(in); err != nil {
		return fmt.Errorf("control socket %s: reply: %w", c.path, err)
	}
	return nil
}

func (c *Client) post(ctx context.Context, url, token string, v, in any) error {
	ctx, cancel := context.WithTimeout(ctx, logInTimeout)
	defer cancel()
	out, err := json.Marshal(v)
	if err != nil {
		return errors.New("the texts cannot be sent")
	}
	return c.exchange(ctx, http.MethodPost, url, token, out, in)
}

// LogIn opens a session for whoever knows the password. Source is where the person sits: the address of an HMI, the name of a
// terminal. It may take 40 s after failures, and then ends with ErrLogIn or ErrBusy.
func (c *Client) LogIn(ctx context.Context, user, password, source string) (s accounts.Session, err error) {
	err = c.post(ctx, "/v1/login", "", wireLogIn{User: user, Password: password, Source: source}, &s)
	return s, err
}

// LogInByCertificate opens a session for the person of a certificate, by its SHA-256 thumbprint. Call it only after having seen
// the person sign with its key, as the OPC UA gateway does: the supervisor cannot.
func (c *Client) LogInByCertificate(ctx context.Context, thumbprint, source string) (s accounts.Session, err error) {
	err = c.post(ctx, "/v1/login", "", wireLogIn{Certificate: thumbprint, Source: source}, &s)
	return s, err
}

// LogOut ends a session.
func (c *Client) LogOut(ctx context.Context, token string) error {
	return c.post(ctx, "/v1/logout", token, struct{}{}, &struct{}{})
}

// Session returns a session with the roles that its user has now, and prolongs it. The error is ErrNoSession if it has ended.
func (c *Client) Session(ctx context.Context, token string) (s accounts.Session, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	err = c.exchange(ctx, http.MethodGet, "/v1/session", token, nil, &s)
	return s, err
}

// Users lists the accounts. The token may be empty: then the user of this computer asks, here and below.
func (c *Client) Users(ctx context.Context, token string) (list []line.Account, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	err = c.exchange(ctx, http.MethodGet, "/v1/users", token, nil, &list)
	return list, err
}

// AddUser makes an account with its first password.
func (c *Client) AddUser(ctx context.Context, token, by, why string, u line.AddUser, password string) (reply line.Reply, err error) {
	err = c.post(ctx, "/v1/users", token, wireUser{User: u.User, Roles: u.Roles, Password: password, By: by, Why: why}, &reply)
	return reply, err
}

// SetPassword gives an account a new password. A session that changes its own needs the old one; source is as for LogIn.
func (c *Client) SetPassword(ctx context.Context, token, by, why, user, old, password, source string) (reply line.Reply, err error) {
	err = c.post(ctx, "/v1/password", token, wirePassword{user, old, password, source, by, why}, &reply)
	return reply, err
}

// SetUp makes the first account with the set-up token.
func (c *Client) SetUp(ctx context.Context, setUp, user, password string) (reply line.Reply, err error) {
	err = c.post(ctx, "/v1/setup", "", wireSetUp{setUp, user, password}, &reply)
	return reply, err
}
