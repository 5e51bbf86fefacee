package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uasc"

	"linectl/uaguard"
)

// clientsAttacks are made by whoever has stolen a trusted certificate with its key, and some of them a password as well.
func clientsAttacks() []attack {
	return []attack{
		{"weak policies, none, and anonymous", weakPolicies},
		{"OpenSecureChannel that is too short inside", shortOpen},
		{"chunks without a final one", chunkFlood},
		{"chunks without a final one over many requests", chunkFloodOverRequests},
		{"many secure channels", manyChannels},
		{"nested Variant", nestedVariant},
		{"nested DiagnosticInfo", nestedDiagnosticInfo},
		{"zero array dimension", zeroDimension},
		{"2 GiB text inside a message", hugeText},
		{"malformed UTF-8 in a session", brokenText},
		{"close with an old timestamp", oldClose},
		{"many sessions that nobody logs in with", manySessions},
		{"wrong password", wrongPassword},
		{"TranslateBrowsePath recursion", longPath},
		{"worker starvation", workerStarvation},
		{"unlimited subscriptions", manySubscriptions},
		{"readers that take nothing", slowReaders},
		{"DeleteMonitoredItems with an unknown id", unknownItem},
		{"call then close session", callThenClose},
		{"ConditionRefresh flood", refreshFlood},
		{"event filter without operands", emptyFilter},
		{"event filter that refers to itself", circularFilter},
	}
}

// shortOpen signs and encrypts correctly a request that has no room for what the library takes from it.
func shortOpen(t *testing.T, b *besieged) string {
	conn, err := connect(b.address)
	if err != nil {
		return "cut"
	}
	defer func() { _ = conn.Close() }()
	server, err := x509.ParseCertificate(b.certificate)
	if err != nil {
		t.Fatal(err)
	}
	to := server.PublicKey.(*rsa.PublicKey)
	thumbprint := sha1.Sum(b.certificate)
	chunk := put([]byte("OPNF"), 0, 0, basic256Sha256, string(b.eve.Certificate), string(thumbprint[:]))
	copy(chunk[4:], put(nil, len(chunk)+2*256))
	sum := sha256.Sum256(chunk)
	secret, err := rsa.SignPKCS1v15(rand.Reader, b.eve.Key, 5, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{secret[:128], secret[128:]} {
		out, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, to, part, nil)
		if err != nil {
			t.Fatal(err)
		}
		chunk = append(chunk, out...)
	}
	return answersOn(conn, helloMessage("opc.tcp://line"), chunk)
}

func flood(b *besieged, t *testing.T, request func(i uint32) uint32) string {
	r := b.rogue(t)
	_ = r.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	for i := range uint32(60) {
		if err := r.send("MSGC", request(i), make([]byte, 100)); err != nil {
			t.Errorf("chunk %d: %v", i, err)
		}
	}
	if _, err := r.answer(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("sixty chunks are answered %v", err)
	}
	_ = r.SetReadDeadline(time.Now().Add(10 * time.Second))
	for i := range uint32(1000) {
		if r.send("MSGC", 60+request(i), make([]byte, 60_000)) != nil {
			break
		}
	}
	if _, err := r.answer(); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return "cut, not before 60"
	}
	return "not cut"
}

func chunkFlood(t *testing.T, b *besieged) string {
	return flood(b, t, func(uint32) uint32 { return 1 })
}

func chunkFloodOverRequests(t *testing.T, b *besieged) string {
	return flood(b, t, func(i uint32) uint32 { return i })
}

func manyChannels(t *testing.T, b *besieged) string {
	var opened []*rogue
	for range 180 {
		r, err := openRogue(b.address, b.certificate, b.eve.Certificate, b.eve.Key)
		if err != nil {
			break
		}
		t.Cleanup(func() { _ = r.Close() })
		opened = append(opened, r)
	}
	open := 0
	for _, r := range opened {
		_ = r.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
		if _, err := r.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			open++
		}
	}
	return fmt.Sprintf("%d of an address stay open", open)
}

// write is a Write of one value of its own encoding, to a node that anybody may read.
func write(value []byte) []byte {
	return put(head(673, nil), 1, []byte{1, 0, 0xd2, 0x08}, 13, -1, byte(1), value)
}

// outcome says what became of a request that the library decodes before it asks for a session.
func outcome(r *rogue, body []byte) string {
	answer, err := r.ask(body)
	if err != nil {
		return "cut"
	}
	return "answered " + codeName(fault(answer))
}

func nestedVariant(t *testing.T, b *besieged) string {
	return outcome(b.rogue(t), write(bytes.Repeat([]byte{0x98, 1, 0, 0, 0}, 390_000)))
}

func nestedDiagnosticInfo(t *testing.T, b *besieged) string {
	return outcome(b.rogue(t), write(append([]byte{25}, bytes.Repeat([]byte{0x40}, 1_950_000)...)))
}

func zeroDimension(t *testing.T, b *besieged) string {
	seen := outcome(b.rogue(t), write(put(nil, byte(0xc6), 1, 7, 2, 0, 5)))
	if other := outcome(b.rogue(t), write(put(nil, byte(0xc6), 0, 2, 0, 0x7fffffff))); other != seen {
		t.Errorf("one is %s, the other %s", seen, other)
	}
	return seen
}

func hugeText(t *testing.T, b *besieged) string {
	for range 8 {
		r := b.rogue(t)
		_ = r.send("MSGF", 1, put(head(428, nil), 0x7ffffff0)) // GetEndpoints; not waiting for the answer
	}
	time.Sleep(500 * time.Millisecond)
	return outcome(b.rogue(t), put(head(631, nil), make([]byte, 8), 2, 0x7ffffff0))
}

func brokenText(t *testing.T, b *besieged) string {
	c := b.login(t)
	broken := "\xff\xfe\xc0\x80 Start"
	res, err := c.Call(t.Context(), &ua.CallMethodRequest{
		ObjectID: b.node(t, c, "ST060"), MethodID: b.node(t, c, "ST060.Start"), InputArguments: []*ua.Variant{ua.MustVariant(broken), ua.MustVariant(broken)},
	})
	if err != nil || res.StatusCode != ua.StatusBadInvalidArgument {
		t.Errorf("a command with a broken text: %v %v", res, err)
	}
	return "answered Bad_InvalidArgument"
}

// oldClose closes sessions and channels with times of the year 1601, and of tokens that there are not.
func oldClose(t *testing.T, b *besieged) string {
	r := b.rogue(t)
	seen := outcome(r, put(head(473, []byte{5, 0, 0, 1, 0, 0, 0, 7}), byte(1)))
	_ = r.send("CLOF", 9, head(452, nil))
	return seen
}

// manySessions makes 180 sessions and then wants to log in with the first.
func manySessions(t *testing.T, b *besieged) string {
	var first *gopcua.Session
	var its *gopcua.Client
	for range 4 {
		c, err := attackerClient(b.address, b.eve, "eve", "not needed here")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Dial(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close(t.Context()) })
		for range 45 {
			s, err := c.CreateSession(t.Context(), &uasc.SessionConfig{
				ClientDescription: &ua.ApplicationDescription{ApplicationURI: b.eve.URI, ApplicationName: ua.NewLocalizedText("eve")}, SessionTimeout: time.Hour,
				UserIdentityToken: &ua.AnonymousIdentityToken{PolicyID: "anonymous"}, UserTokenSignature: &ua.SignatureData{},
			})
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first, its = s, c
			}
		}
	}
	return "the first of 180 is answered " + codeName(its.ActivateSession(t.Context(), first))
}

func wrongPassword(t *testing.T, b *besieged) string {
	for _, p := range []string{"wrong kettle on 7 wheels", "", benchPassword + "\x00", benchPassword[:len(benchPassword)-1]} {
		c, err := attackerClient(b.address, b.eve, "amna", p)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Connect(t.Context()); err == nil {
			t.Errorf("the password %q is taken", p)
		}
		_ = c.Close(t.Context())
	}
	return "refused"
}

func longPath(t *testing.T, b *besieged) string {
	c := b.login(t)
	path := &ua.BrowsePath{StartingNode: ua.NewNumericNodeID(0, id.RootFolder), RelativePath: &ua.RelativePath{}}
	for range 20_000 {
		path.RelativePath.Elements = append(path.RelativePath.Elements, &ua.RelativePathElement{ReferenceTypeID: ua.NewNumericNodeID(0, id.HierarchicalReferences), IncludeSubtypes: true, TargetName: &ua.QualifiedName{Name: "Objects"}})
	}
	err := c.Send(t.Context(), &ua.TranslateBrowsePathsToNodeIDsRequest{BrowsePaths: []*ua.BrowsePath{path}}, func(ua.Response) error { return nil })
	if !errors.Is(err, ua.StatusBadTooManyOperations) {
		t.Errorf("a path of 20,000 names: %v", err)
	}
	return "answered Bad_TooManyOperations"
}

// workerStarvation reads and calls as much as eight clients can, for three seconds.
func workerStarvation(t *testing.T, b *besieged) string {
	clients := make([]*gopcua.Client, 8)
	for i := range clients {
		clients[i] = b.login(t)
	}
	state, object, method := b.node(t, clients[0], "ST060.State"), b.node(t, clients[0], "ST060"), b.node(t, clients[0], "ST060.Start")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var wait sync.WaitGroup
	for _, c := range clients {
		nodes := make([]*ua.ReadValueID, 1000)
		for i := range nodes {
			nodes[i] = &ua.ReadValueID{NodeID: state, AttributeID: ua.AttributeIDValue}
		}
		wait.Go(func() {
			for ctx.Err() == nil {
				_, _ = c.Read(ctx, &ua.ReadRequest{NodesToRead: nodes, TimestampsToReturn: ua.TimestampsToReturnBoth})
				_, _ = c.Call(ctx, &ua.CallMethodRequest{ObjectID: object, MethodID: method, InputArguments: []*ua.Variant{ua.MustVariant(""), ua.MustVariant("flood")}})
			}
		})
	}
	slowest, reads := time.Duration(0), 0
	for ; ctx.Err() == nil; reads++ {
		began := time.Now()
		if _, err := b.readOnce(t); err != nil && ctx.Err() == nil {
			_ = b.work(t)
		}
		slowest = max(slowest, time.Since(began))
	}
	wait.Wait()
	if slowest > 5*time.Second {
		t.Errorf("meanwhile the operator waited %v", slowest)
	}
	if reads < 10 {
		t.Errorf("meanwhile the operator read %d times", reads)
	}
	return fmt.Sprintf("served; meanwhile the operator read %d times and waited %v at most", reads, slowest.Round(100*time.Microsecond))
}

func manySubscriptions(t *testing.T, b *besieged) string {
	n := 0
	for range 3 {
		c := b.login(t)
		for {
			if _, err := c.Subscribe(t.Context(), &gopcua.SubscriptionParameters{Interval: time.Second, LifetimeCount: 1 << 30}, make(chan *gopcua.PublishNotificationData, 1000)); err != nil {
				if !errors.Is(err, ua.StatusBadTooManySubscriptions) {
					t.Error(err)
				}
				break
			}
			n++
		}
	}
	if n != 15 {
		t.Errorf("three sessions have %d subscriptions", n)
	}
	return "5 of a session"
}

// slowReaders ask for much and read nothing of the answers.
func slowReaders(t *testing.T, b *besieged) string {
	for range 10 {
		r := b.rogue(t)
		if c, ok := r.Conn.(*net.TCPConn); ok {
			_ = c.SetReadBuffer(1024)
		}
		for i := range uint32(49) {
			if r.send("MSGF", i, put(head(428, nil), "opc.tcp://line", 0, 0)) != nil {
				break
			}
		}
	}
	return "the others are served"
}

func unknownItem(t *testing.T, b *besieged) string {
	c := b.login(t)
	sub, err := uaguard.Subscribe(t.Context(), c, &gopcua.SubscriptionParameters{Interval: time.Second}, make(chan *gopcua.PublishNotificationData, 100))
	if err != nil {
		t.Fatal(err)
	}
	res, err := sub.Unmonitor(t.Context(), 0, 4711, 0xffffffff)
	if err != nil || len(res.Results) != 3 || res.Results[1] != ua.StatusBadMonitoredItemIDInvalid {
		t.Errorf("%+v %v", res, err)
	}
	return "answered Bad_MonitoredItemIdInvalid"
}

// callThenClose goes away while its commands are being carried out.
func callThenClose(t *testing.T, b *besieged) string {
	for range 20 {
		c := b.login(t)
		object, method := b.node(t, c, "ST060"), b.node(t, c, "ST060.Start")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		_, _ = c.Call(ctx, &ua.CallMethodRequest{ObjectID: object, MethodID: method, InputArguments: []*ua.Variant{ua.MustVariant(""), ua.MustVariant("gone")}})
		cancel()
		_ = c.CloseSession(t.Context())
		_ = c.Close(t.Context())
	}
	return "the line goes on"
}

func refreshFlood(t *testing.T, b *besieged) string {
	c := b.login(t)
	sub, err := uaguard.Subscribe(t.Context(), c, &gopcua.SubscriptionParameters{Interval: time.Second}, make(chan *gopcua.PublishNotificationData, 1000))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for range 200 {
		_, err := c.Call(t.Context(), &ua.CallMethodRequest{ObjectID: ua.NewNumericNodeID(0, id.ConditionType), MethodID: ua.NewNumericNodeID(0, id.ConditionType_ConditionRefresh), InputArguments: []*ua.Variant{ua.MustVariant(sub.SubscriptionID)}})
		if errors.Is(err, ua.StatusBadRefreshInProgress) {
			refused++
		}
	}
	if refused < 150 {
		t.Errorf("%d of 200 were refused", refused)
	}
	return "at least 150 of 200 get Bad_RefreshInProgress"
}

// filtered watches the line's events through a filter, and makes some.
func filtered(t *testing.T, b *besieged, elements ...*ua.ContentFilterElement) string {
	c := b.login(t)
	sub, err := uaguard.Subscribe(t.Context(), c, &gopcua.SubscriptionParameters{Interval: 200 * time.Millisecond}, make(chan *gopcua.PublishNotificationData, 1000))
	if err != nil {
		t.Fatal(err)
	}
	item := gopcua.NewMonitoredItemCreateRequestWithDefaults(ua.NewNumericNodeID(0, id.Server), ua.AttributeIDEventNotifier, 1)
	item.RequestedParameters.Filter = &ua.ExtensionObject{
		EncodingMask: ua.ExtensionObjectBinary, TypeID: &ua.ExpandedNodeID{NodeID: ua.NewNumericNodeID(0, id.EventFilter_Encoding_DefaultBinary)},
		Value: ua.EventFilter{
			SelectClauses: []*ua.SimpleAttributeOperand{{TypeDefinitionID: ua.NewNumericNodeID(0, id.BaseEventType), BrowsePath: []*ua.QualifiedName{{Name: "EventId"}}, AttributeID: ua.AttributeIDValue}},
			WhereClause:   &ua.ContentFilter{Elements: elements},
		},
	}
	res, err := sub.Monitor(t.Context(), ua.TimestampsToReturnBoth, item)
	_, _ = c.Call(t.Context(), &ua.CallMethodRequest{ObjectID: ua.NewNumericNodeID(0, id.ConditionType), MethodID: ua.NewNumericNodeID(0, id.ConditionType_ConditionRefresh), InputArguments: []*ua.Variant{ua.MustVariant(sub.SubscriptionID)}})
	time.Sleep(300 * time.Millisecond) // until the events have gone through the filter
	if err != nil {
		return "refused"
	}
	if res.Results[0].StatusCode != ua.StatusOK {
		return "refused"
	}
	return "taken"
}

func emptyFilter(t *testing.T, b *besieged) string {
	return filtered(t, b, &ua.ContentFilterElement{FilterOperator: ua.FilterOperatorEquals})
}

func circularFilter(t *testing.T, b *besieged) string {
	self := ua.NewExtensionObject(&ua.ElementOperand{Index: 0})
	return filtered(t, b, &ua.ContentFilterElement{FilterOperator: ua.FilterOperatorEquals, FilterOperands: []*ua.ExtensionObject{self, self}})
}
