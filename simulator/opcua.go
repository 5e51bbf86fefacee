package simulator

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"

	"linectl/line"
	"linectl/plc/tags"
)

// opcuaFace is a device's OPC UA face: its object with either the method Execute and a variable for each status field, or
// the two blocks as ByteStrings.
//
// What a client may rely on when it reads all of tags.StatusFields in one Read request, in that order: the values are of one
// moment. The server library reads the nodes of a request one by one and says nothing about where a request begins, so
// reading Magic takes a snapshot for the session, and every other field is served from it once. The server has one worker,
// hence it keeps to the order. A field that is read again, or without Magic, is read fresh.
type opcuaFace struct {
	faces *Faces
	Endpoint
	server    *server.Server
	namespace uint16
	head      uint16
	snapshots map[*server.Session]*snapshot // touched by the one worker alone
	job       []uint16                      // classes B and C: the block of a job that waits for its start bit; likewise
}

// snapshot is what the fields of one Read request are served from.
type snapshot struct {
	status tags.Status
	taken  time.Time
	served map[string]bool
}

// Bounds of an OPC UA face. The library's own are 64 MB messages and sessions without number.
const (
	maxSessions      = 256 // one that was left without a word, or had a wrong password, holds its place until its time-out
	maxSubscriptions = 16
	maxPassword      = 64 // the library's own limit: it answers a longer one with a rejection
	maxMessage       = 1 << 20
	maxChunks        = 64
	snapshotLife     = 250 * time.Millisecond
	opening          = 10 * time.Second // how long a listener may take to answer
)

func (f *Faces) listenOPCUA(e Endpoint, pki string) (func() error, error) {
	if e.Username == "" || e.Password == "" {
		return nil, errors.New("an OPC UA face needs a user name and a password")
	}
	if len(e.Password) > maxPassword {
		return nil, fmt.Errorf("the OPC UA server takes no password of more than %d characters", maxPassword)
	}
	_, port, err := net.SplitHostPort(e.Address)
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	if probe, err := net.Listen("tcp", ":"+port); err != nil { //nolint:noctx // closed at once; the library hides why it cannot listen
		return nil, err
	} else if err := probe.Close(); err != nil {
		return nil, err
	}
	face := &opcuaFace{faces: f, Endpoint: e, snapshots: map[*server.Session]*snapshot{}}
	if face.server, err = face.build(pki); err != nil {
		return nil, err
	}
	face.addNodes()
	go func() {
		if err := face.server.ListenAndServe(); err != nil && !errors.Is(err, ua.BadServerHalted) {
			f.failed <- fmt.Errorf("%s at %s: OPC UA face stopped: %w", e.Device, e.Address, err)
		}
	}()
	closing := func() error { go func() { _ = face.server.Close() }(); return nil } // it sleeps three seconds
	for end := time.Now().Add(opening); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", e.Address, time.Second) //nolint:noctx // bounded by its own time-out
		if err == nil {
			return closing, conn.Close()
		}
		if time.Now().After(end) {
			return closing, err
		}
	}
}

// build makes the server: encrypted and signed with a login only, and with bounds on what a peer may take.
func (o *opcuaFace) build(pki string) (*server.Server, error) {
	url := "opc.tcp://" + o.Address
	return server.New(
		ua.ApplicationDescription{
			ApplicationURI: applicationURI, ProductURI: applicationURI, ApplicationType: ua.ApplicationTypeServer,
			ApplicationName: ua.LocalizedText{Text: "linectl virtual plant, " + string(o.Device), Locale: "en"},
			DiscoveryURLs:   []string{url},
		},
		filepath.Join(pki, CertificateFile), filepath.Join(pki, keyFile), url,
		server.WithTrustedCertificatesPaths(filepath.Join(pki, trustedDir), ""),
		server.WithRejectedCertificatesPath(filepath.Join(pki, rejectedDir)),
		server.WithSecurityPolicyNone(false), server.WithAnonymousIdentity(false),
		server.WithAuthenticateUserNameIdentityFunc(func(user ua.UserNameIdentity, _, _ string) error {
			name := subtle.ConstantTimeCompare([]byte(user.UserName), []byte(o.Username))
			if name&subtle.ConstantTimeCompare([]byte(user.Password), []byte(o.Password)) != 1 {
				return ua.BadUserAccessDenied
			}
			return nil
		}),
		server.WithGetRolesFunc(func(identity any, _, _ string) ([]ua.NodeID, error) {
			if _, ok := identity.(ua.UserNameIdentity); ok {
				return []ua.NodeID{ua.ObjectIDWellKnownRoleOperator}, nil
			}
			return nil, nil
		}),
		server.WithMaxWorkerThreads(1), server.WithServerDiagnostics(false), server.WithMaxSessionCount(maxSessions),
		server.WithMaxSubscriptionCount(maxSubscriptions), server.WithTransportLimits(65535, maxMessage, maxChunks),
	)
}

// status serves one field.
func (o *opcuaFace) status(session *server.Session, field string, now time.Time) tags.Status {
	s := o.snapshots[session]
	if field == "Magic" || s == nil || s.served[field] || now.Sub(s.taken) > snapshotLife {
		fresh := &snapshot{status: o.faces.status(o.Device), taken: now, served: map[string]bool{}}
		if field != "Magic" { // no whole read: nothing else is served from it
			if o.faces.plant.Torn(now, o.Device) {
				fresh.status.BootEpoch++ // it moved meanwhile, as far as the reader can tell
			}
			return fresh.status
		}
		if len(o.snapshots) > 4*maxSessions { // sessions that are gone
			clear(o.snapshots)
		}
		o.snapshots[session], s = fresh, fresh
	}
	s.served[field] = true
	return s.status
}

// execute is the method: its arguments are the command block without magic, checksum and commit word.
func (o *opcuaFace) execute(args []ua.Variant) (result ua.CallMethodResult) {
	defer func() {
		if r := recover(); r != nil { // the library has no recover of its own: a panic here would end the process
			o.faces.log.Error("method failed", "device", o.Device, "err", fmt.Sprint(r))
			result = ua.CallMethodResult{StatusCode: ua.BadInternalError}
		}
	}()
	switch n := len(tags.ExecuteArguments); {
	case len(args) < n:
		return ua.CallMethodResult{StatusCode: ua.BadArgumentsMissing}
	case len(args) > n:
		return ua.CallMethodResult{StatusCode: ua.BadTooManyArguments}
	}
	var wrong []ua.StatusCode
	c := commandOf(args, &wrong)
	if wrong != nil {
		return ua.CallMethodResult{StatusCode: ua.BadInvalidArgument, InputArgumentResults: wrong}
	}
	if o.faces.heard(o.Device) != nil {
		return ua.CallMethodResult{StatusCode: ua.BadNoCommunication}
	}
	reason := o.faces.command(o.Device, c)
	if o.faces.heard(o.Device) != nil {
		return ua.CallMethodResult{StatusCode: ua.BadNoCommunication}
	}
	return ua.CallMethodResult{OutputArguments: []ua.Variant{uint16(reason)}}
}

// commandOf reads the method's arguments. What is wrong with each is in wrong, which stays nil if all is well.
func commandOf(args []ua.Variant, wrong *[]ua.StatusCode) (c tags.Command) {
	check := func(i int, ok bool, code ua.StatusCode) {
		if !ok {
			if *wrong == nil {
				*wrong = make([]ua.StatusCode, len(args))
			}
			(*wrong)[i] = code
		}
	}
	word := func(i int) uint16 {
		v, ok := args[i].(uint16)
		check(i, ok, ua.BadTypeMismatch)
		return v
	}
	token, ok := args[0].(uint64)
	check(0, ok, ua.BadTypeMismatch)
	epoch, ok := args[2].(uint32)
	check(2, ok, ua.BadTypeMismatch)
	part, ok := args[6].(string)
	check(6, ok, ua.BadTypeMismatch)
	check(6, len(part) <= 32, ua.BadOutOfRange)
	hash, ok := args[8].(ua.ByteString)
	check(8, ok, ua.BadTypeMismatch)
	check(8, !ok || len(hash) == len(c.RecipeHash), ua.BadOutOfRange)
	params, ok := args[9].([]float32)
	check(9, ok, ua.BadTypeMismatch)
	check(9, !ok || len(params) == len(c.Params), ua.BadOutOfRange)
	c = tags.Command{
		Token: line.Token(token), Fence: word(1), BootEpoch: epoch, Op: tags.Opcode(word(3)), Task: word(4), Flags: word(5), Part: part, Index: word(7),
	}
	copy(c.RecipeHash[:], hash)
	copy(c.Params[:], params)
	return c
}
