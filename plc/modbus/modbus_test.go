package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linectl/line"
	"linectl/plc"
	"linectl/plc/tags"
)

// device is a TCP server that answers each request with whatever the test says, well-formed or not.
type device struct {
	net.Listener
	answer   atomic.Pointer[func(request []byte) []byte]
	requests chan []byte
	drip     atomic.Bool // a byte of the answer at a time, 20 ms from one to the next
}

// serve starts a device. The answer may be changed while it runs; nil bytes mean silence.
func serve(t testing.TB, answer func([]byte) []byte) *device {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	d := &device{Listener: l, requests: make(chan []byte, 1000)}
	d.answer.Store(&answer)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go d.talk(c)
		}
	}()
	return d
}

func (d *device) says(answer func([]byte) []byte) { d.answer.Store(&answer) }

func (d *device) talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	for {
		head := make([]byte, 6)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint16(head[4:]))
		if _, err := io.ReadFull(c, body); err != nil {
			return
		}
		request := append(head, body...)
		select {
		case d.requests <- request:
		default:
		}
		b := (*d.answer.Load())(request)
		if b == nil {
			continue
		}
		for d.drip.Load() && len(b) > 1 {
			if _, err := c.Write(b[:1]); err != nil {
				return
			}
			b = b[1:]
			time.Sleep(20 * time.Millisecond)
		}
		if _, err := c.Write(b); err != nil || len(b) == 0 {
			return
		}
	}
}

// frame builds an answer to a request with a right length.
func frame(request []byte, pdu ...byte) []byte {
	b := append([]byte{}, request[:4]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(pdu)+1))
	return append(append(b, request[6]), pdu...)
}

// good answers as a device does that stands still in Idle.
func good(request []byte) []byte {
	if request[7] == 16 {
		return frame(request, request[7:12]...)
	}
	return frame(request, statusPDU(tags.Status{RetainID: 7, Part: "EV-P1-000001"}, 2)...)
}

func statusPDU(s tags.Status, head uint16) []byte {
	pdu := []byte{3, 2 * tags.StatusRegisters}
	for _, w := range s.Encode(head, tags.ABCD) {
		pdu = binary.BigEndian.AppendUint16(pdu, w)
	}
	return pdu
}

func dialer(d *device) *Dialer {
	return &Dialer{Address: d.Addr().String(), Map: tags.DefaultModbusMap, Timeout: 400 * time.Millisecond}
}

func open(t *testing.T, d *device) plc.Conn {
	t.Helper()
	c, err := dialer(d).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestBlocksTravelWhole(t *testing.T) {
	d := serve(t, good)
	c := open(t, d)
	cmd := tags.Command{Token: line.NewToken(17, 90122), Fence: 17, BootEpoch: 3, Op: tags.OpExecute, Task: 41, Part: "EV-P1-000001", Index: 9}
	if err := c.Write(t.Context(), cmd); err != nil {
		t.Fatal(err)
	}
	<-d.requests // the read by which the dialer proves the device
	request := <-d.requests
	if request[7] != 16 || binary.BigEndian.Uint16(request[8:]) != 0 || binary.BigEndian.Uint16(request[10:]) != tags.CommandRegisters {
		t.Fatalf("the command went out as % x, want one FC16 of 65 registers at 0", request[:13])
	}
	got, err := tags.DecodeCommand(words(request[13:]), tags.ABCD)
	if err != nil || got != cmd {
		t.Fatalf("the device understood %+v, %v; want %+v", got, err, cmd)
	}
	s, err := c.Read(t.Context())
	if err != nil || s.RetainID != 7 || s.Part != "EV-P1-000001" {
		t.Fatalf("read %+v, %v", s, err)
	}
}

// TestMisbehaviourIsSortedRight gives wrong answers to a read and a write and asks what may be concluded of each, and whether
// the connection may be used again.
func TestMisbehaviourIsSortedRight(t *testing.T) {
	exception := func(code byte) func([]byte) []byte {
		return func(r []byte) []byte { return frame(r, r[7]|0x80, code) }
	}
	for name, tt := range map[string]struct {
		answer func([]byte) []byte
		class  plc.Class
	}{
		"exception 1, illegal function":   {exception(1), plc.Configuration},
		"exception 2, illegal address":    {exception(2), plc.Configuration},
		"exception 3, illegal value":      {exception(3), plc.Configuration},
		"exception 4, device failure":     {exception(4), plc.Passing},
		"exception 5, acknowledge":        {exception(5), plc.Passing},
		"exception 6, busy":               {exception(6), plc.Passing},
		"exception 10, gateway":           {exception(10), plc.Passing},
		"exception 11, gateway target":    {exception(11), plc.Passing},
		"exception to another function":   {func(r []byte) []byte { return frame(r, 0x81, 2) }, plc.Unknown},
		"exception without a code":        {func(r []byte) []byte { return frame(r, r[7]|0x80) }, plc.Unknown},
		"answer of another function":      {func(r []byte) []byte { return frame(r, 4, 2, 0, 1) }, plc.Unknown},
		"a short answer that adds up":     {func(r []byte) []byte { return frame(r, r[7], 2, 0, 1) }, plc.Unknown},
		"byte count beyond the data":      {func(r []byte) []byte { return frame(r, r[7], 218, 0, 1) }, plc.Unknown},
		"function code alone":             {func(r []byte) []byte { return frame(r, r[7]) }, plc.Unknown},
		"another transaction":             {func(r []byte) []byte { b := good(r); b[1]++; return b }, plc.Unknown},
		"another unit":                    {func(r []byte) []byte { b := good(r); b[6]++; return b }, plc.Unknown},
		"another protocol":                {func(r []byte) []byte { b := good(r); b[3]++; return b }, plc.Unknown},
		"length zero":                     {func(r []byte) []byte { return append(r[:4:4], 0, 0, r[6]) }, plc.Unknown},
		"length one":                      {func(r []byte) []byte { return append(r[:4:4], 0, 1, r[6]) }, plc.Unknown},
		"length beyond all frames":        {func(r []byte) []byte { return append(r[:4:4], 0xFF, 0xFF, r[6]) }, plc.Unknown},
		"garbage":                         {func([]byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, plc.Unknown},
		"silence":                         {func([]byte) []byte { return nil }, plc.Unknown},
		"the connection is closed":        {func([]byte) []byte { return []byte{} }, plc.Unknown},
		"the frame ends in the middle":    {func(r []byte) []byte { return good(r)[:9] }, plc.Unknown},
		"the frame ends after the header": {func(r []byte) []byte { return good(r)[:7] }, plc.Unknown},
	} {
		for _, what := range []string{"read", "write"} {
			t.Run(name+", to a "+what, func(t *testing.T) {
				t.Parallel()
				d := serve(t, good)
				c := open(t, d)
				d.says(tt.answer)
				err := do(t.Context(), c, what)
				if err == nil {
					t.Fatal("it passed for a good answer")
				}
				if got := plc.Classify(err); got != tt.class {
					t.Errorf("class %v, want %v: %v", got, tt.class, err)
				}
				if !strings.Contains(err.Error(), d.Addr().String()) {
					t.Errorf("the error does not say where: %v", err)
				}
				d.says(good)
				err = do(t.Context(), c, what)
				if usable := err == nil; usable != (tt.class == plc.Passing || tt.class == plc.Configuration) {
					t.Errorf("afterwards: %v", err)
				}
			})
		}
	}
}

func do(ctx context.Context, c plc.Conn, what string) error {
	if what == "write" {
		return c.Write(ctx, tags.Command{Op: tags.OpQuery})
	}
	_, err := c.Read(ctx)
	return err
}

func TestALateAnswerIsNeverTakenForTheNext(t *testing.T) {
	d := serve(t, good)
	dl := dialer(d)
	c, err := dl.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := tags.Status{RetainID: 666}
	d.says(func(r []byte) []byte {
		time.Sleep(500 * time.Millisecond)
		return frame(r, statusPDU(old, 2)...)
	})
	if _, err := c.Read(t.Context()); err == nil {
		t.Fatal("the late answer came in time; the test shows nothing")
	}
	d.says(good)
	if _, err := c.Read(t.Context()); !errors.Is(err, errClosed) {
		t.Fatalf("the connection is used again after a missed answer: %v", err)
	}
	_ = c.Close()
	time.Sleep(200 * time.Millisecond)
	c, err = dl.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if s, err := c.Read(t.Context()); err != nil || s.RetainID != 7 {
		t.Fatalf("read %d, %v; want the present block", s.RetainID, err)
	}
}

// A device that answers byte by byte, each of them in time, is as late as one that does not answer: the time is for the whole answer.
func TestADripIsNoAnswer(t *testing.T) {
	d := serve(t, good)
	c := open(t, d)
	d.drip.Store(true)
	began := time.Now()
	if _, err := c.Read(t.Context()); err == nil {
		t.Fatal("the block came byte by byte, in four seconds, and is believed")
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the answer would have taken 4.5 s, the time for it is 400 ms, and it was waited for %v", took)
	}
	if _, err := c.Read(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("the connection is used again: %v", err)
	}
	d.drip.Store(false)
	if s, err := open(t, d).Read(t.Context()); err != nil || s.RetainID != 7 {
		t.Errorf("a new connection reads %d, %v", s.RetainID, err)
	}
}

func TestTransactionNumbersGoOnAcrossConnections(t *testing.T) {
	d := serve(t, good)
	dl := dialer(d)
	last := -1
	for range 3 {
		c, err := dl.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if id := int(binary.BigEndian.Uint16(<-d.requests)); id <= last {
			t.Fatalf("transaction %d after %d", id, last)
		} else {
			last = id
		}
	}
}

func TestATornBlockIsReadAgain(t *testing.T) {
	d := serve(t, good)
	c := open(t, d)
	torn := 2
	d.says(func(r []byte) []byte {
		pdu := statusPDU(tags.Status{RetainID: 9}, 4)
		if torn--; torn >= 0 {
			pdu[3]++ // odd head: it is being written
		}
		return frame(r, pdu...)
	})
	if s, err := c.Read(t.Context()); err != nil || s.RetainID != 9 {
		t.Fatalf("read %+v, %v", s, err)
	}
	torn = 100
	if _, err := c.Read(t.Context()); !errors.Is(err, tags.ErrTorn) || plc.Classify(err) != plc.Passing {
		t.Fatalf("a block that never becomes whole: %v", err)
	}
}

func TestAWrongMapIsNamed(t *testing.T) {
	d := serve(t, good)
	dl := dialer(d)
	dl.Map.Order = tags.CDAB
	_, err := dl.Dial(t.Context())
	if _, ok := errors.AsType[*plc.ConfigurationError](err); !ok {
		t.Fatalf("wrong word order: %v", err)
	}
	for _, want := range []string{"in the order ABCD, the tag map says CDAB", "correct word_order, status_base or address of this device in line.yaml"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	dl = dialer(d)
	dl.Map.Unit = 0
	if _, err := dl.Dial(t.Context()); plc.Classify(err) != plc.Configuration {
		t.Errorf("unit 0: %v", err)
	}
}

func TestNobodyListensThere(t *testing.T) {
	d := serve(t, good)
	dl := dialer(d)
	_ = d.Close()
	if _, err := dl.Dial(t.Context()); err == nil || plc.Classify(err) != plc.Unknown {
		t.Fatalf("got %v", err)
	}
}

// FuzzAnswer lets a hostile device answer with any bytes: no panic, and never a status out of a wrong frame.
func FuzzAnswer(f *testing.F) {
	request := []byte{0, 1, 0, 0, 0, 6, 1, 3, 3, 0xE8, 0, 109}
	f.Add(good(request))
	f.Add(frame(request, 0x83, 2))
	f.Add(frame(request, 3))
	f.Add([]byte{0, 1, 0, 0, 0, 0, 1})
	var bytes []byte
	d := serve(f, func(r []byte) []byte { return append(r[:2:2], bytes...) })
	dl := dialer(d)
	dl.Timeout = 5 * time.Millisecond
	f.Fuzz(func(t *testing.T, answer []byte) {
		bytes = append([]byte{}, answer[min(2, len(answer)):]...)
		c, err := dl.Dial(t.Context())
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		if len(answer) < 9+2*tags.StatusRegisters {
			t.Fatalf("%d bytes passed for a status block", len(answer))
		}
		_ = c.Write(t.Context(), tags.Command{Op: tags.OpQuery})
	})
}
