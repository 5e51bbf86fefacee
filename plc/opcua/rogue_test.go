package opcua_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"linectl/plc"
	"linectl/plc/opcua"
	"linectl/plc/tags"
)

// TestARogueDeviceEndsADialNotTheProcess lets something answer that is no OPC UA server, or a bad one: the dial ends in time,
// with an error that claims nothing.
func TestARogueDeviceEndsADialNotTheProcess(t *testing.T) {
	identity, err := opcua.CreateIdentity("urn:test:linectl", "linectl test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	acknowledge := []byte("ACKF\x1c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	greet := func(receive, send uint32) []byte { return chunk("ACKF", number(nil, 0, receive, send, 0, 0)) }
	for name, answers := range map[string][][]byte{
		"hangs up":                        {{}},
		"says nothing":                    {nil},
		"speaks HTTP":                     {[]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")},
		"sends an error":                  {[]byte("ERRF\x14\x00\x00\x00\x00\x00\x0d\x80\x04\x00\x00\x00busy")},
		"announces four gigabytes":        {[]byte("ACKF\xff\xff\xff\xff")},
		"announces less than nothing":     {[]byte("ACKF\x00\x00\x00\x00")},
		"greets with no buffer":           {greet(0, 65535), nil},
		"greets with tiny buffers":        {greet(9, 9), nil},
		"greets with huge buffers":        {greet(0xffffffff, 0xffffffff), []byte("OPNF\xff\xff\xff\x7f\x00\x00\x00\x00")},
		"then sends nothing but its kind": {greet(65535, 65535), chunk("OPNF", number(nil, 1))},
		"then says nothing":               {acknowledge, nil},
		"then hangs up":                   {acknowledge, {}},
		"then sends garbage":              {acknowledge, []byte("OPNF\x20\x00\x00\x00garbagegarbagegarbagegar")},
		"then announces gigabytes":        {acknowledge, []byte("OPNF\xff\xff\xff\x7f\x00\x00\x00\x00")},
		"then sends an endless chunk":     {acknowledge, append([]byte("OPNC\x00\x00\x01\x00"), make([]byte, 1<<16)...)},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			go rogue(l, answers)
			givesUp(t, l, identity)
		})
	}
}

// givesUp dials what listens, which is no device, and asks that it is given up in time and called neither reachable nor misconfigured.
func givesUp(t *testing.T, l net.Listener, identity opcua.Identity) {
	t.Helper()
	d := &opcua.Dialer{Address: l.Addr().String(), Map: layout(tags.FaceMethod), Identity: identity, User: user, Password: password}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := d.Dial(ctx); err == nil || plc.Classify(err) != plc.Unknown {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v to give up", took)
	}
}

// TestADripEndsADial: a device that answers byte by byte takes no longer than one that is silent.
func TestADripEndsADial(t *testing.T) {
	identity, err := opcua.CreateIdentity("urn:test:linectl", "linectl test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		c, err := l.Accept()
		for _, b := range chunk("OPNF", make([]byte, 1000)) { // never ends in the time of this test
			if err != nil {
				return
			}
			_, err = c.Write([]byte{b})
			time.Sleep(20 * time.Millisecond)
		}
	}()
	givesUp(t, l, identity)
}

// rogue answers what it reads with the next answer: nothing said for nil, hung up for an empty one.
func rogue(l net.Listener, answers [][]byte) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = c.Close() }()
			b := make([]byte, 1<<16)
			for _, a := range answers {
				if _, err := c.Read(b); err != nil {
					return
				}
				if a != nil && len(a) == 0 {
					return
				}
				if _, err := c.Write(a); err != nil {
					return
				}
			}
			_, _ = io.Copy(io.Discard, c)
		}()
	}
}
