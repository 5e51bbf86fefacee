// Package control is the local way into a running supervisor: HTTP and JSON over a Unix socket that only its owner may
// open, so that curl --unix-socket can read it. It carries requests in and two streams out: snapshots, of which the latest
// wins, and events, the journal itself, of which none is lost.
//
// It does not decide anything, keep anything or know who may do what: the supervisor behind it answers. It only finds out who
// asks: a person with a session, or else the user of this computer who has opened the socket. It listens on no network port.
//
//	GET  /v1/snapshot          the line now
//	GET  /v1/snapshots         the same, again at every change; one a line
//	GET  /v1/events?from=SEQ   the journal from SEQ on and then as it grows; one entry a line
//	POST /v1/requests          {"id","by","why","command":{"kind":…}} → {"request","accepted","text"}
//	POST /v1/login             {"user","password","source"} → {"token","user","roles","expires"}
//	                           or {"certificate","source"}: a thumbprint of whose key the caller has seen a signature
//	POST /v1/logout            ends the session
//	GET  /v1/session           the session, with the roles of now; prolongs it
//	GET  /v1/users             the accounts; for Admin
//	POST /v1/users             {"user","roles","password","why"} → as for requests
//	POST /v1/password          {"user","old","password","why","source"} → as for requests
//	POST /v1/setup             {"token","user","password"} → as for requests; once, for the first account
//
// A request that goes with a session has the header "Authorization: Bearer TOKEN".
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"linectl/accounts"
	"linectl/line"
)

// Line is what the server asks of the supervisor. Its methods are called from many goroutines at once.
type Line interface {
	// Do hands a request to the line and waits for the answer, which is recorded before it is given. An error means that
	// nothing is known of the request: the line is stopping or did not take it in time.
	Do(ctx context.Context, r line.Request) (line.Reply, error)
	// Snapshot returns the latest snapshot.
	Snapshot() line.Snapshot
	// Changed returns a channel that is closed when a newer snapshot is there. Ask for it before Snapshot, or miss one.
	Changed() <-chan struct{}
}

// Journal is what the server asks of the store: up to limit entries from a sequence number on, in order.
type Journal interface {
	Entries(ctx context.Context, from uint64, limit int) ([]line.Entry, error)
}

const (
	requestTimeout = 10 * time.Second       // from a request's body to its answer
	writeTimeout   = 5 * time.Second        // for one line of a stream; a reader slower than this is cut off
	eventPage      = 256                    // entries read at once
	idleEvents     = time.Second            // the journal is asked again after this even if no snapshot came
	snapshotPause  = 100 * time.Millisecond // between two snapshots of a stream
)

// Server answers on the control socket.
type Server struct {
	Line    Line
	Journal Journal
	Log     *slog.Logger
	Keeper  *accounts.Keeper // of passwords and sessions; without one nobody logs in
}

// Serve answers until ctx ends, then cuts the streams and lets open requests finish for up to two seconds. It closes the
// listener. The error is nil after an orderly end.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler:           s.Handler(ctx),
		ConnContext:       withPeer,
		ReadHeaderTimeout: 2 * time.Second,
		ReadTimeout:       5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("control socket: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := h.Shutdown(stop)
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("control socket: some callers did not finish: %w", errors.Join(err, h.Close()))
	}
	return nil
}

// Handler returns the routes. Streams end with ctx, requests with their caller.
func (s *Server) Handler(ctx context.Context) http.Handler {
	until := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			both, cancel := context.WithCancel(r.Context())
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			h(w, r.WithContext(both))
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/snapshot", s.snapshot)
	mux.HandleFunc("GET /v1/snapshots", until(s.snapshots))
	mux.HandleFunc("GET /v1/events", until(s.events))
	mux.HandleFunc("POST /v1/requests", s.requests)
	mux.HandleFunc("POST /v1/login", until(s.logIn))
	mux.HandleFunc("POST /v1/logout", s.logOut)
	mux.HandleFunc("GET /v1/session", s.session)
	mux.HandleFunc("GET /v1/users", s.users)
	mux.HandleFunc("POST /v1/users", until(s.addUser))
	mux.HandleFunc("POST /v1/password", until(s.setPassword))
	mux.HandleFunc("POST /v1/setup", until(s.setUp))
	return mux
}

func (s *Server) snapshot(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.Line.Snapshot())
}

func (s *Server) requests(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequest))
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("request: %w", err))
		return
	}
	request, err := DecodeRequest(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	if request, err = s.asker(r, request); err != nil {
		refuse(w, http.StatusUnauthorized, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	reply, err := s.Line.Do(ctx, request)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, fmt.Errorf("no answer from the line, and so nobody knows whether it was done; look at the status before asking again with the same id: %w", err))
		return
	}
	switch request.Command.(type) {
	case line.ChangeRoles, line.DisableUser, line.BindCertificate: // whoever asks next for the accounts sees it
		pause(ctx, s.Line.Changed(), time.Second)
	default:
	}
	answerReply(w, reply)
}

func answerReply(w http.ResponseWriter, reply line.Reply) {
	if reply.Accepted {
		answer(w, http.StatusOK, reply)
		return
	}
	answer(w, http.StatusConflict, reply)
}

func (s *Server) snapshots(w http.ResponseWriter, r *http.Request) {
	out := newStream(w)
	for {
		changed := s.Line.Changed()
		body, err := json.Marshal(s.Line.Snapshot())
		if err != nil || out.line(body) != nil || out.flush() != nil {
			return
		}
		if !pause(r.Context(), nil, snapshotPause) || !pause(r.Context(), changed, 0) {
			return
		}
	}
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	from := uint64(1)
	if text := r.URL.Query().Get("from"); text != "" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil || n == 0 {
			refuse(w, http.StatusBadRequest, fmt.Errorf("from=%q is no sequence number; the first entry is 1", text))
			return
		}
		from = n
	}
	out := newStream(w)
	for {
		changed := s.Line.Changed()
		entries, err := s.Journal.Entries(r.Context(), from, eventPage)
		if err != nil {
			if r.Context().Err() == nil {
				s.Log.Error("journal not readable for a stream", "from", from, "err", err)
			}
			return
		}
		for _, e := range entries {
			body, err := EncodeEvent(e)
			if err != nil || out.line(body) != nil {
				return
			}
			from = e.Seq + 1
		}
		if out.flush() != nil {
			return
		}
		if len(entries) < eventPage && !pause(r.Context(), changed, idleEvents) {
			return
		}
	}
}

// pause waits for the channel, at most for the given time (0 = as long as it takes), and reports whether to go on.
func pause(ctx context.Context, changed <-chan struct{}, most time.Duration) bool {
	var late <-chan time.Time
	if most > 0 {
		t := time.NewTimer(most)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-changed:
	case <-late:
	}
	return true
}

// stream writes lines with a deadline each, so that a reader who stopped reading costs nobody anything.
type stream struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func newStream(w http.ResponseWriter) stream {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	return stream{w, http.NewResponseController(w)}
}

func (s stream) line(body []byte) error {
	if err := s.c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_, err := s.w.Write(append(body, '\n'))
	return err
}

func (s stream) flush() error { return s.c.Flush() }

func answer(w http.ResponseWriter, code int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n')) // the caller has gone: nobody is left to tell
}

// refusal is the body of every answer that is no reply.
type refusal struct {
	Error string `json:"error"`
}

func refuse(w http.ResponseWriter, code int, err error) { answer(w, code, refusal{err.Error()}) }
