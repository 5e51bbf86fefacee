package opcua

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/awcullen/opcua/ua"
)

// Serve listens until ctx ends, on the one address that was configured. Clients that are connected then are cut off after three
// seconds, as the library does it.
func (s *Server) Serve(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.o.Address)
	if err != nil {
		return fmt.Errorf("OPC UA server: %w; choose another address with --listen", err)
	}
	own, key, err := s.o.PKI.own()
	if err != nil {
		return err
	}
	g := newGuard(s.o.Log, framer{own: own, key: key, admit: s.o.PKI.admit})
	markRunning(s.server)
	halt := sync.OnceFunc(func() {
		_ = s.server.Close() // it lets clients read for three seconds that it ends
		_ = l.Close()
	})
	defer context.AfterFunc(ctx, halt)()
	tidying, stop := context.WithCancel(ctx)
	defer stop()
	go s.tidy(tidying)
	g.serve(l, s.attend)
	halt()
	s.server.WorkerPool().StopWait()
	return nil
}

// attend lets the library serve one connection. A panic ends that connection and nothing else.
func (s *Server) attend(c *guarded) {
	defer s.contain("connection of "+c.host(), func() {})
	ch := newChannel(s.server, c)
	if ch.open() != nil {
		return
	}
	if c.frame.stage == secured {
		c.guard.channelOpened(c)
	}
	for {
		req, id, err := ch.read()
		if err != nil {
			return
		}
		if reason := s.inspect(c, req); reason != ua.Good {
			err = ch.fault(req, id, reason)
		} else if answered, failed := s.answerHistory(ch, req, id); answered {
			err = failed
		} else {
			err = ch.handle(req, id)
			s.note(c, ch, req)
		}
		if err != nil {
			return
		}
	}
}
