package opcua

import (
	"encoding/binary"
	"slices"

	"github.com/awcullen/opcua/ua"
)

// wire reads the OPC UA binary encoding (OPC 10000-6, 5.2) of the few requests that a stranger may send. No length is
// believed: it never takes memory for what is not there, and never recurses. After an error everything is empty.
type wire struct {
	rest []byte
	err  error
}

func (r *wire) skip(n int) []byte {
	if r.err == nil && (n < 0 || n > len(r.rest)) {
		r.err = breachf(ua.BadDecodingError, "%d bytes are announced and %d are there", n, len(r.rest))
	}
	if r.err != nil {
		return nil
	}
	head := r.rest[:n]
	r.rest = r.rest[n:]
	return head
}

func (r *wire) byte() byte {
	if b := r.skip(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *wire) uint16() uint16 {
	if b := r.skip(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *wire) uint32() uint32 {
	if b := r.skip(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// text reads a String or a ByteString.
func (r *wire) text(most int) string {
	n := int32(r.uint32()) //nolint:gosec // the encoding is signed
	if r.err == nil && int(n) > most {
		r.err = breachf(ua.BadTCPMessageTooLarge, "a text of %d bytes", n)
	}
	if n < 0 || r.err != nil {
		return ""
	}
	return string(r.skip(int(n)))
}

// texts reads an array of String.
func (r *wire) texts(most int) {
	n := int32(r.uint32()) //nolint:gosec // the encoding is signed
	if r.err == nil && int(n) > most {
		r.err = breachf(ua.BadTCPMessageTooLarge, "a list of %d", n)
	}
	for range max(n, 0) {
		if r.err != nil {
			return
		}
		r.text(maxEndpointURL)
	}
}

// nodeID reads a NodeId, and returns its number if it is a numeric one of namespace 0.
func (r *wire) nodeID() uint32 { return r.nodeIDOf(r.byte()) }

func (r *wire) nodeIDOf(encoding byte) uint32 {
	switch encoding {
	case 0:
		return uint32(r.byte())
	case 1:
		space, id := r.byte(), r.uint16()
		if space == 0 {
			return uint32(id)
		}
	case 2:
		space, id := r.uint16(), r.uint32()
		if space == 0 {
			return id
		}
	case 3, 5:
		r.skip(2)
		r.text(maxEndpointURL)
	case 4:
		r.skip(18)
	default:
		r.fail("no NodeId")
	}
	return 0
}

func (r *wire) fail(text string) {
	if r.err == nil {
		r.err = breachf(ua.BadDecodingError, "%s", text)
	}
}

// requestHeader reads the header of every request (OPC 10000-4, 7.32). What it may carry in addition is refused: it is an
// object of any type, and nobody needs it here.
func (r *wire) requestHeader() {
	r.nodeID()             // authentication token
	r.skip(8 + 4 + 4)      // timestamp, handle, diagnostics
	r.text(maxEndpointURL) // audit entry
	r.skip(4)              // timeout
	r.nodeID()
	if r.byte() != 0 {
		r.fail("an additional header")
	}
}

// end reports the error, or that there is more than was asked for.
func (r *wire) end() error {
	if len(r.rest) > 0 {
		r.fail("there are bytes behind the end")
	}
	return r.err
}

// The numbers of the requests that need no security (OPC 10000-6, Annex A).
const (
	findServers  = 422
	getEndpoints = 428
	openSecure   = 446
	closeSecure  = 452
)

// openRequest judges an OpenSecureChannel that asks for no security.
func openRequest(r *wire) error {
	if id := r.nodeID(); id != openSecure {
		r.fail("not an OpenSecureChannel")
	}
	r.requestHeader()
	r.skip(4 + 4) // version, issue or renew
	if mode := ua.MessageSecurityMode(r.uint32()); r.err == nil && mode != ua.MessageSecurityModeNone {
		return breachf(ua.BadSecurityModeRejected, "security mode %d without a policy", mode)
	}
	r.text(64) // nonce
	r.skip(4)  // lifetime
	return r.err
}

// discoveryRequest judges what may be asked without security: which servers and endpoints there are.
func discoveryRequest(r *wire) error {
	id := r.nodeID()
	if r.err == nil && !slices.Contains([]uint32{findServers, getEndpoints, closeSecure}, id) {
		return breachf(ua.BadSecurityPolicyRejected, "request %d without security", id)
	}
	r.requestHeader()
	if id != closeSecure {
		r.text(maxEndpointURL)
		r.texts(32) // locales
		r.texts(32) // profiles or servers
	}
	return r.err
}
