package strangers

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/control"
	"linectl/internal/process"
	"linectl/line"
)

const (
	gatewayRestarts = 20
	wellWithin      = 30 * time.Second // a restart on a busy machine; measured: 2 to 5 s
)

// TestNothingWrongIsShownOverRestarts kills the gateway twenty times and restarts the supervisor twice, while three HMIs by other
// people watch a line that works. Every value that one of them is shown as Good is compared with what the supervisor had said. An
// alarm that was acknowledged stays so, and one that comes while no gateway runs is told by the next.
func TestNothingWrongIsShownOverRestarts(t *testing.T) {
	nodeProgram(t)
	s := newShop(t)
	s.lay(t)
	s.simulate(t)
	supervisor := s.supervise(t, "--no-gateway")
	for _, name := range []string{"operator", "gopcua", "awcullen"} {
		s.person(t, name, line.Operator)
	}
	truth := newRecorder(t, s)
	gateway := s.gateway(t, truth.socket)
	hand := control.Dial(s.socket())
	defer hand.Close()
	until(t, "the supervisor has said something", 30*time.Second, func() error {
		if len(truth.names()) == 0 {
			return errors.New("nothing yet")
		}
		return nil
	}, gateway)
	names := truth.names()
	slices.Sort(names)

	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	t.Cleanup(func() { cancel(); wait.Wait() })
	w := newWatchers("node-opcua", "gopcua", "awcullen")
	watchWithNode(t, s, w, names)
	wait.Go(func() {
		again(ctx, w, "gopcua", func(ctx context.Context) error { return gopcuaSession(ctx, s, w, names) })
	})
	wait.Go(func() {
		again(ctx, w, "awcullen", func(ctx context.Context) error { return awcullenSession(ctx, s, w, names) })
	})
	defer func() {
		if now, err := hand.Snapshot(context.Background()); t.Failed() && err == nil {
			for _, st := range now.Stations {
				t.Logf("%s was %s: %s", st.Station, st.State, st.Reason)
			}
		}
	}()
	well := func(what string, before map[string]int) time.Duration {
		began := time.Now()
		until(t, what, wellWithin, func() error {
			now, err := hand.Snapshot(ctx)
			if err != nil {
				return err
			}
			return w.well(before, len(names), standing(now))
		}, supervisor)
		return time.Since(began)
	}
	none := map[string]int{"node-opcua": 0, "gopcua": 0, "awcullen": 0}
	well("all see the line", none)

	wait.Go(func() { work(ctx, hand) })
	stands := func(alarm string, want alarmed) { // the supervisor's word; what the screens have is compared with all that it says
		t.Helper()
		until(t, alarm+" stands", 20*time.Second, func() error {
			now, err := hand.Snapshot(ctx)
			if have, there := standing(now)[alarm]; err == nil && (!there || have != want) {
				err = fmt.Errorf("%+v, there: %v", have, there)
			}
			return err
		}, supervisor)
	}
	until(t, "the stations work", time.Minute, func() error {
		now, err := hand.Snapshot(ctx)
		for _, st := range now.Stations {
			if st.State != "Execute" && st.State != "Suspended" {
				err = fmt.Errorf("%s is %s: %s", st.Station, st.State, st.Reason)
			}
		}
		return err
	}, supervisor)
	do(t, hand, line.Machine{Target: "ST130", Command: "Abort"})
	stands("ST130/aborted", alarmed{Active: true})
	well("an alarm is told", none)
	do(t, hand, line.AcknowledgeAlarm{Alarm: "ST130/aborted"})
	stands("ST130/aborted", alarmed{Active: true, Acknowledged: true})
	well("its acknowledgement is told", none)

	var took []time.Duration
	for n := 1; n <= gatewayRestarts; n++ {
		before := w.connections()
		gateway.Kill()
		switch n {
		case 3:
			do(t, hand, line.Machine{Target: "ST120", Command: "Hold"}) // nobody shows it: there is no gateway
			stands("ST120/held", alarmed{Active: true})
		case 6:
			do(t, hand, line.AcknowledgeAlarm{Alarm: "ST120/held"})
			stands("ST120/held", alarmed{Active: true, Acknowledged: true})
		}
		gateway = s.gateway(t, truth.socket)
		took = append(took, well(fmt.Sprintf("all see the line after kill %d of the gateway", n), before))
		if n == 7 || n == 14 {
			supervisor.Kill()
			supervisor = s.supervise(t, "--no-gateway")
			took = append(took, well(fmt.Sprintf("all see the line after the supervisor's restart beside kill %d", n), none))
			stands("ST130/aborted", alarmed{Active: true, Acknowledged: true})
		}
	}
	cancel()
	wait.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	wrong := map[string]int{}
	for _, v := range w.values {
		if text := truth.judge(v); text != "" {
			if wrong[v.client]++; wrong[v.client] <= 5 {
				t.Error(text)
			}
		}
	}
	for name, screen := range w.screens {
		t.Logf("%s came in %d times and was shown %d values as Good, %d of them wrong", name, screen.connected, screen.good, wrong[name])
		if screen.good < 1000 || screen.connected < gatewayRestarts {
			t.Errorf("%s watched too little to prove anything", name)
		}
	}
	slices.Sort(took)
	t.Logf("all good again after %v in the middle, %v at most", took[len(took)/2].Round(100*time.Millisecond), took[len(took)-1].Round(100*time.Millisecond))
}

// standing are the alarms and the questions that the supervisor lists, by name. The past occurrences of an alarm that has come again are
// left out.
func standing(s line.Snapshot) map[string]alarmed {
	list := map[string]alarmed{}
	for _, a := range s.Alarms {
		if !a.Branch {
			list[a.Alarm] = alarmed{a.Active, a.Acknowledged}
		}
	}
	for _, p := range s.Prompts {
		list[question(p.Prompt)] = alarmed{}
	}
	return list
}

// gateway starts a gateway that hears the supervisor through a socket.
func (s *shop) gateway(t testing.TB, socket string) *process.Process {
	t.Helper()
	return start(t, "gateway", s.dir, program, "gateway", "--config", s.config(), "--data", s.records, "--socket", socket, "--listen", s.address)
}

func do(t testing.TB, c *control.Client, command line.Command) {
	t.Helper()
	var reply line.Reply
	until(t, fmt.Sprintf("%+v", command), 20*time.Second, func() (err error) {
		if reply, err = c.Do(t.Context(), line.Request{By: "test", Why: "test", Command: command}); err == nil && !reply.Accepted {
			err = errors.New(reply.Text)
		}
		return err
	})
}

var needs = regexp.MustCompile(`needs (\S+): scan (a lot in|its serial)`)

// work keeps the line building: orders, material, and every station that is at rest for no person's sake.
func work(ctx context.Context, c *control.Client) {
	n := 0
	ask := func(command line.Command) {
		n++
		_, _ = c.Do(ctx, line.Request{ID: fmt.Sprintf("work-%d-%d", time.Now().UnixNano(), n), By: "work", Command: command}) // what is refused is asked for again
	}
	for ctx.Err() == nil {
		now, err := c.Snapshot(ctx)
		if err == nil && !slices.ContainsFunc(now.Orders, func(o line.OrderSnapshot) bool { return o.Released+o.Scrapped+o.Quarantined < o.Quantity }) {
			ask(line.AddOrder{Order: line.OrderID(fmt.Sprintf("order-%d", len(now.Orders)+1)), Product: "DRN-P3", Quantity: 5})
		}
		for _, st := range now.Stations {
			switch {
			case strings.Contains(st.Reason, "Hold by"), strings.Contains(st.Reason, "Abort by"): // the test's own alarms stay
			case st.State == "Stopped" || st.State == "Complete":
				ask(line.Machine{Target: string(st.Station), Command: "Reset"})
			case st.State == "Idle":
				ask(line.Machine{Target: string(st.Station), Command: "Start"})
			case st.State == "Aborted":
				ask(line.Machine{Target: string(st.Station), Command: "Clear"})
			case st.State == "Held":
				if st.ToolAction != "" {
					ask(line.ServiceTool{Station: st.Station, Action: st.ToolAction})
				}
				ask(line.Machine{Target: string(st.Station), Command: "Unhold"})
			}
			for _, m := range needs.FindAllStringSubmatch(st.Reason, -1) {
				load := line.LoadMaterial{Station: st.Station, Item: m[1], Lot: line.LotID(fmt.Sprintf("W%d-%d", now.Fence, n)), Quantity: 5000, Expiry: now.At.AddDate(0, 6, 0)}
				if m[2] == "its serial" {
					load.Quantity = 1
				}
				ask(load)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}
