package uaguard

import (
	"context"
	"errors"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

const (
	wakeAgain = time.Second            // without a notification, after which the client's loop is woken once more
	probeRate = 100 * time.Millisecond // a server may answer more slowly
)

// Subscribe subscribes as the client itself does, and sees to it that notifications come. The library's loop that asks for them is
// put to sleep when a client is made or has no subscription left, and is woken by a subscription. On a busy computer it may take the
// two in the wrong order and then sleeps for good, while the client says that it is Connected. So the first subscription of a client
// watches the server's own time (i=2258, which every server has) until it is told of it, and each try wakes the loop again.
// The error says what the server or the context said.
func Subscribe(ctx context.Context, c *opcua.Client, p *opcua.SubscriptionParameters, notes chan<- *opcua.PublishNotificationData) (*opcua.Subscription, error) {
	if len(c.SubscriptionIDs()) > 0 {
		return c.Subscribe(ctx, p, notes)
	}
	var probes []*opcua.Subscription
	defer func() {
		for _, sub := range probes {
			_ = sub.Cancel(ctx) // it ends with the session at the latest
		}
	}()
	told := make(chan *opcua.PublishNotificationData, 16)
	for {
		sub, err := c.Subscribe(ctx, &opcua.SubscriptionParameters{Interval: probeRate}, told)
		if err != nil {
			return nil, err
		}
		probes = append(probes, sub)
		watch := opcua.NewMonitoredItemCreateRequestWithDefaults(ua.NewNumericNodeID(0, id.Server_ServerStatus_CurrentTime), ua.AttributeIDValue, 1)
		if _, err := sub.Monitor(ctx, ua.TimestampsToReturnNeither, watch); err != nil {
			return nil, err
		}
		select {
		case note := <-told:
			if note.Error != nil {
				return nil, note.Error
			}
			return c.Subscribe(ctx, p, notes)
		case <-time.After(wakeAgain):
		case <-ctx.Done():
			return nil, errors.Join(errors.New("no notification has come"), context.Cause(ctx))
		}
	}
}
