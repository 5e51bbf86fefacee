package plc

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// What reading a waveform may cost. The act is over and its result is known, so none of these may be long.
const (
	fetchTries = 3                // from the beginning
	fetchFor   = 10 * time.Second // the largest waveform takes 263 pieces
)

// fetch is a result that waits for its waveform. The result was read whole and stays what it is, whatever becomes of the
// waveform.
type fetch struct {
	result line.ActFinished
	began  time.Time
	next   time.Time // no piece before
	tries  int       // that failed
	area   []byte    // what has been read so far
	size   int       // of the whole area; 0 = not known yet
}

// fetches reports whether the open act has a waveform that can be read now.
func (h *Handshake) fetches() bool {
	t := h.open.job.Act.Task
	return h.waveforms && t.Known() && len(t.Spec().Waveform) > 0
}

func (h *Handshake) beginFetch(now time.Time) {
	h.open.enter(fetching)
	h.open.fetch = fetch{result: h.result(), began: now, next: now}
	h.pollAt = now.Add(h.opts.PollSlow)
}

// askPiece asks for the next piece, if the open act waits for one. Pieces go between the polls: the status is read, the
// heartbeat written and a Stop carried as at any other time.
func (h *Handshake) askPiece(now time.Time, out *Output) bool {
	f := &h.open.fetch
	if h.open.stage != fetching || !h.fresh || now.Before(f.next) {
		return false
	}
	out.Piece, out.At, h.awaiting = true, len(f.area), true
	if f.size > 0 {
		out.Most = f.size - len(f.area)
	}
	return true
}

// pieceRead puts a piece to the others. The result is told when they are whole.
func (h *Handshake) pieceRead(now time.Time, piece []byte, out *Output) {
	h.awaiting = false
	w := &h.open
	f := &w.fetch
	if w.stage != fetching {
		return
	}
	if f.area == nil {
		f.area = slices.Clip(piece) // mostly it is the whole; it is not ours to append to
	} else {
		f.area = append(f.area, piece...)
	}
	if f.size == 0 && len(f.area) >= tags.WaveformHead {
		size, err := tags.WaveformSize(f.area, w.token)
		if err != nil {
			h.fetchFailed(now, err, out)
			return
		}
		f.size = size
	}
	if f.size == 0 || len(f.area) < f.size {
		if now.Sub(f.began) > fetchFor {
			f.tries = fetchTries
			h.fetchFailed(now, fmt.Errorf("it was not read within %v", fetchFor), out)
		}
		return
	}
	waveform, err := tags.DecodeWaveform(f.area[:f.size], w.token)
	if err != nil {
		h.fetchFailed(now, err, out)
		return
	}
	f.result.Waveform = waveform
	h.tell(f.result, out)
	h.takeNext(now)
	h.pollAt = now
}

// fetchFailed begins anew after a moment, or gives the waveform up: the result is told without it, and says why. That the
// device lacks the tag is known at once.
func (h *Handshake) fetchFailed(now time.Time, err error, out *Output) {
	w := &h.open
	if w.stage != fetching {
		return
	}
	f := &w.fetch
	f.tries++
	f.area, f.size, f.next = nil, 0, now.Add(h.opts.PollSlow)
	if f.tries < fetchTries && Classify(err) != Configuration && !errors.Is(err, tags.ErrNoWaveform) {
		return
	}
	f.result.NoWaveform = err.Error()
	h.tell(f.result, out)
	h.takeNext(now)
	h.pollAt = now
}

// keepFetching gives the waveform up when the device no longer holds the result, or offers no waveforms any more.
func (h *Handshake) keepFetching(now time.Time, out *Output) bool {
	f := &h.open.fetch
	switch {
	case !h.waveforms:
		f.result.NoWaveform = "the device offers none any more"
	case h.last.LastCompleted != h.open.token || h.last.RetainID != h.open.job.Act.RetainID:
		f.result.NoWaveform = "the device no longer holds the result"
	case now.Sub(f.began) > fetchFor:
		f.result.NoWaveform = fmt.Sprintf("it was not read within %v", fetchFor)
	default:
		return false
	}
	h.tell(f.result, out)
	return true
}
