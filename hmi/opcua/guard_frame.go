package opcua

import (
	"encoding/binary"
	"fmt"

	"github.com/awcullen/opcua/ua"
)

// Bounds of what is read before anybody has logged in, and of a chunk ever after.
const (
	bufferSize       = 65535
	leastBuffer      = 8192 // OPC 10000-6, 7.1.2.3
	maxEndpointURL   = 4096 // the same
	maxOpen          = 16 << 10
	maxDiscovery     = 8 << 10
	maxDiscoveries   = 16 // requests on a connection that has no security
	maxChain         = 4  // certificates
	maxChainBytes    = 8 << 10
	chunkHeader      = 8
	leastSecureChunk = 16 + 8 + 32 // headers, sequence, signature: a shorter one cannot be signed
)

// breach is why a connection is cut: what is told to the client, and what to the log.
type breach struct {
	code ua.StatusCode
	text string
}

func (b breach) Error() string { return b.text }

func breachf(code ua.StatusCode, format string, args ...any) error {
	return breach{code, fmt.Sprintf(format, args...)}
}

// stage is how far a connection has come.
type stage int

const (
	greeting stage = iota // wants HELLO
	opening               // wants OpenSecureChannel
	discovery
	secured
)

// framer watches the chunks that a client sends, by what stands in them in plain text. It is a pure value: it does no I/O.
//
// It does not decrypt: what is inside of a secured message is looked at when the library has decoded it (request.go).
type framer struct {
	stage stage
	// admit judges the certificates of a client that wants to open a channel. Own is the thumbprint of the server's.
	admit func(chain []byte) error
	own   []byte
	key   int // bytes of the server's RSA key

	most     uint32 // bytes of a chunk
	chunks   int    // since the last final one
	requests int    // without security
	policy   string
	chain    string
}

// header judges the first eight bytes of a chunk. Need is how many bytes of it whole must see before anybody else does; the
// others may pass.
func (f *framer) header(h []byte) (size, need int, err error) {
	kind, flag, length := string(h[:3]), h[3], binary.LittleEndian.Uint32(h[4:])
	want := func(least, most uint32) error {
		if flag != 'F' {
			return breachf(ua.BadTCPMessageTypeInvalid, "%q in more than one chunk", kind)
		}
		if length < least || length > most {
			return breachf(ua.BadTCPMessageTooLarge, "%q of %d bytes", kind, length)
		}
		return nil
	}
	switch {
	case f.stage == greeting && kind == "HEL":
		return int(length), int(length), want(32, 32+maxEndpointURL)
	case kind == "OPN" && f.stage != greeting:
		return int(length), int(length), want(32, min(f.most, maxOpen))
	case f.stage == discovery && (kind == "MSG" || kind == "CLO"):
		if f.requests++; f.requests > maxDiscoveries {
			return 0, 0, breachf(ua.BadTCPNotEnoughResources, "more than %d requests without security", maxDiscoveries)
		}
		return int(length), int(length), want(24, min(f.most, maxDiscovery))
	case f.stage == secured && kind == "CLO":
		return int(length), 0, want(leastSecureChunk, f.most)
	case f.stage == secured && kind == "MSG" && (flag == 'C' || flag == 'F'):
		if length < leastSecureChunk || length > f.most {
			return 0, 0, breachf(ua.BadTCPMessageTooLarge, "a chunk of %d bytes", length)
		}
		if f.chunks++; f.chunks > maxChunks {
			return 0, 0, breachf(ua.BadRequestTooLarge, "more than %d chunks without a final one", maxChunks)
		}
		if flag == 'F' {
			f.chunks = 0
		}
		return int(length), 0, nil
	}
	return 0, 0, breachf(ua.BadTCPMessageTypeInvalid, "%q is not expected here", h[:4])
}

// whole judges a chunk of which header has asked for all bytes, and moves on.
func (f *framer) whole(chunk []byte) error {
	r := &wire{rest: chunk[chunkHeader:]}
	switch {
	case f.stage == greeting:
		return f.greet(r)
	case string(chunk[:3]) == "OPN":
		return f.openChannel(r)
	}
	r.skip(8) // channel and token
	r.skip(8) // sequence
	if err := discoveryRequest(r); err != nil {
		return err
	}
	return r.end()
}

func (f *framer) greet(r *wire) error {
	r.uint32() // version
	receive, send := r.uint32(), r.uint32()
	r.skip(8) // the client's own bounds of messages and chunks
	r.text(maxEndpointURL)
	if err := r.end(); err != nil {
		return err
	}
	if receive < leastBuffer || send < leastBuffer {
		return breachf(ua.BadConnectionRejected, "buffers of %d and %d bytes", receive, send)
	}
	f.stage, f.most = opening, min(send, bufferSize)
	return nil
}

// openChannel judges an OpenSecureChannel request. A channel keeps its policy and its client for life.
func (f *framer) openChannel(r *wire) error {
	r.uint32() // channel
	policy, chain, thumbprint := r.text(128), r.text(maxChainBytes), r.text(64)
	if r.err != nil {
		return r.err
	}
	if f.stage != opening && (policy != f.policy || chain != f.chain) {
		return breachf(ua.BadSecurityChecksFailed, "a channel changed its policy or its certificate")
	}
	if policy == ua.SecurityPolicyURINone {
		if chain != "" || thumbprint != "" {
			return breachf(ua.BadSecurityChecksFailed, "a certificate without a policy")
		}
		r.skip(8) // sequence
		if err := openRequest(r); err != nil {
			return err
		}
		f.stage, f.policy = discovery, policy
		return r.end()
	}
	if weak(policy) {
		return breachf(ua.BadSecurityPolicyRejected, "policy %q", clean(policy))
	}
	if thumbprint != string(f.own) {
		return breachf(ua.BadCertificateInvalid, "meant for another server")
	}
	if n := len(r.rest); n == 0 || n%f.key != 0 || n/f.key > 8 {
		return breachf(ua.BadSecurityChecksFailed, "%d bytes are not encrypted for this server", n)
	}
	if f.stage == opening {
		if err := f.admit([]byte(chain)); err != nil {
			return err
		}
	}
	f.stage, f.policy, f.chain = secured, policy, chain
	return nil
}
