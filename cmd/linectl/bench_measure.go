package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"linectl/hmi/load"
	"linectl/internal/process"
)

// benchQueue is the queue of a watched item: a client that is told less often than it samples loses nothing by that.
const benchQueue = 10

// benchUsers are the people at the clients. A gateway gives nobody more than sixteen sessions, and ends the one that its person has
// not used for longest: with one person for all, that was the caller's, which waits while the crowd comes in.
var benchUsers = []string{"bench", "bench-1", "bench-2", "bench-3", "bench-4"}

// benchVariable is a variable of the line, and whether the source changes it at every step.
type benchVariable struct {
	load.Variable
	Moves bool `json:"moves"`
}

// benchFigures are what one server did.
type benchFigures struct {
	Single     benchReads     `json:"single"`  // one client, a value a request
	Batch      benchReads     `json:"batch"`   // one client, 100 values a request
	Idle       load.Times     `json:"idle"`    // calls while nobody else asks
	Thousand   benchDelivered `json:"watch"`   // 1,000 items of one client
	Crowd      benchDelivered `json:"crowd"`   // 50 clients with 100 items each
	Loaded     load.Times     `json:"loaded"`  // calls beside the crowd
	ResidentMB float64        `json:"rss_mb"`  // with the crowd
	PeakMB     float64        `json:"peak_mb"` // ever
}

type benchReads struct {
	load.Reads
	CPU time.Duration `json:"cpu"` // of the server
}

func (r benchReads) perSecond() float64    { return float64(r.Values) / r.Took.Seconds() }
func (r benchReads) perCPUSecond() float64 { return float64(r.Values) / r.CPU.Seconds() }

type benchDelivered struct {
	load.Delivered
	Of        int           `json:"of"`        // values that the source published in the window, for all clients and items
	Published int           `json:"published"` // steps of the source in the window
	Planned   int           `json:"planned"`   // steps that it should have made
	CPU       time.Duration `json:"cpu"`       // of the server
}

// benchServer is a server that is measured.
type benchServer struct {
	*process.Process
	address string
	// published returns how many steps its source made, with a source time from one time to before another.
	published func(from, to time.Time) (int, error)
}

// How long the parts of a measurement may take besides the time for which they measure. What is slower is cut, and said.
const (
	benchReady = 30 * time.Second // until the server shows the whole line
	benchSlack = 5 * time.Second  // a part with one client
	benchEnter = 2 * time.Minute  // until a crowd has come in
	benchMost  = 4 * time.Minute  // all of one server, with the default --for
)

// within bounds a part of a measurement.
func within(ctx context.Context, what string, most time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, most, fmt.Errorf("it took longer than %v", most))
	defer cancel()
	err := do(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// measure lets clients come to a server that runs as a child. It fills in the variables if they are asked for. On an error the
// figures are those of the parts before.
func (b *benchOPCUA) measure(ctx context.Context, server benchServer, variables *[]benchVariable) (f *benchFigures, err error) {
	f = &benchFigures{}
	err = within(ctx, "all parts", benchMost+5*max(0, b.long-benchFor), func(ctx context.Context) error { return b.parts(ctx, server, f, variables) })
	return f, err
}

func (b *benchOPCUA) parts(ctx context.Context, server benchServer, f *benchFigures, variables *[]benchVariable) error {
	c, moving, err := b.enter(ctx, server, variables)
	if err != nil {
		return err
	}
	defer func() { c.Close() }()
	pid, to := server.Command.Process.Pid, b.client(server.address)
	watch := load.Watch{Clients: 1, Items: 1000, Names: moving, Users: benchUsers, Interval: benchEvery, Sampling: b.sampling, Queue: benchQueue}
	crowd := watch
	crowd.Clients, crowd.Items = 50, 100
	for _, part := range []struct {
		what string
		most time.Duration
		do   func(context.Context) error
	}{
		{"read one", benchSlack, func(ctx context.Context) (err error) { f.Single, err = b.reads(ctx, c, pid, moving, 1); return err }},
		{"read 100", benchSlack, func(ctx context.Context) (err error) { f.Batch, err = b.reads(ctx, c, pid, moving, 100); return err }},
		{"call, idle", benchSlack, func(ctx context.Context) (err error) {
			f.Idle, err = c.Calls(ctx, "Line", "Line.Reset", 5*time.Millisecond, b.long)
			return err
		}},
		{"1,000 items", benchEnter, func(ctx context.Context) (err error) {
			f.Thousand, err = b.watch(ctx, server, watch, nil)
			return err
		}},
		{"50 × 100 items", benchEnter, func(ctx context.Context) (err error) {
			f.Crowd, err = b.watch(ctx, server, crowd, func() error {
				caller, err := to.Dial(ctx) // the first has said nothing for as long as the crowd took to come in
				if err != nil {
					return err
				}
				defer caller.Close()
				f.Loaded, err = caller.Calls(ctx, "Line", "Line.Reset", 20*time.Millisecond, b.long)
				f.ResidentMB, f.PeakMB = residentMB(pid)
				return err
			})
			return err
		}},
	} {
		if err := within(ctx, part.what, b.long+part.most, part.do); err != nil {
			return err
		}
	}
	return nil
}

// enter waits until a server shows the line, and returns a client of it and the names of what changes at every step.
func (b *benchOPCUA) enter(ctx context.Context, server benchServer, variables *[]benchVariable) (c *load.Client, moving []string, err error) {
	to := b.client(server.address)
	var found []load.Variable
	err = server.Await(ctx, benchReady, func(ctx context.Context) (err error) {
		if c == nil {
			if c, err = to.Dial(ctx); err != nil {
				return err
			}
		}
		if found, err = c.Variables(ctx); err == nil && !shows(found, fmt.Sprintf("ST%03d.StepDone", b.stations)) {
			err = errors.New("the line is not shown yet")
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for _, v := range found {
		moves := benchMoves(v.Name)
		if moves {
			moving = append(moving, v.Name)
		}
		if variables != nil {
			*variables = append(*variables, benchVariable{v, moves})
		}
	}
	return c, moving, nil
}

func shows(all []load.Variable, name string) bool {
	return slices.ContainsFunc(all, func(v load.Variable) bool { return v.Name == name })
}

func benchMoves(name string) bool {
	station, field, _ := strings.Cut(name, ".")
	return stationName.MatchString(station) && slices.Contains(benchMoving, field)
}

func (b *benchOPCUA) reads(ctx context.Context, c *load.Client, pid int, names []string, batch int) (r benchReads, err error) {
	before, err := cpuTime(pid)
	if err != nil {
		return r, err
	}
	if r.Reads, err = c.Rate(ctx, names, batch, b.long); err != nil {
		return r, err
	}
	after, err := cpuTime(pid)
	r.CPU = after - before
	return r, err
}

// watch measures what a crowd is delivered, and meanwhile does something else.
func (b *benchOPCUA) watch(ctx context.Context, server benchServer, w load.Watch, meanwhile func() error) (d benchDelivered, err error) {
	crowd, err := b.client(server.address).Watch(ctx, w)
	if err != nil {
		return d, err
	}
	defer crowd.Close()
	select {
	case <-ctx.Done():
		return d, ctx.Err()
	case <-time.After(time.Second): // until every subscription is under way
	}
	done := make(chan error, 1)
	if meanwhile == nil {
		done <- nil
	} else {
		go func() { done <- meanwhile() }()
	}
	pid := server.Command.Process.Pid
	before, err := cpuTime(pid)
	if err != nil {
		return d, err
	}
	began := time.Now()
	if d.Delivered, err = crowd.Window(ctx, benchEvery, b.long); err != nil {
		return d, err
	}
	after, err := cpuTime(pid)
	if err != nil {
		return d, err
	}
	d.CPU = time.Duration(float64(after-before) * float64(b.long) / float64(time.Since(began)))
	d.Planned = int(b.long / benchEvery)
	if d.Published, err = server.published(d.From, d.To); err != nil {
		return d, err
	}
	d.Of = w.Clients * w.Items * d.Published
	return d, <-done
}

// cpuTime returns the processor time that a process has taken so far, as the kernel counts it: in hundredths of a second.
func cpuTime(pid int) (time.Duration, error) {
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("processor time is measured on Linux only: %w", err)
	}
	_, rest, _ := strings.Cut(string(body), ") ") // the name before it may hold anything
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(f))
	}
	sum := 0
	for _, text := range f[11:13] { // utime, stime
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
		sum += n
	}
	return time.Duration(sum) * 10 * time.Millisecond, nil
}

// residentMB returns a process's resident memory, now and at its peak; 0 where the kernel does not say.
func residentMB(pid int) (now, peak float64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	read := func(key string) float64 {
		m := regexp.MustCompile(key + `:\s+(\d+) kB`).FindSubmatch(status)
		if m == nil {
			return 0
		}
		kb, _ := strconv.ParseFloat(string(m[1]), 64)
		return kb / 1024
	}
	return read("VmRSS"), read("VmHWM")
}

func machine() string { return fmt.Sprintf("%d cores, %s", runtime.NumCPU(), runtime.GOARCH) }
