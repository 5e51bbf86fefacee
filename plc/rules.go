package plc

import (
	"fmt"

	"linectl/line"
	"linectl/plc/tags"
)

// finding is what a status block says about one token (rule Q).
type finding uint8

const (
	notAccepted finding = iota // the device has certainly not accepted it
	running                    // accepted and not finished: wait
	completed                  // its result is latched
	doubtful                   // nobody can say
)

// examine applies rule Q to a status block. For doubtful it also says why, in the operator's words.
func examine(s *tags.Status, token line.Token, retainID uint32) (finding, string) {
	switch {
	case s.RetainID != retainID:
		return doubtful, "the device has lost its memory since the job was ordered; it cannot say whether it was done"
	case s.LastCompleted == token:
		return completed, ""
	case s.Floor < token:
		return notAccepted, ""
	case s.Floor > token:
		return doubtful, fmt.Sprintf("the device has gone on to job %v and has kept no result of this one", s.Floor)
	}
	switch s.Phase {
	case line.PhaseAccepted, line.PhaseExecuting:
		return running, ""
	case line.PhaseInterrupted:
		return doubtful, "the device lost power or was stopped in the middle of the job: " + energy(s)
	case line.PhaseFault:
		return doubtful, "the device went into a fault in the middle of the job: " + energy(s)
	case line.PhaseIdle:
		return doubtful, "the device accepted the job, is idle and has no result of it: " + energy(s)
	case line.PhaseDone:
		return doubtful, "the device says done but holds the result of another job"
	default:
		return doubtful, fmt.Sprintf("the device is in phase %d, which the handshake does not know", s.Phase)
	}
}

func energy(s *tags.Status) string {
	switch s.IndexState {
	case 0:
		return "by its own account nothing was done yet"
	case 1:
		return "it may have been carried out in part or wholly"
	case 2:
		return "by its own account it was finished, but the result is gone"
	default:
		return "it does not say how far it came"
	}
}

// evidence collects what can be read when an act becomes unknown.
func (h *Handshake) evidence(why string) line.Evidence {
	s := &h.last
	e := line.Evidence{
		Why: why, Floor: s.Floor, InFlight: s.InFlight, Phase: s.Phase, IndexState: s.IndexState, EffectCount: s.EffectCount,
		RetainID: s.RetainID, BootEpoch: s.BootEpoch, LastOutcome: s.Outcome, LastPart: s.Part, ReconnectAge: h.away,
	}
	if !h.opts.Class.Tokens() {
		e.Class = h.opts.Class
	}
	return e
}

// result reads the result that the device holds. An outcome that the handshake does not know is unknown.
func (h *Handshake) result() line.ActFinished {
	s := &h.last
	outcome := s.Outcome
	if outcome < line.OutcomeOK || outcome > line.OutcomeAborted {
		outcome = line.OutcomeUnknown
	}
	done := line.ActFinished{
		Device: h.device, Token: s.LastCompleted, Outcome: outcome, Reason: s.Reason, Part: s.Part, Index: int(s.Index),
		Values: s.Values, EffectCount: s.EffectCount,
	}
	if !h.opts.Class.Tokens() { // it named no token and no index
		done.Part = s.ResultPart
		done.Class, done.Token, done.Index = h.opts.Class, h.open.token, h.open.job.Act.Index
	}
	return done
}
