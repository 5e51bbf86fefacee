package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"linectl/accounts"
	"linectl/line"
)

const bearer = "Bearer "

// errNoKeeper answers everything about accounts where none are kept.
var errNoKeeper = errors.New("this supervisor keeps no accounts")

type peerKey struct{}

// withPeer notes who is at the other end of a connection, as the kernel says it.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, peerName(c))
}

// peerName names the user of this computer at the other end of a socket. It is empty where the kernel does not say.
func peerName(c net.Conn) string {
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return ""
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return ""
	}
	var peer *syscall.Ucred
	var asked error
	if err := raw.Control(func(fd uintptr) {
		peer, asked = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil || asked != nil {
		return ""
	}
	id := strconv.FormatUint(uint64(peer.Uid), 10)
	if u, err := user.LookupId(id); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid-" + id
}

// asker fills in who asks. With a session it is the session's user, whatever the request says; a session that has ended is an
// error and never somebody else. Without one it is the user of this computer, who may also say on whose behalf.
func (s *Server) asker(r *http.Request, q line.Request) (line.Request, error) {
	token, with, err := sessionToken(r)
	switch {
	case err != nil:
		return q, err
	case with && s.Keeper == nil:
		return q, errNoKeeper
	case with:
		who, err := s.Keeper.Who(token)
		if err != nil {
			return q, err
		}
		q.By, q.Account, q.Origin, q.Proof = who.User, who.User, line.FromSession, who.Proof
		return q, nil
	}
	peer, _ := r.Context().Value(peerKey{}).(string)
	if peer == "" {
		return q, errors.New("the system does not say which user of this computer has opened the socket; log in")
	}
	q.Account, q.Origin = "local:"+peer, line.FromLocal
	if q.By == "" {
		q.By = q.Account
	}
	return q, nil
}

func sessionToken(r *http.Request) (token string, with bool, err error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", false, nil
	}
	token, ok := strings.CutPrefix(values[0], bearer)
	if len(values) > 1 || !ok || token == "" {
		return "", false, errors.New(`the header must be "Authorization: Bearer TOKEN"`)
	}
	return token, true, nil
}

// read decodes the body of a call about accounts.
func (s *Server) read(w http.ResponseWriter, r *http.Request, into any) bool {
	if s.Keeper == nil {
		refuse(w, http.StatusNotFound, errNoKeeper)
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequest))
	if err == nil {
		err = strict(body, into)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("request: %w", err))
		return false
	}
	return true
}

func (s *Server) logIn(w http.ResponseWriter, r *http.Request) {
	var in wireLogIn
	if !s.read(w, r, &in) {
		return
	}
	var session accounts.Session
	var err error
	if in.Certificate != "" {
		session, err = s.Keeper.LogInByCertificate(r.Context(), in.Certificate, in.Source)
	} else {
		session, err = s.Keeper.LogIn(r.Context(), in.User, in.Password, in.Source)
	}
	if err != nil {
		refuse(w, statusOf(err), err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	answer(w, http.StatusOK, session)
}

// statusOf says with which status an error about accounts is told.
func statusOf(err error) int {
	switch {
	case errors.Is(err, accounts.ErrLogIn), errors.Is(err, accounts.ErrNoSession):
		return http.StatusUnauthorized
	case errors.Is(err, accounts.ErrSetUp):
		return http.StatusForbidden
	case errors.Is(err, accounts.ErrBusy):
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

func (s *Server) logOut(w http.ResponseWriter, r *http.Request) {
	token, with, err := sessionToken(r)
	if err != nil || !with || s.Keeper == nil {
		refuse(w, http.StatusUnauthorized, accounts.ErrNoSession)
		return
	}
	s.Keeper.LogOut(token)
	answer(w, http.StatusOK, struct{}{})
}

func (s *Server) session(w http.ResponseWriter, r *http.Request) {
	token, with, err := sessionToken(r)
	if err != nil || !with || s.Keeper == nil {
		refuse(w, http.StatusUnauthorized, accounts.ErrNoSession)
		return
	}
	session, err := s.Keeper.Who(token)
	if err != nil {
		refuse(w, statusOf(err), err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	answer(w, http.StatusOK, session)
}

// users lists the accounts: who works here is not for everybody.
func (s *Server) users(w http.ResponseWriter, r *http.Request) {
	q, err := s.asker(r, line.Request{})
	if err != nil {
		refuse(w, http.StatusUnauthorized, err)
		return
	}
	list := s.Line.Snapshot().Accounts
	if q.Origin == line.FromSession && !mayList(list, q.Account) {
		refuse(w, http.StatusForbidden, fmt.Errorf("%s may not list accounts; Admin may", q.Account))
		return
	}
	if list == nil {
		list = []line.Account{}
	}
	answer(w, http.StatusOK, list)
}

func mayList(all []line.Account, user string) bool {
	for _, a := range all {
		if a.User == user {
			return !a.Disabled && a.Has(line.Admin)
		}
	}
	return false
}

func (s *Server) addUser(w http.ResponseWriter, r *http.Request) {
	var in wireUser
	if !s.read(w, r, &in) {
		return
	}
	q := line.Request{By: in.By, Why: in.Why, Command: line.AddUser{User: in.User, Roles: in.Roles}}
	s.keep(w, r, q, func(ctx context.Context, q line.Request) (line.Reply, error) {
		return s.Keeper.Add(ctx, q, in.Password)
	})
}

func (s *Server) setPassword(w http.ResponseWriter, r *http.Request) {
	var in wirePassword
	if !s.read(w, r, &in) {
		return
	}
	q := line.Request{By: in.By, Why: in.Why, Command: line.ChangePassword{User: in.User}}
	s.keep(w, r, q, func(ctx context.Context, q line.Request) (line.Reply, error) {
		return s.Keeper.SetPassword(ctx, q, in.Old, in.Password, in.Source)
	})
}

func (s *Server) setUp(w http.ResponseWriter, r *http.Request) {
	var in wireSetUp
	if !s.read(w, r, &in) {
		return
	}
	q := line.Request{By: in.User, Command: line.AddUser{User: in.User}}
	s.keep(w, r, q, func(ctx context.Context, q line.Request) (line.Reply, error) {
		return s.Keeper.SetUp(ctx, in.Token, in.User, in.Password)
	})
}

// keep hands a change of an account to the keeper, with who asks for it.
func (s *Server) keep(w http.ResponseWriter, r *http.Request, q line.Request, do func(context.Context, line.Request) (line.Reply, error)) {
	err := checkTexts(q)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	if q, err = s.asker(r, q); err != nil {
		refuse(w, http.StatusUnauthorized, err)
		return
	}
	reply, err := do(r.Context(), q)
	if err != nil {
		refuse(w, statusOf(err), err)
		return
	}
	answerReply(w, reply)
}
