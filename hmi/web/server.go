package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed static/*
var staticFiles embed.FS

// Bounds of the HTTP server.
const (
	maxHeader   = 16 << 10
	maxBody     = 16 << 10
	readTime    = 15 * time.Second
	answerTime  = 70 * time.Second // a login may wait
	idleTime    = 2 * time.Minute
	sweepEvery  = time.Minute
	maxLogins   = 8 // that wait at a time
	endPatience = 3 * time.Second
)

// Options of a server.
type Options struct {
	Gate    *Gate
	Secure  bool // the listener speaks TLS
	Version string
	Log     *slog.Logger
}

// Server is the HMI for browsers.
type Server struct {
	o         Options
	secure    bool
	texts     catalogue
	templates templates
	static    string // prefix of the URLs of our own files: it changes when they do
	sessions  sessions
	logins    chan struct{}
}

// NewServer makes a server.
func NewServer(o Options) (*Server, error) {
	s := &Server{o: o, secure: o.Secure, logins: make(chan struct{}, maxLogins)}
	sum := sha256.New()
	err := fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := staticFiles.ReadFile(name)
		sum.Write(body)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("own files: %w", err)
	}
	s.static = "/static/" + hex.EncodeToString(sum.Sum(nil))[:12] + "/"
	if s.texts, err = loadCatalogue(); err != nil {
		return nil, err
	}
	s.templates, err = loadTemplates(s.static)
	return s, err
}

// Handler answers every request.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", s.askLogin)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.HandleFunc("POST /language", s.language)
	mux.HandleFunc("POST /wake", s.wake)
	mux.HandleFunc("POST /touch", s.touched)
	mux.HandleFunc("POST /call", s.call)
	mux.HandleFunc("GET /live", s.live)
	mux.HandleFunc("GET /part.json", s.partJSON)
	mux.HandleFunc("GET /part.csv", s.partCSV)
	mux.HandleFunc("GET /static/", s.file)
	mux.HandleFunc("GET /", s.page)
	return s.guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard sets what every answer says, bounds what every request may bring, and turns away requests for another host: a name that
// somebody else's DNS has pointed at this address.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		} else if !loopback(r.Host) {
			http.Error(w, "this HMI is for this computer only: use localhost", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// loopback reports whether a host, with or without a port, is this computer by its own name or address.
func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Close ends every session and waits for their connections to the gateway. Serve does it at its end.
func (s *Server) Close() { s.sessions.closeAll() }

// Serve answers on a listener until ctx ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: readTime, ReadTimeout: readTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	defer s.Close()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("HMI: %w", err)
		case now := <-sweep.C:
			s.sessions.sweep(now)
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
			defer cancel()
			if err := server.Shutdown(end); err != nil {
				_ = server.Close() // whoever still listens is cut off
			}
			if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("HMI: %w", err)
			}
			return nil
		}
	}
}

// file serves our own files. Their address changes when they do, so a browser may keep them.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, s.static)
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeFileFS(w, r, staticFiles, "static/"+name)
}

// page serves a whole page.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	o, _ := s.sessions.of(r, s.secure, now)
	page, arg := find(r.URL.Path)
	switch {
	case page == nil:
		http.NotFound(w, r)
	case o == nil:
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	default:
		o.touch(now)
		f, err := s.turn(r.Context(), o, page, arg, r.URL)
		if other, ok := errors.AsType[elsewhere](err); ok {
			http.Redirect(w, r, string(other), http.StatusSeeOther)
			return
		}
		var body []byte
		ok := true
		if err == nil {
			body, ok, err = s.paint("page", o, page, arg, r.URL, f, time.Now())
		}
		s.answer(w, r, body, ok, err)
	}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte, ok bool, err error) {
	switch {
	case err != nil:
		s.o.Log.Error("page", "path", r.URL.Path, "err", err)
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(body) // a browser that is gone needs no page
	}
}

// view is what a page is made of, without the model.
func (s *Server) view(o *session, page *Page, arg string, where *url.URL, now time.Time) *View {
	return &View{
		Now: now, Lang: languageOf(o.language()), User: o.user, Page: page, Path: where.Path, Arg: arg, Query: where.Query(),
		Asleep: o.asleep(now), texts: s.texts, Version: s.o.Version,
	}
}

// paint makes a page, or the part of it that lives, from the model as it is and from what was read of the records.
func (s *Server) paint(part string, o *session, page *Page, arg string, where *url.URL, f *leaf, now time.Time) (body []byte, ok bool, err error) {
	v := s.view(o, page, arg, where, now)
	v.Leaf = f
	o.link.see(func(m *Model) {
		v.Model = m
		body, ok, err = s.templates.render(part, v)
	})
	return body, ok, err
}
