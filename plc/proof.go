package plc

import (
	"fmt"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// proof is what a device can prove of an act: all in which the classes of devices differ. Whatever a class cannot prove is
// doubtful, and so it ends with a person.
type proof interface {
	// examine says what the status, asked for at a time, proves of the open act. For doubtful it also says why, in the operator's words.
	examine(asked time.Time, s *tags.Status, w *work) (finding, string)
	// closed reports whether no command of an act that was given up can start anything any more.
	closed(asked time.Time, s *tags.Status, w *work) bool
	// holds reports whether the device waits for the acknowledgement of a result.
	holds(s *tags.Status, token line.Token) bool
}

// settle is how long a command to a device that knows no tokens may still be on its way. What has had no effect for so long has
// none: the device, or the gateway before it, must see to that.
const settle = time.Second

func proofOf(c line.DeviceClass, device line.DeviceID) proof {
	switch c {
	case line.ClassB:
		return counted{device}
	case line.ClassC:
		return edged{device}
	case line.ClassA:
	}
	return tokens{}
}

// tokens is class A.
type tokens struct{}

func (tokens) examine(_ time.Time, s *tags.Status, w *work) (finding, string) {
	return examine(s, w.token, w.job.Act.RetainID)
}

func (tokens) closed(_ time.Time, s *tags.Status, w *work) bool {
	return s.Floor >= w.token && s.Phase == line.PhaseIdle
}

func (tokens) holds(s *tags.Status, token line.Token) bool { return holdsResult(s, token) }

// counted is class B: a job counter that is retained and rises before the energy, and a last result that is gone while a counted
// job has none yet. The count when the act was ordered stands in the intent.
type counted struct{ device line.DeviceID }

func (c counted) examine(asked time.Time, s *tags.Status, w *work) (finding, string) {
	was, is := w.job.Act.Effects, s.EffectCount
	stands := fmt.Sprintf("the counter of %s stands at %d, it was %d when the job was ordered: ", c.device, is, was)
	switch {
	case is == was && s.Phase == line.PhaseExecuting:
		return running, ""
	case is == was && !w.sent:
		return notAccepted, ""
	case is == was && asked.Sub(w.sentAt) < settle:
		return running, "" // it may still be on its way
	case is == was && was == 0:
		return doubtful, stands + "a counter at nought cannot tell a job that was not begun from a counter that was lost"
	case is == was:
		return notAccepted, ""
	case !w.sent:
		return doubtful, stands + "the job was not sent yet, so somebody else has worked with the device"
	case is < was:
		return doubtful, stands + "it has lost its count, and with it the proof whether the job was done"
	case is != was+1:
		return doubtful, stands + "another job than this one was done meanwhile, and its results cannot be told apart"
	case s.Phase == line.PhaseExecuting:
		return running, ""
	case s.Outcome == line.OutcomeNone:
		return doubtful, stands + "it began the job and has no result of it; it may have been carried out in part or wholly"
	}
	return completed, ""
}

// closed waits for what may be on its way: the device cannot be told to refuse it.
func (counted) closed(asked time.Time, s *tags.Status, w *work) bool {
	return asked.Sub(w.sentAt) >= settle && s.Phase != line.PhaseExecuting
}

func (counted) holds(*tags.Status, line.Token) bool { return false }

// edged is class C: the start bit is raised once for each act and stays up until the result is on record. While the device sees
// it, what it does and shows is of this act, for no act is ordered before the bit is seen down.
type edged struct{ device line.DeviceID }

func (e edged) examine(asked time.Time, s *tags.Status, w *work) (finding, string) {
	early := asked.Sub(w.sentAt) < settle
	switch {
	case !w.sent:
		return notAccepted, ""
	case s.Start && s.Phase == line.PhaseDone:
		return completed, ""
	case s.Start && s.Phase == line.PhaseExecuting, early && s.Phase != line.PhaseFault:
		return running, ""
	case s.Start && s.Phase == line.PhaseFault:
		return doubtful, fmt.Sprintf("%s reports an error (code %d) and does not say how far it came", e.device, s.Reason)
	case s.Start:
		return doubtful, fmt.Sprintf("%s sees its start bit and does nothing", e.device)
	case s.Phase == line.PhaseExecuting:
		return doubtful, fmt.Sprintf("%s is busy and its start bit is down: it does another job than this one, or the bit was taken away", e.device)
	}
	return doubtful, fmt.Sprintf("the start bit of %s is down: the command was lost, or the device was restarted after it; nobody can say whether the job was done", e.device)
}

func (edged) closed(asked time.Time, s *tags.Status, w *work) bool {
	return asked.Sub(w.sentAt) >= settle && s.Phase == line.PhaseIdle && !s.Start
}

func (edged) holds(s *tags.Status, _ line.Token) bool {
	return s.Start && s.Phase != line.PhaseExecuting
}
