package opcua

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/plc"
	"linectl/plc/tags"
	"linectl/uaguard"
)

const (
	tornReads = 3 // a status caught while it was written is read again so often
	tornPause = 2 * time.Millisecond
)

// conn is one session with a device. After an error that is not Passing it is of no use any more.
type conn struct {
	where  string
	client *opcua.Client
	guard  *uaguard.Guard
	face   face
	closed bool

	waveform *ua.NodeID // variable with the waveform area; nil = the device offers none
}

// face is how a device offers the handshake.
type face interface {
	check(ctx context.Context, c *conn) error
	read(ctx context.Context, c *conn) (tags.Status, error)
	write(ctx context.Context, c *conn, cmd tags.Command) error
}

// Read reads the status in one Read request with maxAge 0. One that was being written is read again, three times at most.
func (c *conn) Read(ctx context.Context) (tags.Status, error) {
	for try := 1; ; try++ {
		s, err := c.face.read(ctx, c)
		if !errors.Is(err, tags.ErrTorn) || try == tornReads {
			return s, err
		}
		pause := time.NewTimer(tornPause)
		select {
		case <-ctx.Done():
			pause.Stop()
			return s, fmt.Errorf("read status at %s: %w", c.where, ctx.Err())
		case <-pause.C:
		}
	}
}

// Write writes the command in one Call or one Write of one node.
func (c *conn) Write(ctx context.Context, cmd tags.Command) error { return c.face.write(ctx, c, cmd) }

// Close ends session and channel. It waits for the device for a tenth of a second at most.
func (c *conn) Close() error {
	if !c.closed {
		c.closed = true
		closeClient(c.client)
	}
	return nil
}

// values reads an attribute of nodes in one request and asks that every value is Good.
func (c *conn) values(ctx context.Context, what string, attribute ua.AttributeID, nodes ...*ua.NodeID) ([]any, error) {
	request := &ua.ReadRequest{TimestampsToReturn: ua.TimestampsToReturnNeither}
	for _, n := range nodes {
		request.NodesToRead = append(request.NodesToRead, &ua.ReadValueID{NodeID: n, AttributeID: attribute})
	}
	results, err := c.request(ctx, what, request)
	if err != nil {
		return nil, err
	}
	values := make([]any, len(results))
	for i, r := range results {
		if values[i], err = c.value(what, nodes[i], r); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// request sends a Read and returns as many results as nodes were asked for.
func (c *conn) request(ctx context.Context, what string, request *ua.ReadRequest) ([]*ua.DataValue, error) {
	response, err := c.client.Read(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("read %s at %s: %w", what, c.where, c.guard.Explain(err))
	}
	if response == nil || len(response.Results) != len(request.NodesToRead) {
		return nil, fmt.Errorf("read %s at %s: the number of answers is not that of the questions", what, c.where)
	}
	return response.Results, nil
}

// value takes the value out of a result that is Good. Uncertain is not good enough to decide on.
func (c *conn) value(what string, node *ua.NodeID, r *ua.DataValue) (any, error) {
	if r == nil {
		return nil, fmt.Errorf("read %s at %s: no answer for %s", what, c.where, node)
	}
	if r.Status != ua.StatusOK {
		return nil, c.refused("read "+what, node, r.Status)
	}
	if r.Value == nil {
		return nil, c.refused("read "+what, node, ua.StatusBadTypeMismatch)
	}
	return r.Value.Value(), nil
}

// refused says what a bad status of one operation means. The session is good: it carried the answer.
func (c *conn) refused(what string, node *ua.NodeID, code ua.StatusCode) error {
	err := fmt.Errorf("%s at node %s: %w", what, node, code)
	if configurationCodes[code] {
		return &plc.ConfigurationError{Address: c.where, Err: err, Remedy: "correct object, namespace or face of this device in line.yaml, or the rights of the user"}
	}
	return &plc.PassingError{Err: fmt.Errorf("%s: %w", c.where, err)}
}

// mapping reports nodes that are not what the tag map needs, all of them at once.
func (c *conn) mapping(problems []string) error {
	return &plc.ConfigurationError{
		Address: c.where, Err: fmt.Errorf("%d nodes do not fit: %q", len(problems), problems),
		Remedy: "correct object, namespace or face of this device in line.yaml, or load the handshake into the device",
	}
}

// configurationCodes are the status codes that stay until a person changes something. Everything else is unknown or passing.
var configurationCodes = map[ua.StatusCode]bool{
	ua.StatusBadNodeIDUnknown:                  true,
	ua.StatusBadNodeIDInvalid:                  true,
	ua.StatusBadAttributeIDInvalid:             true,
	ua.StatusBadTypeMismatch:                   true,
	ua.StatusBadNotReadable:                    true,
	ua.StatusBadNotWritable:                    true,
	ua.StatusBadMethodInvalid:                  true,
	ua.StatusBadNotExecutable:                  true,
	ua.StatusBadArgumentsMissing:               true,
	ua.StatusBadTooManyArguments:               true,
	ua.StatusBadInvalidArgument:                true,
	ua.StatusBadUserAccessDenied:               true,
	ua.StatusBadIdentityTokenInvalid:           true,
	ua.StatusBadIdentityTokenRejected:          true,
	ua.StatusBadSecurityChecksFailed:           true,
	ua.StatusBadSecurityModeRejected:           true,
	ua.StatusBadSecurityPolicyRejected:         true,
	ua.StatusBadServiceUnsupported:             true,
	ua.StatusBadCertificateInvalid:             true,
	ua.StatusBadCertificateTimeInvalid:         true,
	ua.StatusBadCertificateHostNameInvalid:     true,
	ua.StatusBadCertificateURIInvalid:          true,
	ua.StatusBadCertificateUseNotAllowed:       true,
	ua.StatusBadCertificateUntrusted:           true,
	ua.StatusBadCertificateRevoked:             true,
	ua.StatusBadCertificateChainIncomplete:     true,
	ua.StatusBadCertificatePolicyCheckFailed:   true,
	ua.StatusBadCertificateRevocationUnknown:   true,
	ua.StatusBadApplicationSignatureInvalid:    true,
	ua.StatusBadUserSignatureInvalid:           true,
	ua.StatusBadNoValidCertificates:            true,
	ua.StatusBadCertificateIssuerUseNotAllowed: true,
}
