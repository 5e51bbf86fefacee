package opcua_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"linectl/hmi/opcua"
	"linectl/internal/testnet"
	"linectl/line"
	own "linectl/plc/opcua"
	"linectl/uaguard"
)

// people are who may log in; the password is theirs with "-password" behind it.
var people = map[string][]line.Role{"nora": {}, "quentin": {line.Quality}, "amna": {line.Operator}, "vera": {line.Viewer}}

var errNobody = errors.New("nobody")

type door struct{}

func (door) Authenticate(_ context.Context, user, password, _ string) (opcua.Login, error) {
	if roles, ok := people[user]; ok && password == user+"-password" {
		return opcua.Login{User: user, Roles: roles, Session: "session of " + user}, nil
	}
	return opcua.Login{}, errNobody
}

// AuthenticateCertificate knows the certificate of the tests' client, as amna's.
func (door) AuthenticateCertificate(_ context.Context, thumbprint, _ string) (opcua.Login, error) {
	sum := sha256.Sum256(identity.Certificate)
	if thumbprint == hex.EncodeToString(sum[:]) {
		return opcua.Login{User: "amna", Roles: people["amna"], Session: "session of amna"}, nil
	}
	return opcua.Login{}, errNobody
}

// bench is a server over a real socket and a client that it trusts.
type bench struct {
	server  *opcua.Server
	gateway *opcua.Gateway // of open
	pki     *opcua.PKI
	address string
	client  own.Identity
	stop    func()
}

var (
	identityOnce sync.Once
	identity     own.Identity
)

// clientIdentity makes one key for all tests: it takes long.
func clientIdentity(t testing.TB) own.Identity {
	t.Helper()
	identityOnce.Do(func() {
		var err error
		if identity, err = own.CreateIdentity("urn:test:hmi", "hmi", time.Now()); err != nil {
			t.Fatal(err)
		}
	})
	return identity
}

// newBench makes a server that does not listen yet, in a directory that a former one may have used.
func newBench(t testing.TB, dir, address string, change func(*opcua.Options)) *bench {
	t.Helper()
	b := &bench{address: address, client: clientIdentity(t)}
	var err error
	if b.pki, err = opcua.OpenPKI(filepath.Join(dir, "pki"), "urn:test:gateway", []string{"localhost", "127.0.0.1"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "hmi.der")
	if err := os.WriteFile(file, b.client.Certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pki.Trust(file); err != nil {
		t.Fatal(err)
	}
	catalogue, err := opcua.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	o := opcua.Options{
		Address: address, PKI: b.pki, Logins: door{}, Certificates: door{}, Known: line.Roles, Name: "L1", Version: "test",
		Translate: catalogue.Translate, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	if b.server, err = opcua.NewServer(o); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) serve(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.server.Serve(ctx) }()
	if err := b.server.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(b.stop)
}

// login is how a client comes: the zero login is amna's, over the usual policy.
type login struct {
	user, password, policy, locale string
	mode                           ua.MessageSecurityMode
	identity                       *own.Identity
}

func (b *bench) dial(t testing.TB, l login) (*gopcua.Client, error) {
	t.Helper()
	if l.user == "" {
		l.user, l.password = "amna", "amna-password"
	}
	if l.policy == "" {
		l.policy = ua.SecurityPolicyURIBasic256Sha256
	}
	if l.mode == 0 {
		l.mode = ua.MessageSecurityModeSignAndEncrypt
	}
	if l.identity == nil {
		l.identity = &b.client
	}
	if l.locale == "" {
		l.locale = "en"
	}
	endpoints, err := gopcua.GetEndpoints(t.Context(), "opc.tcp://"+b.address, gopcua.RequestTimeout(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range endpoints {
		if e.SecurityPolicyURI != l.policy || e.SecurityMode != l.mode {
			continue
		}
		c, err := gopcua.NewClient("opc.tcp://"+b.address, gopcua.Certificate(l.identity.Certificate), gopcua.PrivateKey(l.identity.Key),
			gopcua.SecurityFromEndpoint(e, ua.UserTokenTypeUserName), gopcua.AuthUsername(l.user, l.password), gopcua.AutoReconnect(false),
			gopcua.ApplicationURI(l.identity.URI), gopcua.RequestTimeout(5*time.Second), gopcua.Locales(l.locale))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := c.Connect(ctx); err != nil {
			return nil, err
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = c.Close(ctx)
		})
		return c, nil
	}
	return nil, errors.New("no such endpoint is offered")
}

func (b *bench) mustDial(t testing.TB, l login) *gopcua.Client {
	t.Helper()
	c, err := b.dial(t, l)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func node(t testing.TB, c *gopcua.Client, name string) *ua.NodeID {
	t.Helper()
	index, err := c.FindNamespace(t.Context(), opcua.LineSpace)
	if err != nil {
		t.Fatal(err)
	}
	return ua.NewStringNodeID(index, name)
}

func read(t testing.TB, c *gopcua.Client, name string) *ua.DataValue {
	t.Helper()
	return attribute(t, c, node(t, c, name), ua.AttributeIDValue)
}

func attribute(t testing.TB, c *gopcua.Client, n *ua.NodeID, a ua.AttributeID) *ua.DataValue {
	t.Helper()
	res, err := c.Read(t.Context(), &ua.ReadRequest{
		NodesToRead: []*ua.ReadValueID{{NodeID: n, AttributeID: a}}, TimestampsToReturn: ua.TimestampsToReturnBoth,
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.Results[0]
}

func call(t testing.TB, c *gopcua.Client, object, method string, args ...any) *ua.CallMethodResult {
	t.Helper()
	in := make([]*ua.Variant, len(args))
	for i, a := range args {
		in[i] = ua.MustVariant(a)
	}
	res, err := c.Call(t.Context(), &ua.CallMethodRequest{ObjectID: node(t, c, object), MethodID: node(t, c, method), InputArguments: in})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// TestAnySpace is the contract of opcua.Space: what clients see of what was declared and published, by whatever library.
func TestAnySpace(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	seen := make(chan opcua.Caller, 10)
	thing, part := opcua.Own("Thing"), func(name string) opcua.Browse {
		return opcua.Browse{ID: opcua.Own("Thing." + name), Parent: opcua.Own("Thing"), Name: name, Help: "help for " + name}
	}
	nodes := []opcua.Node{
		opcua.Object{Browse: opcua.Browse{ID: thing, Name: "Thing"}, Events: true},
		opcua.Variable{Browse: part("Bool"), Kind: opcua.Bool},
		opcua.Variable{Browse: part("Int"), Kind: opcua.Int32},
		opcua.Variable{Browse: part("Count"), Kind: opcua.UInt32},
		opcua.Variable{Browse: part("Name"), Kind: opcua.String},
		opcua.Variable{Browse: part("Names"), Kind: opcua.String, Array: true},
		opcua.Variable{Browse: part("Text"), Kind: opcua.Text},
		opcua.Variable{Browse: part("Texts"), Kind: opcua.Text, Array: true},
		opcua.Variable{Browse: part("Moment"), Kind: opcua.Moment},
		opcua.Variable{Browse: part("Node"), Kind: opcua.Reference},
		opcua.Variable{Browse: part("Nothing"), Kind: opcua.Int32},
		opcua.Variable{Browse: part("Volt"), Kind: opcua.Double, Unit: &opcua.Unit{Symbol: "V", UNECE: "VLT"}, Range: &opcua.Range{Low: 0, High: 5}},
		opcua.Method{
			Browse: part("Ask"), Roles: []line.Role{line.Operator}, In: []opcua.Argument{{Name: "What", Kind: opcua.String, Help: "what"}},
			Out: []opcua.Argument{{Name: "Accepted", Kind: opcua.Bool}, {Name: "Text", Kind: opcua.Text}},
			Call: func(_ context.Context, by opcua.Caller, a []any) ([]any, opcua.Status) {
				seen <- by
				switch a[0] {
				case "panic":
					panic("asked for")
				case "refuse":
					return []any{false, "Reset, then Start"}, opcua.Refused
				case "silence":
					return nil, opcua.Unanswered
				}
				return []any{true, "ready"}, opcua.Done
			},
		},
	}
	if err := b.server.Declare(nodes...); err != nil {
		t.Fatal(err)
	}
	value := func(name string, v any, q opcua.Quality) opcua.Value {
		return opcua.Value{ID: opcua.Own("Thing." + name), Value: v, Quality: q, At: at}
	}
	b.server.Publish(
		value("Bool", true, opcua.Good), value("Int", int32(-6), opcua.Good), value("Count", uint32(6), opcua.Last), value("Name", "ST060", opcua.Good),
		value("Names", []string{"a", "b"}, opcua.Good), value("Text", "blocked by ST070", opcua.Last), value("Texts", []string{"ready", "no such text"}, opcua.Good),
		value("Moment", at, opcua.Good), value("Node", thing, opcua.Good), value("Volt", 3.6, opcua.Good),
	)
	b.serve(t)
	t.Run("values", func(t *testing.T) { spaceValues(t, b) })
	t.Run("texts in the session's language", func(t *testing.T) { spaceTexts(t, b) })
	t.Run("units", func(t *testing.T) { spaceUnits(t, b) })
	t.Run("calls", func(t *testing.T) { spaceCalls(t, b, seen) })
	t.Run("changes", func(t *testing.T) { spaceChanges(t, b, value) })
	t.Run("nobody writes", func(t *testing.T) {
		c := b.mustDial(t, login{})
		res, err := c.Write(t.Context(), &ua.WriteRequest{NodesToWrite: []*ua.WriteValue{{
			NodeID: node(t, c, "Thing.Int"), AttributeID: ua.AttributeIDValue,
			Value: &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant(int32(1))},
		}}})
		if err != nil || res.Results[0] == ua.StatusOK {
			t.Errorf("%v %v", res, err)
		}
	})
}

func spaceValues(t *testing.T, b *bench) {
	c := b.mustDial(t, login{})
	for name, want := range map[string]any{"Bool": true, "Int": int32(-6), "Name": "ST060", "Volt": 3.6, "Moment": at} {
		v := read(t, c, "Thing."+name)
		if v.Status != ua.StatusOK || v.Value.Value() != want || !v.SourceTimestamp.Equal(at) {
			t.Errorf("%s is %v (%v) at %v, want %v", name, v.Value.Value(), v.Status, v.SourceTimestamp, want)
		}
	}
	if v := read(t, c, "Thing.Count"); v.Status != ua.StatusUncertainLastUsableValue || v.Value.Value() != uint32(6) {
		t.Errorf("a last value came as %v (%v)", v.Value.Value(), v.Status)
	}
	if v := read(t, c, "Thing.Nothing"); v.Status != ua.StatusBadWaitingForInitialData {
		t.Errorf("a value that nobody published is %v", v.Status)
	}
	if v := read(t, c, "Thing.Names").Value.Value(); strings.Join(v.([]string), "") != "ab" {
		t.Errorf("names are %v", v)
	}
	if v := read(t, c, "Thing.Node").Value.NodeID(); v.StringID() != "Thing" {
		t.Errorf("the reference is %v", v)
	}
	if v := attribute(t, c, node(t, c, "Thing.Volt"), ua.AttributeIDDescription).Value.Value().(*ua.LocalizedText); v.Text != "help for Volt" {
		t.Errorf("the help is %q", v.Text)
	}
}

func spaceTexts(t *testing.T, b *bench) {
	for locale, want := range map[string][3]string{
		"en": {"blocked by ST070", "ready", "en"}, "zh-CN": {"被 ST070 阻塞", "就绪", "zh"}, "ur": {"ST070 کی وجہ سے رکا ہوا", "تیار", "ur"},
		"de": {"blocked by ST070", "ready", "en"},
	} {
		c := b.mustDial(t, login{locale: locale})
		v := read(t, c, "Thing.Text")
		if text := v.Value.Value().(*ua.LocalizedText); text.Text != want[0] || text.Locale != want[2] || v.Status != ua.StatusUncertainLastUsableValue {
			t.Errorf("in %s: %q in %q (%v)", locale, text.Text, text.Locale, v.Status)
		}
		list := read(t, c, "Thing.Texts").Value.Value().([]*ua.LocalizedText)
		if list[0].Text != want[1] || list[1].Text != "no such text" || list[1].Locale != "en" {
			t.Errorf("in %s: %v %v", locale, list[0], list[1])
		}
	}
}

func spaceUnits(t *testing.T, b *bench) {
	c := b.mustDial(t, login{})
	unit := read(t, c, "Thing.Volt.EngineeringUnits").Value.Value().(*ua.ExtensionObject).Value.(*ua.EUInformation)
	if unit.UnitID != 5655636 || unit.DisplayName.Text != "V" { // UNECE VLT
		t.Errorf("the unit is %+v", unit)
	}
	span := read(t, c, "Thing.Volt.EURange").Value.Value().(*ua.ExtensionObject).Value.(*ua.Range)
	if span.Low != 0 || span.High != 5 {
		t.Errorf("the range is %+v", span)
	}
}

func spaceCalls(t *testing.T, b *bench, seen <-chan opcua.Caller) {
	c := b.mustDial(t, login{locale: "zh"})
	res := call(t, c, "Thing", "Thing.Ask", "do")
	if res.StatusCode != ua.StatusOK || res.OutputArguments[0].Value() != true || res.OutputArguments[1].Value().(*ua.LocalizedText).Text != "就绪" {
		t.Errorf("done came as %+v", res)
	}
	if by := <-seen; by.User != "amna" || by.Session != "session of amna" || by.Locale != "zh" {
		t.Errorf("called by %+v", by)
	}
	res = call(t, c, "Thing", "Thing.Ask", "refuse")
	if res.StatusCode != ua.StatusUncertain || res.OutputArguments[0].Value() != false || res.OutputArguments[1].Value().(*ua.LocalizedText).Text != "先复位，再启动" {
		t.Errorf("a refusal came as %+v", res)
	}
	for ask, want := range map[string]ua.StatusCode{"silence": ua.StatusBadRequestTimeout, "panic": ua.StatusBadInternalError} {
		if res := call(t, c, "Thing", "Thing.Ask", ask); res.StatusCode != want {
			t.Errorf("%s: %v", ask, res.StatusCode)
		}
	}
	if res := call(t, c, "Thing", "Thing.Ask"); res.StatusCode != ua.StatusBadArgumentsMissing {
		t.Errorf("without an argument: %v", res.StatusCode)
	}
	if res := call(t, c, "Thing", "Thing.Ask", "a", "b"); res.StatusCode != ua.StatusBadTooManyArguments {
		t.Errorf("with two arguments: %v", res.StatusCode)
	}
	if res := call(t, c, "Thing", "Thing.Ask", int32(1)); res.StatusCode != ua.StatusBadInvalidArgument {
		t.Errorf("with a number: %v", res.StatusCode)
	}
	for _, text := range []string{"a bell \a", strings.Repeat("x", 600)} {
		if res := call(t, c, "Thing", "Thing.Ask", text); res.StatusCode != ua.StatusBadInvalidArgument {
			t.Errorf("with %.20q: %v", text, res.StatusCode)
		}
	}
	viewer := b.mustDial(t, login{user: "vera", password: "vera-password"})
	if res := call(t, viewer, "Thing", "Thing.Ask", "do"); res.StatusCode != ua.StatusBadUserAccessDenied {
		t.Errorf("a viewer's call: %v", res.StatusCode)
	}
	in := read(t, c, "Thing.Ask.InputArguments").Value.Value().([]*ua.ExtensionObject)[0].Value.(*ua.Argument)
	if in.Name != "What" || in.Description.Text != "what" || in.DataType.IntID() != id.String {
		t.Errorf("the argument is described as %+v", in)
	}
}

func spaceChanges(t *testing.T, b *bench, value func(string, any, opcua.Quality) opcua.Value) {
	c := b.mustDial(t, login{})
	notes := make(chan *gopcua.PublishNotificationData, 100)
	sub, err := uaguard.Subscribe(t.Context(), c, &gopcua.SubscriptionParameters{Interval: 50 * time.Millisecond}, notes)
	if err != nil {
		t.Fatal(err)
	}
	request := gopcua.NewMonitoredItemCreateRequestWithDefaults(node(t, c, "Thing.Int"), ua.AttributeIDValue, 1)
	request.RequestedParameters.SamplingInterval = 50 // half of the time between two changes of a line
	res, err := sub.Monitor(t.Context(), ua.TimestampsToReturnBoth, request)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Results[0].RevisedSamplingInterval; got != 50 {
		t.Errorf("a value is sampled every %v ms, asked for were 50", got)
	}
	want := func(n int32, status ua.StatusCode) {
		t.Helper()
		deadline := time.After(5 * time.Second)
		for {
			select {
			case note := <-notes:
				change, ok := note.Value.(*ua.DataChangeNotification)
				if !ok {
					continue
				}
				for _, item := range change.MonitoredItems {
					if item.Value.Value.Value() == n && item.Value.Status == status {
						return
					}
				}
			case <-deadline:
				t.Fatalf("no change to %d (%v) came", n, status)
			}
		}
	}
	want(-6, ua.StatusOK)
	b.server.Publish(value("Int", int32(7), opcua.Good))
	want(7, ua.StatusOK)
	b.server.Publish(value("Int", int32(7), opcua.Last))
	want(7, ua.StatusUncertainLastUsableValue)
}

// TestWhoGetsIn holds that nobody gets in without a strong policy, a trusted certificate and a right password.
func TestWhoGetsIn(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	if err := b.server.Declare(opcua.Object{Browse: opcua.Browse{ID: opcua.Own("Thing"), Name: "Thing"}}); err != nil {
		t.Fatal(err)
	}
	b.serve(t)
	for _, policy := range []string{ua.SecurityPolicyURIBasic256Sha256, ua.SecurityPolicyURIAes128Sha256RsaOaep, ua.SecurityPolicyURIAes256Sha256RsaPss} {
		for _, mode := range []ua.MessageSecurityMode{ua.MessageSecurityModeSign, ua.MessageSecurityModeSignAndEncrypt} {
			b.mustDial(t, login{policy: policy, mode: mode})
		}
	}
	endpoints, err := gopcua.GetEndpoints(t.Context(), "opc.tcp://"+b.address)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range endpoints {
		if e.SecurityMode == ua.MessageSecurityModeNone || strings.HasSuffix(e.SecurityPolicyURI, "Basic128Rsa15") || strings.HasSuffix(e.SecurityPolicyURI, "Basic256") {
			t.Errorf("%s with %v is offered", e.SecurityPolicyURI, e.SecurityMode)
		}
		for _, token := range e.UserIdentityTokens {
			if token.TokenType == ua.UserTokenTypeAnonymous {
				t.Errorf("%s takes anonymous logins", e.SecurityPolicyURI)
			}
		}
	}
	if _, err := b.dial(t, login{user: "amna", password: "wrong"}); !errors.Is(err, ua.StatusBadUserAccessDenied) {
		t.Errorf("with a wrong password: %v", err)
	}
	if _, err := b.dial(t, login{user: "nobody", password: "amna-password"}); !errors.Is(err, ua.StatusBadUserAccessDenied) {
		t.Errorf("with an unknown name: %v", err)
	}
	stranger, err := own.CreateIdentity("urn:test:stranger", "stranger", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.dial(t, login{identity: &stranger}); err == nil {
		t.Fatal("a stranger's certificate is taken")
	}
	peers, err := b.pki.Peers()
	if err != nil || len(peers) != 2 || peers[1].Folder != opcua.Rejected || peers[1].URI != "urn:test:stranger" {
		t.Fatalf("after a stranger came: %+v, %v", peers, err)
	}
	if _, err := b.pki.Trust(peers[1].Thumbprint[:12]); err != nil {
		t.Fatal(err)
	}
	b.mustDial(t, login{identity: &stranger})
	if _, err := b.pki.Reject(peers[1].Thumbprint[:12]); err != nil {
		t.Fatal(err)
	}
	if _, err := b.dial(t, login{identity: &stranger}); err == nil {
		t.Error("a rejected certificate is taken")
	}
}
