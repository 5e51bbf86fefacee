package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"
	"time"

	"linectl/line"
)

// ErrNotRunning is wrapped by every error of a Client whose socket nobody answers.
var ErrNotRunning = errors.New("no supervisor is running there")

const maxLine = 8 << 20 // bytes of one line of a stream

// Client asks a supervisor through its control socket.
type Client struct {
	path string
	http *http.Client
}

// Dial makes a client for the socket. It connects at the first call, and anew when the supervisor was restarted.
func Dial(path string) *Client {
	var d net.Dialer
	return &Client{path: path, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			return d.DialContext(ctx, "unix", path)
		},
		MaxIdleConns: 2,
	}}}
}

// Close gives idle connections back. Streams end with their context.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Snapshot returns the line as it is now.
func (c *Client) Snapshot(ctx context.Context) (s line.Snapshot, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	body, err := c.call(ctx, http.MethodGet, "/v1/snapshot", nil)
	if err != nil {
		return s, err
	}
	defer body.Close()
	if err := json.NewDecoder(io.LimitReader(body, maxLine)).Decode(&s); err != nil {
		return s, fmt.Errorf("control socket %s: snapshot: %w", c.path, err)
	}
	return s, nil
}

// Do sends a request of the user of this computer. A refusal is a Reply that is not accepted, no error; after an error nobody knows whether the request
// was done, and it may be sent again with the same ID.
func (c *Client) Do(ctx context.Context, r line.Request) (line.Reply, error) {
	return c.do(ctx, "", r)
}

// DoAs is Do with the token of a session: the request is its user's, whatever By says. The error is ErrNoSession when the
// session has ended, and then nothing was done.
func (c *Client) DoAs(ctx context.Context, token string, r line.Request) (line.Reply, error) {
	if token == "" { // it would be the request of this computer's user
		return line.Reply{}, ErrNoSession
	}
	return c.do(ctx, token, r)
}

func (c *Client) do(ctx context.Context, token string, r line.Request) (reply line.Reply, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout+2*time.Second)
	defer cancel()
	out, err := EncodeRequest(r)
	if err != nil {
		return reply, err
	}
	err = c.exchange(ctx, http.MethodPost, "/v1/requests", token, out, &reply)
	return reply, err
}

// Snapshots calls see with the snapshot now and again after changes, until ctx ends, see returns an error or the supervisor
// goes away. The error is never nil.
func (c *Client) Snapshots(ctx context.Context, see func(line.Snapshot) error) error {
	return c.stream(ctx, "/v1/snapshots", func(b []byte) error {
		var s line.Snapshot
		if err := json.Unmarshal(b, &s); err != nil {
			return fmt.Errorf("snapshot: %w", err)
		}
		return see(s)
	})
}

// Events calls see with every journal entry from a sequence number on, and goes on as the journal grows. None is left out
// and none comes twice; to go on after an error, ask again from the last one seen plus one. The error is never nil.
func (c *Client) Events(ctx context.Context, from uint64, see func(line.Entry) error) error {
	next := from
	return c.stream(ctx, fmt.Sprintf("/v1/events?from=%d", from), func(b []byte) error {
		e, err := DecodeEvent(b)
		if err != nil {
			return err
		}
		if e.Seq != next {
			return fmt.Errorf("event %d came where %d was due", e.Seq, next)
		}
		next++
		return see(e)
	})
}

func (c *Client) stream(ctx context.Context, url string, see func([]byte) error) error {
	body, err := c.call(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		if err := see(lines.Bytes()); err != nil {
			return err
		}
	}
	err = lines.Err()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		err = io.EOF
	}
	return fmt.Errorf("control socket %s: stream ended: %w", c.path, err)
}

// call returns the body of an answer, or the error that the answer tells.
func (c *Client) call(ctx context.Context, method, url string, out []byte) (io.ReadCloser, error) {
	return c.callAs(ctx, method, url, "", out)
}

func (c *Client) callAs(ctx context.Context, method, url, token string, out []byte) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://linectl"+url, bytes.NewReader(out))
	if err != nil {
		return nil, err
	}
	if out != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", bearer+token)
	}
	res, err := c.http.Do(r)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("control socket %s: %w; start it with linectl run, or name another with --data or --socket", c.path, ErrNotRunning)
	}
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", c.path, err)
	}
	if res.StatusCode == http.StatusOK || res.StatusCode == http.StatusConflict {
		return res.Body, nil
	}
	defer res.Body.Close()
	var no refusal
	if err := json.NewDecoder(io.LimitReader(res.Body, MaxRequest)).Decode(&no); err != nil || no.Error == "" {
		no.Error = res.Status
	}
	if known := sentinel(res.StatusCode, no.Error); known != nil {
		return nil, known
	}
	return nil, fmt.Errorf("control socket %s: %s", c.path, no.Error)
}
