package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// commandHeader must stand on every request that commands something: a form of another site cannot set it.
const commandHeader = "X-Linectl"

// loginPage is what the login shows.
type loginPage struct {
	Lang   Language
	Said   string // why the last try failed
	User   string
	Next   string
	Secure bool
	texts  catalogue
}

// T says a text in the page's language.
func (p *loginPage) T(english string, words ...any) string {
	return p.texts.say(p.Lang.Code, english, words...)
}

// Languages lists the languages to choose from.
func (p *loginPage) Languages() []Language { return Languages }

// Languages lists the languages to choose from.
func (v *View) Languages() []Language { return Languages }

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, p *loginPage, status int) {
	p.texts, p.Secure = s.texts, s.secure
	var b bytes.Buffer
	if err := s.templates["login"].ExecuteTemplate(&b, "login", p); err != nil {
		s.answer(w, r, nil, true, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a browser that is gone needs no page
}

// preferred returns the language that a browser asks for.
func preferred(r *http.Request) Language {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		code, _, _ := strings.Cut(strings.TrimSpace(part), "-")
		code, _, _ = strings.Cut(code, ";")
		for _, l := range Languages {
			if l.Code == code {
				return l
			}
		}
	}
	return Languages[0]
}

func (s *Server) askLogin(w http.ResponseWriter, r *http.Request) {
	p := &loginPage{Lang: preferred(r), Next: local(r.URL.Query().Get("next"))}
	if lang := r.URL.Query().Get("lang"); lang != "" {
		p.Lang = languageOf(lang)
	}
	if r.URL.Query().Get("over") != "" {
		p.Said = p.T("You were logged out. Log in again to go on.")
		p.texts = s.texts
		p.Said = p.T("You were logged out. Log in again to go on.")
	}
	s.showLogin(w, r, p, http.StatusOK)
}

// local keeps a place to go on to within this server.
func local(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") || strings.HasPrefix(next, "/login") {
		return "/"
	}
	return next
}

// login opens the OPC UA session of whoever knows the password. How long a wrong one makes people wait is the supervisor's matter.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "no such form", http.StatusBadRequest)
		return
	}
	user, password, lang := strings.TrimSpace(r.PostForm.Get("user")), r.PostForm.Get("password"), languageOf(r.PostForm.Get("lang"))
	p := &loginPage{Lang: lang, User: user, Next: local(r.PostForm.Get("next")), texts: s.texts}
	select {
	case s.logins <- struct{}{}:
		defer func() { <-s.logins }()
	default:
		p.Said = p.T(errFull.Error())
		s.showLogin(w, r, p, http.StatusServiceUnavailable)
		return
	}
	who := person{user, password, lang.Code}
	l := newLink(s.o.Gate, who, s.o.Log)
	ctx, cancel := context.WithTimeout(r.Context(), loginTimeout)
	defer cancel()
	c, err := l.connect(ctx)
	if err != nil {
		s.o.Log.Info("login failed", "err", err)
		p.Said = p.T(plain(err))
		status := http.StatusServiceUnavailable
		if errors.Is(err, errLogin) {
			status = http.StatusForbidden
		}
		s.showLogin(w, r, p, status)
		return
	}
	if old, token := s.sessions.of(r, s.secure, time.Now()); old != nil {
		s.sessions.close(token) // a login never goes on with a token from before it
	}
	token := s.sessions.open(who, l, c, time.Now())
	setCookie(w, s.secure, token)
	http.Redirect(w, r, p.Next, http.StatusSeeOther)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	if o, token := s.sessions.of(r, s.secure, time.Now()); o != nil {
		s.sessions.close(token)
	}
	setCookie(w, s.secure, "")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// language changes the language of a session.
func (s *Server) language(w http.ResponseWriter, r *http.Request) {
	o, _ := s.sessions.of(r, s.secure, time.Now())
	if o == nil || r.ParseForm() != nil {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	o.speak(languageOf(r.PostForm.Get("lang")).Code)
	http.Redirect(w, r, local(r.PostForm.Get("next")), http.StatusSeeOther)
}

// command returns the session of a request that commands something, or nothing after having answered.
func (s *Server) command(w http.ResponseWriter, r *http.Request, body any) *session {
	o, _ := s.sessions.of(r, s.secure, time.Now())
	switch {
	case r.Header.Get(commandHeader) == "" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		http.Error(w, "this is not a request of the HMI's own page", http.StatusForbidden)
		return nil
	case o == nil:
		http.Error(w, "log in", http.StatusUnauthorized)
		return nil
	}
	if err := json.NewDecoder(r.Body).Decode(body); err != nil {
		http.Error(w, "not understood", http.StatusBadRequest)
		return nil
	}
	return o
}

// touched notes that a person is there.
func (s *Server) touched(w http.ResponseWriter, r *http.Request) {
	if o := s.command(w, r, &struct{}{}); o != nil {
		o.touch(time.Now())
		w.WriteHeader(http.StatusNoContent)
	}
}

// wake takes the password again after nobody has touched the screen for long.
func (s *Server) wake(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Password string `json:"password"`
	}
	o := s.command(w, r, &body)
	if o == nil {
		return
	}
	right, enough := o.wake(body.Password, time.Now())
	switch {
	case right:
		s.reply(w, Answer{Outcome: outcomeDone})
	case enough:
		_, token := s.sessions.of(r, s.secure, time.Now())
		s.sessions.close(token)
		http.Error(w, "log in", http.StatusUnauthorized)
	default:
		s.reply(w, Answer{Outcome: outcomeDenied, Text: s.sayer(o)("the password is wrong")})
	}
}

// order is a command as the page sends it. The id is made by the browser for each click, so that a click is done once.
type orderBody struct {
	Method string            `json:"method"`
	Args   map[string]string `json:"args"`
	Why    string            `json:"why"`
	ID     string            `json:"id"`
}

// call does what a person asks.
func (s *Server) call(w http.ResponseWriter, r *http.Request) {
	var body orderBody
	o := s.command(w, r, &body)
	if o == nil {
		return
	}
	now, say := time.Now(), s.sayer(o)
	if o.asleep(now) {
		s.reply(w, Answer{Outcome: "asleep", Text: say("Nobody has touched this screen for a while. Enter your password to go on.")})
		return
	}
	o.touch(now)
	if body.ID == "" || len(body.ID) > 64 {
		http.Error(w, "a command has an id of 1 to 64 characters", http.StatusBadRequest)
		return
	}
	if body.Args == nil {
		body.Args = map[string]string{}
	}
	body.Args[requestID], body.Args["Why"] = body.ID, body.Why
	s.reply(w, o.link.call(r.Context(), body.Method, body.Args, say))
}

// sayer returns what says texts of ours in a session's language.
func (s *Server) sayer(o *session) func(string, ...any) string {
	return func(english string, words ...any) string { return s.texts.say(o.language(), english, words...) }
}

func (s *Server) reply(w http.ResponseWriter, a Answer) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a) // a browser that is gone needs no answer
}
