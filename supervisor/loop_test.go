package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/supervisor"
)

// bench is a store and the edges of the devices, which note the order in which the loop comes to them.
type bench struct {
	notes []string
	fail  error
	jobs  chan line.Job
}

func (b *bench) Append(records []line.Record) (uint64, error) {
	if b.fail != nil {
		return 0, b.fail
	}
	for _, r := range records {
		b.notes = append(b.notes, "record "+line.FactName(r.Fact))
	}
	return uint64(len(b.notes)), nil
}

func (b *bench) Send(j line.Job) {
	b.notes = append(b.notes, fmt.Sprintf("job %s %s", j.Device, packml.Command(j.Machine)))
	select {
	case b.jobs <- j:
	default:
	}
}

// start runs the loop over a line in which the weld station is known to be stopped and ready.
func start(t *testing.T, b *bench) (*supervisor.Loop, context.CancelFunc, <-chan error) {
	t.Helper()
	d := newDesk(t)
	loop := supervisor.NewLoop(d.Line, b, b, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(ctx) }()
	for _, dev := range []line.DeviceID{"ST060.robot", "ST060.welder"} {
		loop.Tell(ctx, line.DeviceStatus{Device: dev, Machine: uint16(packml.Stopped), Permissives: 0xffffffff})
	}
	synctest.Wait()
	return loop, cancel, ended
}

func TestRecordsAreDurableBeforeJobsAndReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{jobs: make(chan line.Job, 16)}
		loop, cancel, ended := start(t, b)
		b.notes = nil
		reply, err := loop.Do(t.Context(), line.Request{ID: "1", By: "ali", Account: "local:ali", Origin: line.FromLocal, Command: line.Machine{Target: "ST060", Command: "Reset"}})
		if err != nil || !reply.Accepted {
			t.Fatalf("%+v, %v", reply, err)
		}
		want := []string{"record state-changed", "record command-applied", "job ST060.robot Reset", "job ST060.welder Reset"}
		if !slices.Equal(b.notes, want) {
			t.Errorf("order was %q, want %q", b.notes, want)
		}
		for _, dev := range []line.DeviceID{"ST060.robot", "ST060.welder"} {
			loop.Tell(t.Context(), line.DeviceStatus{Device: dev, Machine: uint16(packml.Idle), Permissives: 0xffffffff})
		}
		synctest.Wait()
		b.notes = nil
		if _, err := loop.Do(t.Context(), line.Request{ID: "2", By: "ali", Account: "local:ali", Origin: line.FromLocal, Command: line.Machine{Target: "ST060", Command: "Stop"}}); err != nil {
			t.Fatal(err)
		}
		if len(b.notes) == 0 || b.notes[0] != "job ST060.robot Stop" {
			t.Errorf("a stop waited for the disk: %q", b.notes)
		}
		cancel()
		loop.Tell(t.Context(), line.DeviceStatus{Device: "ST060.robot", Machine: uint16(packml.Stopped), Permissives: 0xffffffff})
		loop.Tell(t.Context(), line.DeviceStatus{Device: "ST060.welder", Machine: uint16(packml.Stopped), Permissives: 0xffffffff})
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestLoopEndsWhenItCannotRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{jobs: make(chan line.Job, 16)}
		loop, cancel, ended := start(t, b)
		defer cancel()
		b.notes, b.fail = nil, errors.New("disk full")
		ctx, give := context.WithTimeout(t.Context(), time.Second)
		defer give()
		if _, err := loop.Do(ctx, line.Request{ID: "1", By: "ali", Account: "local:ali", Origin: line.FromLocal, Command: line.Machine{Target: "ST060", Command: "Reset"}}); err == nil {
			t.Error("a request that was not recorded was answered")
		}
		if err := <-ended; !errors.Is(err, b.fail) {
			t.Errorf("ended with %v, want the store's error", err)
		}
		if len(b.notes) != 0 {
			t.Errorf("after the store failed the devices were sent %q", b.notes)
		}
	})
}

func TestSnapshotFollowsWhatHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{jobs: make(chan line.Job, 16)}
		loop, cancel, ended := start(t, b)
		changed := loop.Changed()
		if _, err := loop.Do(t.Context(), line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Command: line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 3}}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
		case <-time.After(500 * time.Millisecond):
			t.Error("no new snapshot within 500 ms")
		}
		if s := loop.Snapshot(); len(s.Orders) != 1 || s.Orders[0].Quantity != 3 {
			t.Errorf("orders in the snapshot: %+v", s.Orders)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Whoever is answered sees what has come of it, however soon the line was asked before.
func TestAnAnswerIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop, cancel, ended := start(t, &bench{jobs: make(chan line.Job, 16)})
		for n := range 5 {
			q := line.Request{ID: fmt.Sprint(n), By: "ali", Account: "local:ali", Origin: line.FromLocal, Command: line.AddOrder{Order: line.OrderID(fmt.Sprint("o", n)), Product: "ESS-P2", Quantity: 3}}
			if _, err := loop.Do(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			if s := loop.Snapshot(); len(s.Orders) != n+1 {
				t.Errorf("after %d orders there are %d", n+1, len(s.Orders))
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
