package opcua_test

import (
	"errors"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uasc"

	"linectl/internal/testnet"
	"linectl/line"
	"linectl/uaguard"
)

// TestAnAccountThatChangesEndsItsSessions takes a role away, and disables an account: what was open does not even read on.
func TestAnAccountThatChangesEndsItsSessions(t *testing.T) {
	t.Parallel()
	for name, fact := range map[string]line.Fact{
		"role taken away": line.RoleChanged{User: "amna", Old: []line.Role{line.Operator}, New: []line.Role{line.Viewer}},
		"disabled":        line.UserDisabled{User: "amna"},
		"new password":    line.PasswordChanged{User: "amna", Number: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlant()
			b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
			c, other := b.mustDial(t, login{}), b.mustDial(t, login{user: "vera", password: "vera-password"})
			eventually(t, "the line is shown", good(t, c, "Line.Good"))
			p.change(func(p *plant) {
				p.journal = append(p.journal, line.Entry{Seq: 78, Record: line.Record{At: time.Now(), Fact: fact}})
			})
			eventually(t, "the session has ended", func() bool {
				_, err := c.Read(t.Context(), &ua.ReadRequest{NodesToRead: []*ua.ReadValueID{{NodeID: ua.NewNumericNodeID(0, 2258), AttributeID: ua.AttributeIDValue}}})
				return errors.Is(err, ua.StatusBadSessionIDInvalid)
			})
			if v := read(t, other, "Line.Good"); v.Status != ua.StatusOK {
				t.Errorf("another person's session reads %v", v.Status)
			}
		})
	}
}

// TestASessionTakesNoMoreThanItNeeds asks for too much of everything, and for what is another's.
func TestASessionTakesNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	b.serve(t)
	c, victim := b.mustDial(t, login{}), b.mustDial(t, login{user: "vera", password: "vera-password"})
	subscribe := func(c *gopcua.Client) (*gopcua.Subscription, error) {
		return c.Subscribe(t.Context(), &gopcua.SubscriptionParameters{Interval: time.Second}, make(chan *gopcua.PublishNotificationData, 100))
	}
	theirs, err := subscribe(victim)
	if err != nil {
		t.Fatal(err)
	}
	var mine *gopcua.Subscription
	for i := range 5 {
		if mine, err = subscribe(c); err != nil {
			t.Fatalf("subscription %d: %v", i+1, err)
		}
	}
	if _, err := subscribe(c); !errors.Is(err, ua.StatusBadTooManySubscriptions) {
		t.Errorf("a sixth subscription: %v", err)
	}
	item := gopcua.NewMonitoredItemCreateRequestWithDefaults(ua.NewNumericNodeID(0, 2258), ua.AttributeIDValue, 1)
	item.RequestedParameters.QueueSize = 100_000
	many := make([]*ua.MonitoredItemCreateRequest, 1000)
	for i := range many {
		many[i] = item
	}
	res, err := mine.Monitor(t.Context(), ua.TimestampsToReturnBoth, many...)
	if err != nil || len(res.Results) != 1000 {
		t.Fatalf("1,000 items: %v", err)
	}
	if q := res.Results[0].RevisedQueueSize; q != 100 {
		t.Errorf("a queue of %d", q)
	}
	if _, err := mine.Monitor(t.Context(), ua.TimestampsToReturnBoth, item); !errors.Is(err, ua.StatusBadTooManyMonitoredItems) {
		t.Errorf("item 1,001: %v", err)
	}
	del := func(id uint32) ua.StatusCode {
		var code ua.StatusCode
		err := c.Send(t.Context(), &ua.DeleteSubscriptionsRequest{SubscriptionIDs: []uint32{id}}, func(v ua.Response) error {
			code = v.(*ua.DeleteSubscriptionsResponse).Results[0]
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	if code := del(theirs.SubscriptionID); code != ua.StatusBadSubscriptionIDInvalid {
		t.Errorf("another's subscription is deleted: %v", code)
	}
	if code := del(mine.SubscriptionID); code != ua.StatusOK {
		t.Errorf("its own is not: %v", code)
	}
}

// TestWhoMakesSessionsKeepsNobodyOut makes more sessions than there may be and logs in with none of them.
func TestWhoMakesSessionsKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	b.serve(t)
	operator := b.mustDial(t, login{})
	for range 4 {
		c := b.channel(t)
		for range 40 {
			if _, err := c.CreateSession(t.Context(), &uasc.SessionConfig{ClientDescription: &ua.ApplicationDescription{ApplicationURI: b.client.URI, ApplicationName: ua.NewLocalizedText("many")}, SessionTimeout: time.Minute}); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.mustDial(t, login{})
	if v := attribute(t, operator, ua.NewNumericNodeID(0, 2259), ua.AttributeIDValue); v.Value.Value() != int32(0) {
		t.Errorf("the state of the server is %v", v.Value.Value())
	}
}

// channel opens a channel and no session.
func (b *bench) channel(t testing.TB) *gopcua.Client {
	t.Helper()
	endpoints, err := gopcua.GetEndpoints(t.Context(), "opc.tcp://"+b.address)
	if err != nil {
		t.Fatal(err)
	}
	e, err := gopcua.SelectEndpoint(endpoints, ua.SecurityPolicyURIBasic256Sha256, ua.MessageSecurityModeSignAndEncrypt)
	if err != nil {
		t.Fatal(err)
	}
	c, err := gopcua.NewClient("opc.tcp://"+b.address, gopcua.Certificate(b.client.Certificate), gopcua.PrivateKey(b.client.Key),
		gopcua.SecurityFromEndpoint(e, ua.UserTokenTypeUserName), gopcua.AutoReconnect(false), gopcua.ApplicationURI(b.client.URI))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Dial(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(t.Context()) })
	return c
}

// TestASubscriptionIsHeardHoweverOftenTheClientHadNone subscribes and gives up again and again: each time puts our client's library to
// sleep and wakes it, and it must not stay asleep.
func TestASubscriptionIsHeardHoweverOftenTheClientHadNone(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	b.serve(t)
	c := b.mustDial(t, login{})
	for i := range 8 {
		notes := make(chan *gopcua.PublishNotificationData, 100)
		sub, err := uaguard.Subscribe(t.Context(), c, &gopcua.SubscriptionParameters{Interval: 100 * time.Millisecond}, notes)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sub.Monitor(t.Context(), ua.TimestampsToReturnBoth, gopcua.NewMonitoredItemCreateRequestWithDefaults(ua.NewNumericNodeID(0, 2258), ua.AttributeIDValue, 1)); err != nil {
			t.Fatal(err)
		}
		select {
		case <-notes:
		case <-time.After(5 * time.Second):
			t.Fatalf("nothing is heard of subscription %d", i+1)
		}
		if err := sub.Cancel(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
