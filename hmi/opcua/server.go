package opcua

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"

	"linectl/line"
)

// Bounds of the server. The library's own are 64 MB messages, and sessions and subscriptions without number.
const (
	maxSessions      = 100
	maxSubscriptions = 400
	maxMessage       = 2 << 20
	maxChunks        = 64
	maxPassword      = 64 // the library answers a longer one with a rejection
	maxCalls         = 24 // calls that wait for the supervisor at a time; below the workers, so that reading goes on
	maxWorkers       = 32
	callTimeout      = 5 * time.Second
	loginTimeout     = 45 * time.Second // after failures a right password is made to wait too
	openWithin       = 10 * time.Second
)

// Options of a server.
type Options struct {
	Address string // host:port, to listen on and to tell clients
	PKI     *PKI
	Logins  Authenticator
	// Certificates lets people log in with a certificate. Nil means that nobody does.
	Certificates CertificateAuthenticator
	Known        []line.Role // every role that there is
	Name         string      // of the line, for people
	Version      string
	// Translate returns an English text in another language, if the catalogue has it.
	Translate func(english, locale string) (string, bool)
	// OnAlarm is called when a person acts on an alarm. The text says why, if it was refused.
	OnAlarm func(ctx context.Context, by Caller, a AlarmAct) (Status, string)
	History HistoryRecords // nil: no histories are offered
	Events  EventRecords   // nil: no histories of events are offered
	Log     *slog.Logger
}

// Server is a Space by the library awcullen/opcua.
type Server struct {
	o       Options
	server  *server.Server
	innards innards
	history history
	logins  logins
	locales sync.Map // *server.Session → string
	calls   chan struct{}

	mu         sync.Mutex
	declared   map[ID]*shown
	historised map[ua.NodeID]Variable
	namespaces map[string]uint16
	alarms     map[string]Alarm // by their event's name, those that a refresh tells of
	dialogs    map[string]Dialog
}

var _ Space = (*Server)(nil)

// NewServer makes a server that does not listen yet. It never offers access without a login or without encryption or
// signature.
func NewServer(o Options) (*Server, error) {
	if o.Logins == nil {
		return nil, errors.New("an OPC UA server without authentication is not made")
	}
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		return nil, fmt.Errorf("address of the OPC UA server: %w", err)
	}
	s := &Server{
		o: o, calls: make(chan struct{}, maxCalls), declared: map[ID]*shown{}, namespaces: map[string]uint16{StandardSpace: 0},
		alarms: map[string]Alarm{}, dialogs: map[string]Dialog{}, historised: map[ua.NodeID]Variable{},
	}
	checkShapes()
	s.logins.by, s.logins.byCertificate = o.Logins, o.Certificates
	withCertificates := func(*server.Server) error { return nil }
	if o.Certificates != nil {
		withCertificates = server.WithAuthenticateX509IdentityFunc(s.authenticateCertificate)
	}
	var err error
	if s.innards, err = findInnards(); err != nil {
		return nil, err
	}
	can := ua.NewServerCapabilities()
	can.MinSupportedSampleRate = minSampling // the library's own 100 ms overrules what a variable allows
	made, err := server.New(
		ua.ApplicationDescription{
			ApplicationURI: o.PKI.URI, ProductURI: "urn:linectl", ApplicationType: ua.ApplicationTypeServer,
			ApplicationName: ua.LocalizedText{Text: "linectl, " + o.Name, Locale: "en"}, DiscoveryURLs: []string{s.URL()},
		},
		o.PKI.Certificate(), o.PKI.key(), s.URL(),
		server.WithTrustedCertificatesPaths(o.PKI.trusted(), o.PKI.trustedCRL()), server.WithIssuerCertificatesPaths(o.PKI.issuers(), o.PKI.issuersCRL()),
		server.WithSecurityPolicyNone(false), server.WithAnonymousIdentity(false),
		server.WithAuthenticateUserNameIdentityFunc(s.authenticate), withCertificates, server.WithGetRolesFunc(s.roles),
		server.WithRolePermissions(permissions(o.Known, ua.PermissionTypeBrowse|ua.PermissionTypeRead|ua.PermissionTypeReadHistory|ua.PermissionTypeReceiveEvents|ua.PermissionTypeCall)),
		server.WithMaxWorkerThreads(maxWorkers), server.WithServerDiagnostics(false), server.WithServerCapabilities(can), server.WithMaxSessionCount(maxSessions),
		server.WithMaxSubscriptionCount(maxSubscriptions), server.WithTransportLimits(bufferSize, maxMessage, maxChunks),
		server.WithBuildInfo(ua.BuildInfo{ProductURI: "urn:linectl", ManufacturerName: "linectl", ProductName: "linectl gateway", SoftwareVersion: o.Version}),
	)
	if err != nil {
		return nil, fmt.Errorf("OPC UA server: %w", err)
	}
	s.server = made
	strengthen(made.Endpoints())
	s.offerConditions()
	s.tellHistory()
	return s, nil
}

// URL is where clients find the server.
func (s *Server) URL() string { return "opc.tcp://" + s.o.Address }

// strengthen puts strong endpoints where the library put those of policies that are broken. It has no option for that, but it
// keeps the list that it shows, and takes the ways to log in from it: without them nobody logs in over a weak channel.
func strengthen(endpoints []ua.EndpointDescription) {
	strong := slices.DeleteFunc(slices.Clone(endpoints), func(e ua.EndpointDescription) bool { return weak(e.SecurityPolicyURI) })
	slices.Reverse(strong) // the strongest first
	next := 0
	for i := range endpoints {
		if weak(endpoints[i].SecurityPolicyURI) {
			endpoints[i] = strong[next%len(strong)]
			next++
		}
	}
}

func weak(policy string) bool {
	return policy != ua.SecurityPolicyURIBasic256Sha256 && policy != ua.SecurityPolicyURIAes128Sha256RsaOaep &&
		policy != ua.SecurityPolicyURIAes256Sha256RsaPss
}

// Ready waits until the server takes connections.
func (s *Server) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	d := net.Dialer{Timeout: time.Second}
	for {
		conn, err := d.DialContext(ctx, "tcp", s.o.Address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("OPC UA server does not answer: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// authenticate asks who somebody is. The source is the address of the client, as inspect has put it there.
func (s *Server) authenticate(who ua.UserNameIdentity, application, source string) error {
	if len(who.Password) > maxPassword || who.UserName == "" {
		return ua.BadUserAccessDenied
	}
	return s.logIn(who, who.UserName, application, source)
}

// authenticateCertificate asks whose certificate it is. The library has verified that the client has its key.
func (s *Server) authenticateCertificate(who ua.X509Identity, application, source string) error {
	return s.logIn(who, "of a certificate", application, source)
}

func (s *Server) logIn(identity any, name, application, source string) (err error) {
	defer s.contain("login", func() { err = ua.BadUserAccessDenied })
	who, ok := credentialOf(identity)
	if !ok {
		return ua.BadIdentityTokenInvalid
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTimeout)
	defer cancel()
	login, err := s.logins.begin(ctx, who, source)
	if err != nil {
		s.o.Log.Warn("login refused", "user", clean(name), "application", clean(application), "from", source, "err", err)
		if errors.Is(err, ErrAway) {
			return ua.BadResourceUnavailable // nobody was refused: a client may try again by itself
		}
		s.auditLogin(name, source, false)
		return ua.BadUserAccessDenied
	}
	s.auditLogin(login.User, source, true)
	s.o.Log.Info("login", "user", login.User, "application", clean(application), "from", source)
	return nil
}

// roles returns the roles that the person had at login. Nobody has a role by being known.
func (s *Server) roles(identity any, _, _ string) ([]ua.NodeID, error) {
	who, ok := credentialOf(identity)
	if !ok {
		return nil, nil
	}
	roles := s.logins.known(who).Roles
	ids := make([]ua.NodeID, len(roles))
	for i, r := range roles {
		ids[i] = roleID(r)
	}
	return ids, nil
}

// roleIDs are made once: the library asks for them twice for every value that is read.
var roleIDs = func() map[line.Role]ua.NodeID {
	ids := map[line.Role]ua.NodeID{}
	for _, r := range line.Roles {
		ids[r] = ua.NewNodeIDString(1, "linectl.Role."+string(r))
	}
	return ids
}()

func roleID(r line.Role) ua.NodeID { return roleIDs[r] }

func permissions(roles []line.Role, may ua.PermissionType) []ua.RolePermissionType {
	list := make([]ua.RolePermissionType, 0, len(roles)) // never nil: nil means the server's own
	for _, r := range roles {
		list = append(list, ua.RolePermissionType{RoleID: roleID(r), Permissions: may})
	}
	return list
}

// contain keeps a panic from ending the process: the library has no recover of its own.
func (s *Server) contain(what string, then func()) {
	if r := recover(); r != nil {
		s.o.Log.Error("panic in the gateway", "in", what, "err", fmt.Sprint(r))
		then()
	}
}

func now() time.Time { return time.Now() }

// clean makes a stranger's text fit for a log line.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return '?'
		}
		return r
	}, text)
	return text[:min(len(text), 120)]
}
