package uaguard

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"time"
)

const (
	policyNone   = "http://opcfoundation.org/UA/SecurityPolicy#None"
	policySecure = "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"

	symmetricHead = 16 // bytes before what is encrypted: kind, size, channel, token
	leastSecret   = 48 // bytes that are encrypted: sequence header, padding, a signature of 32 bytes
)

// The encodings that may be answered without security (OPC 10000-6, annex A).
const (
	serviceFault    = 397
	openResponse    = 449
	endpointsAnswer = 431
	mostEndpoints   = 100
)

// filter is the state of one connection.
type filter struct {
	*Guard
	began   time.Time
	opened  bool
	greeted bool
	chunks  int    // without a final one
	held    []byte // chunks that are held back until the message is whole
	body    []byte // and what stands in them
}

// pass returns what the client may see after this chunk, which may be nothing yet.
func (f *filter) pass(chunk []byte) ([]byte, error) {
	kind := string(chunk[:4])
	switch {
	case kind == "ERRF":
		if n := binary.LittleEndian.Uint32(chunk[12:]); n != 0xFFFFFFFF && int64(n) > int64(len(chunk)-16) {
			return nil, breach("an error message whose text is longer than itself came")
		}
		return chunk, nil
	case !f.greeted:
		f.greeted = true
		return chunk, f.greeting(chunk)
	case kind == "OPNF" && !f.opened && time.Since(f.began) > f.Patience:
		return nil, breach(fmt.Sprintf("it took more than %v to open a channel", f.Patience))
	case kind == "OPNF":
		f.opened = true
		return chunk, f.open(chunk)
	case kind == "MSGF" || kind == "MSGC" || kind == "MSGA":
		if f.chunks++; f.chunks > mostChunks {
			return nil, breach(fmt.Sprintf("more than %d chunks came without a final one", mostChunks))
		}
		if kind != "MSGC" {
			f.chunks = 0
		}
		if f.Certificate == nil {
			return f.plain(kind, chunk)
		}
		if n := len(chunk) - symmetricHead; n < leastSecret || n%16 != 0 {
			return nil, breach("a chunk came that cannot be encrypted")
		}
		return chunk, nil
	case kind == "CLOF":
		return chunk, nil
	}
	return nil, breach(fmt.Sprintf("%q came, which is no kind of message", kind))
}

// greeting puts our bounds in the place of the server's: the library takes those of an acknowledge for its own.
func (f *filter) greeting(chunk []byte) error {
	if string(chunk[:4]) != "ACKF" || len(chunk) != 28 {
		return breach("it is not OPC UA that answers")
	}
	send := binary.LittleEndian.Uint32(chunk[16:])
	if receive := binary.LittleEndian.Uint32(chunk[12:]); receive < leastBuffer || send < leastBuffer {
		return breach(fmt.Sprintf("buffers of %d and %d bytes are offered, %d are the least", receive, send, leastBuffer))
	}
	binary.LittleEndian.PutUint32(chunk[12:], mostBuffer)
	binary.LittleEndian.PutUint32(chunk[16:], min(send, mostBuffer))
	binary.LittleEndian.PutUint32(chunk[20:], f.MaxMessage)
	binary.LittleEndian.PutUint32(chunk[24:], mostChunks)
	return nil
}

// open holds that a channel is opened, and renewed, with the policy and the certificate that it was asked for with.
func (f *filter) open(chunk []byte) error {
	w := &walk{b: chunk, at: 12}
	policy, sender := string(w.text()), w.text()
	w.text() // thumbprint of ours
	if w.bad {
		return breach("the answer to opening a channel is cut short")
	}
	if f.Certificate == nil {
		if policy != policyNone || len(sender) > 0 {
			return breach("a channel without security was asked for, another is answered")
		}
		w.skip(8)
		return f.answer(w)
	}
	if policy != policySecure {
		return breach(fmt.Sprintf("the channel is answered with the policy %q", policy))
	}
	if !bytes.Equal(leaf(sender), leaf(f.Certificate)) {
		return breach("the channel is answered with another certificate than the one that is trusted")
	}
	return nil
}

// leaf is the first certificate of a chain.
func leaf(chain []byte) []byte {
	list, err := x509.ParseCertificates(chain)
	if err != nil || len(list) == 0 {
		return chain
	}
	return list[0].Raw
}

// plain holds back a message without security until it is whole and looked at.
func (f *filter) plain(kind string, chunk []byte) ([]byte, error) {
	if kind == "MSGA" {
		return nil, breach("the server took its answer back")
	}
	if len(chunk) < symmetricHead+8 || len(f.held)+len(chunk) > mostPlain {
		return nil, breach("the list of endpoints is cut short, or too long")
	}
	f.held, f.body = append(f.held, chunk...), append(f.body, chunk[symmetricHead+8:]...)
	if kind == "MSGC" {
		return nil, nil
	}
	held, body := f.held, f.body
	f.held, f.body = nil, nil
	return held, f.answer(&walk{b: body})
}

// answer checks the shape of one of the three messages that come without security.
func (f *filter) answer(w *walk) error {
	id := w.number() // a NodeId of four bytes: encoding 1, namespace 0
	w.header()
	switch id {
	case 1 | openResponse<<16:
		w.skip(4 + 4 + 4 + 8 + 4)
		w.text()
	case 1 | serviceFault<<16:
	case 1 | endpointsAnswer<<16:
		for range w.count(mostEndpoints) {
			w.endpoint()
		}
	default:
		return breach("without security it answers what was not asked")
	}
	if w.bad {
		return breach("the shape of an answer without security is not that of the standard")
	}
	return nil
}

// walk goes over an encoded message. Beyond its end, and where a bound is passed, it is bad and stays there.
type walk struct {
	b   []byte
	at  int
	bad bool
}

func (w *walk) skip(n int) []byte {
	if w.bad || n < 0 || n > len(w.b)-w.at {
		w.bad = true
		return nil
	}
	w.at += n
	return w.b[w.at-n : w.at]
}

func (w *walk) number() uint32 {
	b := w.skip(4)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

func (w *walk) byte() byte {
	b := w.skip(1)
	if b == nil {
		return 0
	}
	return b[0]
}

// text is a String or ByteString; nothing for a null one.
func (w *walk) text() []byte {
	n := int32(w.number()) //nolint:gosec // -1 is null
	if n == -1 {
		return nil
	}
	return w.skip(int(n))
}

// count is the length of a list; none for a null one.
func (w *walk) count(most int32) int32 {
	n := int32(w.number()) //nolint:gosec // -1 is null
	if n < -1 || n > most {
		w.bad = true
	}
	if w.bad {
		return 0
	}
	return max(n, 0)
}

// header is a ResponseHeader without diagnostics, texts and additions, which nobody has asked for and which nest.
func (w *walk) header() {
	w.skip(8 + 4 + 4)
	w.bad = w.byte() != 0 || w.bad
	w.count(0)
	switch w.byte() {
	case 0:
		w.bad = w.byte() != 0 || w.bad
	case 1:
		w.skip(3)
	default:
		w.bad = true
	}
	w.bad = w.byte() != 0 || w.bad
}

func (w *walk) texts(n int) {
	for range n {
		w.text()
	}
}

// endpoint is an EndpointDescription (OPC 10000-4, 7.14).
func (w *walk) endpoint() {
	w.texts(3) // address, application, product
	mask := w.byte()
	w.bad = mask > 3 || w.bad
	if mask&1 != 0 {
		w.text()
	}
	if mask&2 != 0 {
		w.text()
	}
	w.skip(4)
	w.texts(2)
	w.texts(int(w.count(mostEndpoints)))
	w.text() // certificate
	w.skip(4)
	w.text()
	for range w.count(mostEndpoints) {
		w.text()
		w.skip(4)
		w.texts(3)
	}
	w.text()
	w.skip(1)
}
