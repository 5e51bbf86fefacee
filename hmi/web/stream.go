package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Times of a stream.
const (
	beatEvery  = time.Second
	paintEvery = 60 * time.Millisecond // at most so often; what changes in between is seen at the next
	writeTime  = 5 * time.Second       // a browser that takes nothing for so long is cut off
)

// patch is what changes in a page, by its lines: all of them, or those that are others now.
type patch struct {
	All  []string       `json:"all,omitempty"`
	Some map[int]string `json:"some,omitempty"`
}

// difference returns how to come from one text to another, and whether there is anything to do.
func difference(old, now []string) (patch, bool) {
	if len(old) != len(now) {
		return patch{All: now}, true
	}
	some := map[int]string{}
	for i := range now {
		if now[i] != old[i] {
			some[i] = now[i]
		}
	}
	return patch{Some: some}, len(some) > 0
}

// live sends a page's changes for as long as the browser listens. There is no queue: each paint shows the line as it is then.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	o, _ := s.sessions.of(r, s.secure, time.Now())
	where, err := url.Parse(r.URL.Query().Get("page"))
	if o == nil || err != nil {
		http.Error(w, "log in", http.StatusUnauthorized)
		return
	}
	page, arg := find(where.Path)
	if page == nil {
		http.Error(w, "no such page", http.StatusNotFound)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer o.stream(cancel)()
	changed, stop := o.link.watch()
	defer stop()
	newest, gather := s.follow(ctx, o, page, arg, where), paintEvery
	if page.Read != nil {
		gather = leafPaint
	}
	out := &events{w: w, c: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	var shown []string
	for {
		now := time.Now()
		if o.ended(now) {
			_ = out.send("over", "{}") // the browser may be gone too
			return
		}
		body, ok, err := s.paint("live", o, page, arg, where, newest.Load(), now)
		if err != nil || !ok {
			s.o.Log.Error("page", "path", where.Path, "err", err)
			return
		}
		lines := strings.Split(string(body), "\n")
		if p, others := difference(shown, lines); others {
			text, err := json.Marshal(p)
			if err != nil || out.send("page", string(text)) != nil {
				return
			}
			shown = lines
		}
		if !out.pause(ctx, o.over, changed, beat.C, gather) {
			return
		}
	}
}

// events writes server-sent events.
type events struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (e *events) send(name, data string) error {
	_ = e.c.SetWriteDeadline(time.Now().Add(writeTime)) // where it cannot be set, the server's own holds
	if _, err := fmt.Fprintf(e.w, "event: %s\ndata: %s\n\n", name, data); err != nil {
		return err
	}
	return e.c.Flush()
}

// pause waits for the next paint: a change, after a moment in which others may join it, or a beat. It returns false at the end.
func (e *events) pause(ctx context.Context, over <-chan struct{}, changed <-chan struct{}, beat <-chan time.Time, gather time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-over:
		_ = e.send("over", "{}") // the browser may be gone too
		return false
	case <-beat:
		return e.send("beat", "{}") == nil
	case <-changed:
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(gather):
	}
	select {
	case <-beat:
		return e.send("beat", "{}") == nil
	default:
		return true
	}
}
