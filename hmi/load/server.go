// Package load measures an OPC UA server as its clients feel it: how fast it answers reads and calls, and how much of what
// changes it delivers to those who watch.
//
// It knows neither what server it is nor what its values mean, and judges nothing: figures go out, goals stand elsewhere. It
// starts no server and looks into no process.
package load

import (
	"context"
	"crypto/rsa"
	"fmt"
	"slices"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

// Server is where the clients go and who they are. They come with Basic256Sha256, SignAndEncrypt and a user name.
type Server struct {
	URL            string
	User, Password string
	URI            string // of the client application, as in its certificate
	Certificate    []byte // DER
	Key            *rsa.PrivateKey
	Space          string // namespace URI of the nodes; their identifiers are texts
}

// Client is one session of a server.
type Client struct {
	*opcua.Client
	space uint16
}

// patience bounds one request.
const patience = 20 * time.Second

// Dial opens a session. It is not opened anew when it ends: what is measured must not hide a failure.
func (s Server) Dial(ctx context.Context) (*Client, error) {
	endpoints, err := opcua.GetEndpoints(ctx, s.URL, opcua.RequestTimeout(patience))
	if err != nil {
		return nil, fmt.Errorf("endpoints of %s: %w", s.URL, err)
	}
	e, err := opcua.SelectEndpoint(endpoints, ua.SecurityPolicyURIBasic256Sha256, ua.MessageSecurityModeSignAndEncrypt)
	if err != nil {
		return nil, fmt.Errorf("endpoints of %s: %w", s.URL, err)
	}
	c, err := opcua.NewClient(s.URL, opcua.Certificate(s.Certificate), opcua.PrivateKey(s.Key), opcua.ApplicationURI(s.URI),
		opcua.SecurityFromEndpoint(e, ua.UserTokenTypeUserName), opcua.AuthUsername(s.User, s.Password),
		opcua.AutoReconnect(false), opcua.RequestTimeout(patience))
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", s.URL, err)
	}
	if err := c.Connect(ctx); err != nil {
		return nil, fmt.Errorf("session at %s: %w", s.URL, err)
	}
	space, err := c.FindNamespace(ctx, s.Space)
	if err != nil {
		(&Client{Client: c}).Close() // a server that is still coming up must not keep it among this person's sessions
		return nil, fmt.Errorf("namespace %s at %s: %w", s.Space, s.URL, err)
	}
	return &Client{Client: c, space: space}, nil
}

// Close ends the session. What was measured is measured: an error at the end says nothing any more.
func (c *Client) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.Client.Close(ctx)
}

// Node names a node of the space.
func (c *Client) Node(name string) *ua.NodeID { return ua.NewStringNodeID(c.space, name) }

// Variable is a variable of the space as it was found.
type Variable struct {
	Name  string    `json:"name"`
	Type  ua.TypeID `json:"type"` // of its value, 0 where there was none
	Array bool      `json:"array"`
}

// Variables lists the variables of the space below the Objects folder, without the server's own.
func (c *Client) Variables(ctx context.Context) ([]Variable, error) {
	seen := map[string]bool{}
	next := []*ua.NodeID{ua.NewNumericNodeID(0, id.ObjectsFolder)}
	var names []string
	for len(next) > 0 {
		var below []*ua.NodeID
		for part := range slices.Chunk(next, 100) {
			found, err := c.browse(ctx, part)
			if err != nil {
				return nil, err
			}
			for _, r := range found {
				n := r.NodeID.NodeID
				if seen[n.String()] || n.Namespace() == 0 {
					continue
				}
				seen[n.String()] = true
				below = append(below, n)
				if r.NodeClass == ua.NodeClassVariable && n.Namespace() == c.space {
					names = append(names, n.StringID())
				}
			}
		}
		next = below
	}
	slices.Sort(names)
	return c.types(ctx, names)
}

func (c *Client) browse(ctx context.Context, nodes []*ua.NodeID) ([]*ua.ReferenceDescription, error) {
	q := &ua.BrowseRequest{View: &ua.ViewDescription{ViewID: ua.NewTwoByteNodeID(0)}}
	for _, n := range nodes {
		q.NodesToBrowse = append(q.NodesToBrowse, &ua.BrowseDescription{
			NodeID: n, BrowseDirection: ua.BrowseDirectionForward, IncludeSubtypes: true, ResultMask: uint32(ua.BrowseResultMaskAll),
			ReferenceTypeID: ua.NewNumericNodeID(0, id.HierarchicalReferences), NodeClassMask: uint32(ua.NodeClassObject | ua.NodeClassVariable),
		})
	}
	res, err := c.Browse(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	var found []*ua.ReferenceDescription
	for results := res.Results; len(results) > 0; {
		var points [][]byte
		for _, r := range results {
			found = append(found, r.References...)
			if len(r.ContinuationPoint) > 0 {
				points = append(points, r.ContinuationPoint)
			}
		}
		if results = nil; len(points) > 0 {
			more, err := c.BrowseNext(ctx, &ua.BrowseNextRequest{ContinuationPoints: points})
			if err != nil {
				return nil, fmt.Errorf("browse: %w", err)
			}
			results = more.Results
		}
	}
	return found, nil
}

func (c *Client) types(ctx context.Context, names []string) ([]Variable, error) {
	var list []Variable
	for part := range slices.Chunk(names, 500) {
		res, err := c.read(ctx, part)
		if err != nil {
			return nil, err
		}
		for i, r := range res.Results {
			v := Variable{Name: part[i]}
			if r.Value != nil {
				v.Type, v.Array = r.Value.Type(), r.Value.Has(ua.VariantArrayValues)
			}
			list = append(list, v)
		}
	}
	return list, nil
}

func (c *Client) read(ctx context.Context, names []string) (*ua.ReadResponse, error) {
	q := &ua.ReadRequest{TimestampsToReturn: ua.TimestampsToReturnBoth}
	for _, name := range names {
		q.NodesToRead = append(q.NodesToRead, &ua.ReadValueID{NodeID: c.Node(name), AttributeID: ua.AttributeIDValue})
	}
	res, err := c.Read(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return res, nil
}
