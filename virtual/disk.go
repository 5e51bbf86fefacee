package virtual

import (
	"errors"
	"time"

	"linectl/simulator"
	"linectl/supervisor"
)

// ErrDisk ends a run like the error of a real store: what was to be recorded may be there or not. The supervisor's process ends, and
// another incarnation must be brought up from what the store holds (Restart).
var ErrDisk = errors.New("the record store cannot be written")

// late is a commit that takes its time. Until it ends the line decides nothing, as the loop does not.
type late struct {
	ends time.Time
	out  supervisor.Output
	disk simulator.Disk
}

// commit ends the commit that has taken its time.
func (w *World) commit() {
	done := w.late
	w.late = nil
	w.record(done.out, done.disk)
}

// record brings the records into the store, and then acts by them. After an error nothing is done.
func (w *World) record(out supervisor.Output, disk simulator.Disk) {
	if disk.Fails && !disk.Kept {
		w.err = ErrDisk
		return
	}
	if _, w.err = w.Store.Append(out.Records); w.err == nil && disk.Fails {
		w.err = ErrDisk
	}
	if w.err == nil {
		w.act(out)
	}
}

// act does what is on record: to the devices, then to people.
func (w *World) act(out supervisor.Output) {
	w.submit(out.Jobs)
	w.reply = append(w.reply, out.Replies...)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Died reports whether the supervisor has ended by an error of its store. Nothing goes on before Restart.
func (w *World) Died() bool { return w.err != nil }
