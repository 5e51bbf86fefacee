package plc

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// wire is a Dialer and a Conn to a cell, for one device goroutine in a bubble of virtual time.
type wire struct {
	*testing.T
	mu     sync.Mutex
	cell   *cell
	silent bool // requests end with their deadline only
	open   int
	dials  int
	closed int
}

func (w *wire) Dial(ctx context.Context) (Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dials++
	w.open++
	if w.open > 1 {
		w.Error("a connection is dialled while another is open")
	}
	w.deadline(ctx, 5*time.Second)
	return w, nil
}

func (w *wire) Read(ctx context.Context) (tags.Status, error) {
	if err := w.travel(ctx); err != nil {
		return tags.Status{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cell.run(time.Now())
	return w.cell.Status, nil
}

func (w *wire) Write(ctx context.Context, c tags.Command) error {
	if err := w.travel(ctx); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cell.command(time.Now(), c)
	return nil
}

func (w *wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open--
	w.closed++
	return nil
}

func (w *wire) travel(ctx context.Context) error {
	w.deadline(ctx, 500*time.Millisecond)
	w.mu.Lock()
	silent := w.silent
	w.mu.Unlock()
	if silent {
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(time.Millisecond)
	return nil
}

func (w *wire) deadline(ctx context.Context, longest time.Duration) {
	if at, ok := ctx.Deadline(); !ok || time.Until(at) > longest {
		w.Errorf("a request without a deadline within %v", longest)
	}
}

func (w *wire) set(silent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = silent
}

// listener collects events. Waiting for one lets time pass in the bubble.
type listener struct {
	mu     sync.Mutex
	events []line.DeviceEvent
}

func (l *listener) hear(e line.DeviceEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func count[E line.DeviceEvent](l *listener) (e E, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.events {
		if x, ok := x.(E); ok {
			e, n = x, n+1
		}
	}
	return e, n
}

// bubble starts a device on a wire in virtual time, runs the test, and asks that the device ends cleanly.
func bubble(t *testing.T, test func(t *testing.T, w *wire, d *Device, l *listener)) {
	synctest.Test(t, func(t *testing.T) {
		w, l := &wire{T: t, cell: newCell()}, &listener{}
		ctx, cancel := context.WithCancel(t.Context())
		d := Start(ctx, Config{Device: "ST060.welder", Fence: 1, Dialer: w, Events: l.hear})
		time.Sleep(100 * time.Millisecond)
		test(t, w, d, l)
		cancel()
		<-d.Done()
		if w.open != 0 || w.closed != w.dials {
			t.Errorf("%d connections dialled, %d closed, %d open at the end", w.dials, w.closed, w.open)
		}
	})
}

func welding(token line.Token) line.Job {
	return line.Job{Op: line.Execute, Device: "ST060.welder", Token: token, Act: (&rig{h: New("ST060.welder", 1, Options{})}).intent(token)}
}

func TestADeviceCarriesOutJobs(t *testing.T) {
	bubble(t, func(t *testing.T, w *wire, d *Device, l *listener) {
		for n := uint64(1); n <= 5; n++ {
			token := line.NewToken(1, n)
			d.Send(welding(token))
			time.Sleep(100 * time.Millisecond)
			if done, finished := count[line.ActFinished](l); finished != int(n) || done.Token != token {
				t.Fatalf("finished %d, last %v, want %v", finished, done.Token, token)
			}
			d.Send(line.Job{Op: line.Acknowledge, Device: "ST060.welder", Token: token})
		}
		if len(w.cell.effects) != 5 || w.dials != 1 {
			t.Errorf("%d effects over %d connections", len(w.cell.effects), w.dials)
		}
	})
}

func TestASilentDeviceIsLostAndComesBack(t *testing.T) {
	bubble(t, func(t *testing.T, w *wire, d *Device, l *listener) {
		w.set(true)
		time.Sleep(570 * time.Millisecond) // a poll and its deadline, and not yet the next attempt
		w.mu.Lock()
		if w.open != 0 {
			t.Error("the connection is kept open after a missed answer")
		}
		w.mu.Unlock()
		time.Sleep(3 * time.Second)
		lost, n := count[line.DeviceLost](l)
		if n != 1 || lost.Configuration || !strings.Contains(lost.Reason, "no answer in time") {
			t.Fatalf("told lost %d times: %+v", n, lost)
		}
		_, before := count[line.DeviceStatus](l)
		w.set(false)
		time.Sleep(6 * time.Second)
		if _, after := count[line.DeviceStatus](l); after <= before {
			t.Fatal("it is not told to be back")
		}
	})
}

func TestSendNeverBlocksAndSaysWhatIsDropped(t *testing.T) {
	bubble(t, func(t *testing.T, w *wire, d *Device, l *listener) {
		w.set(true)
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		for range 200 {
			d.Send(line.Job{Op: line.Acknowledge, Device: "ST060.welder", Token: line.NewToken(1, 1)}) // the handshake itself takes it once
		}
		if took := time.Since(began); took != 0 {
			t.Fatalf("sending took %v", took)
		}
		w.set(false)
		time.Sleep(10 * time.Second)
		if lost, n := count[line.DeviceLost](l); n == 0 || !strings.Contains(lost.Reason, "too slowly") {
			t.Fatalf("told lost %d times: %+v", n, lost)
		}
	})
}

func TestAStopOvertakesEverythingThatWaits(t *testing.T) {
	bubble(t, func(t *testing.T, w *wire, d *Device, l *listener) {
		w.mu.Lock()
		seen := len(w.cell.commands)
		w.mu.Unlock()
		d.Send(welding(line.NewToken(1, 1)))
		d.Send(line.Job{Op: line.MachineCommand, Machine: 1})
		d.Send(line.Job{Op: line.MachineCommand, Machine: commandStop})
		time.Sleep(50 * time.Millisecond)
		w.mu.Lock()
		defer w.mu.Unlock()
		var got []tags.Command
		for _, c := range w.cell.commands[seen:] {
			if c.Op != tags.OpQuery {
				got = append(got, c)
			}
		}
		if len(got) != 1 || got[0].Op != tags.OpMachine || got[0].Task != commandStop {
			t.Fatalf("the device received %+v, want the Stop and, stopped, nothing else", got)
		}
	})
}

// TestAnIdleTickDoesNotAllocate holds the handshake to what the virtual clock needs: months of idle devices in seconds.
func TestAnIdleTickDoesNotAllocate(t *testing.T) {
	r := newRig(t)
	r.run(100 * time.Millisecond)
	read := Input(StatusRead{r.cell.Status})
	if n := testing.AllocsPerRun(1000, func() {
		r.now = r.now.Add(30 * time.Millisecond)
		if out := r.h.Step(r.now, Tick{}); out.Read {
			r.h.Step(r.now, read)
		}
	}); n != 0 {
		t.Errorf("an idle tick allocates %v times", n)
	}
}

func TestErrorsSayWhatMayBeConcluded(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Class
	}{
		{errors.New("connection reset by peer"), Unknown},
		{context.DeadlineExceeded, Unknown},
		{&PassingError{Err: errors.New("busy")}, Passing},
		{tags.ErrTorn, Passing},
		{&ConfigurationError{Err: errors.New("exception 2")}, Configuration},
		{tags.ErrMagic, Configuration},
		{errors.Join(errors.New("read"), &ConfigurationError{Err: errors.New("x")}), Configuration},
	} {
		if got := Classify(tt.err); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
	}
}
