package traceability

import (
	"cmp"
	"context"
	"slices"
	"time"

	"linectl/line"
)

// Effort is what the records say of a span in the terms of ISO 22400-2: packs that ended, how each station spent the time in which
// something was ordered, and what it lost by which cause. It is worked out from the records alone, by another way than the line's own
// running count, so that the one proves the other. Shift says more and knows nothing of orders.
type Effort struct {
	From      time.Time       `json:"from"`
	To        time.Time       `json:"to"`
	Good      int             `json:"good"`
	NOK       int             `json:"nok"` // scrapped or quarantined, and not taken out of quarantine again in the span
	FirstPass int             `json:"first_pass"`
	Stations  []StationEffort `json:"stations"`
	Losses    []line.Loss     `json:"losses"` // the longest first
}

// StationEffort is one station's part of it.
type StationEffort struct {
	Station line.StationID `json:"station"`
	line.Effort
}

const (
	effortEnds = `SELECT COALESCE(SUM(disposition = 'released'), 0), COALESCE(SUM(disposition <> 'released'), 0),
		COALESCE(SUM(disposition = 'released' AND first_pass), 0) FROM dispositions WHERE at_us >= ?1 AND at_us < ?2`
	effortTakenOut = `SELECT COUNT(*) FROM quarantine_words w WHERE word = 'decided' AND at_us >= ?1 AND at_us < ?2
		AND (SELECT at_us FROM dispositions d WHERE d.pack_id = w.pack_id AND d.seq < w.seq ORDER BY d.seq DESC LIMIT 1) >= ?1`
	effortOrders = `SELECT seq, at_us, quantity FROM orders UNION ALL SELECT seq, at_us, -1 FROM dispositions
		UNION ALL SELECT seq, at_us, 1 FROM quarantine_words WHERE word = 'decided' ORDER BY seq`
	effortStarts = `SELECT s.seq, s.at_us, COALESCE((SELECT at_us FROM journal WHERE seq = s.seq - 1), s.at_us) FROM line_starts s ORDER BY s.seq`
	effortNames  = `SELECT DISTINCT station FROM state_changes ORDER BY station`
	effortBegin  = `SELECT at_us, seq FROM state_changes WHERE station = ? AND at_us < ? AND to_state = 'Execute' ORDER BY at_us DESC, seq DESC LIMIT 1`
	effortStates = `SELECT at_us, seq, from_state, to_state, cause FROM state_changes WHERE station = ? AND at_us >= ? AND at_us < ? ORDER BY seq`
	effortSteps  = `SELECT COUNT(*), COALESCE(SUM(verdict = 'OK'), 0) FROM steps WHERE station = ? AND at_us >= ? AND at_us < ?`
)

// span is a piece of time in microseconds, without its end.
type span struct{ from, to int64 }

// within returns the part of the span that lies in another.
func (s span) within(o span) span { return span{max(s.from, o.from), min(s.to, o.to)} }

func (s span) length() int64 { return max(0, s.to-s.from) }

// lineStart is a start of the line, and the last that was heard before it.
type lineStart struct{ seq, at, heard int64 }

// Effort works out what happened from since until before until. Named stations are shown even if the records do not know them; without
// names, those are that ever changed their state.
func (r *Reader) Effort(ctx context.Context, since, until time.Time, stations ...line.StationID) (e Effort, err error) {
	e = Effort{From: since.UTC(), To: until.UTC(), Stations: []StationEffort{}, Losses: []line.Loss{}}
	when := span{since.UnixMicro(), until.UnixMicro()}
	err = r.view(ctx, func(q querier) error {
		ends, err := list(ctx, q, func(e *Effort) []any { return []any{&e.Good, &e.NOK, &e.FirstPass} }, effortEnds, when.from, when.to)
		if err != nil {
			return err
		}
		out, err := list(ctx, q, func(n *int) []any { return []any{n} }, effortTakenOut, when.from, when.to)
		if err != nil {
			return err
		}
		e.Good, e.NOK, e.FirstPass = ends[0].Good, ends[0].NOK-out[0], ends[0].FirstPass
		planned, err := readPlanned(ctx, q, when)
		if err != nil {
			return err
		}
		starts, err := list(ctx, q, func(s *lineStart) []any { return []any{&s.seq, &s.at, &s.heard} }, effortStarts)
		if err != nil {
			return err
		}
		if len(stations) == 0 {
			if stations, err = list(ctx, q, func(id *line.StationID) []any { return []any{text[line.StationID]{id}} }, effortNames); err != nil {
				return err
			}
		}
		for _, id := range stations {
			if err := e.readStation(ctx, q, id, when, planned, starts); err != nil {
				return err
			}
		}
		return nil
	})
	line.SortLosses(e.Losses)
	return e, err
}

// readPlanned lists the spans in which more was ordered than had ended.
func readPlanned(ctx context.Context, q querier, when span) (planned []span, err error) {
	type turn struct{ seq, at, packs int64 }
	turns, err := list(ctx, q, func(t *turn) []any { return []any{&t.seq, &t.at, &t.packs} }, effortOrders)
	if err != nil {
		return nil, err
	}
	open := int64(0)
	for i, t := range turns {
		open += t.packs
		end := when.to
		if i+1 < len(turns) {
			end = turns[i+1].at
		}
		if piece := (span{t.at, end}).within(when); open > 0 && piece.length() > 0 {
			planned = append(planned, piece)
		}
	}
	return planned, nil
}

func (e *Effort) readStation(ctx context.Context, q querier, id line.StationID, when span, planned []span, starts []lineStart) error {
	begin, err := list(ctx, q, func(c *stateChange) []any { return []any{&c.at, &c.seq} }, effortBegin, string(id), when.from)
	if err != nil {
		return err
	}
	first := stateChange{}
	if len(begin) > 0 {
		first = begin[0]
	}
	changes, err := list(ctx, q, stateFields, effortStates, string(id), first.at, when.to)
	if err != nil {
		return err
	}
	steps, err := list(ctx, q, func(s *line.Effort) []any { return []any{&s.Produced, &s.Good} }, effortSteps, string(id), when.from, when.to)
	if err != nil {
		return err
	}
	one := StationEffort{Station: id, Effort: steps[0]}
	lost := map[string]line.Loss{}
	for _, d := range doings(changes, starts, first.seq, when.to) {
		spent := int64(0)
		for _, p := range planned {
			spent += d.span.within(p).length()
		}
		took := time.Duration(spent) * time.Microsecond
		one.Planned += took
		if d.does == line.Works {
			one.Work += took
			continue
		}
		loss := lost[d.cause]
		loss.For += took
		if d.from < when.to && (d.from >= when.from || d.to >= when.from) {
			loss.Times++
		}
		lost[d.cause] = loss
	}
	e.Stations = append(e.Stations, one)
	for cause, loss := range lost {
		if loss.For > 0 && line.IsLoss(cause) {
			e.Losses = append(e.Losses, line.Loss{Station: id, Cause: cause, Own: line.OwnLoss(cause), For: loss.For, Times: loss.Times})
		}
	}
	return nil
}

// doing is a span in which a station did one thing for one cause.
type doing struct {
	span
	does  line.Working
	cause string
}

// doings lists what a station did, from its first change that is given, or the first start of the line, up to the end.
func doings(changes []stateChange, starts []lineStart, fromSeq, end int64) []doing {
	type turn struct {
		seq, at int64
		start   *lineStart
		change  *stateChange
	}
	var turns []turn
	for i := range starts {
		if s := &starts[i]; s.seq > fromSeq && s.at < end {
			turns = append(turns, turn{seq: s.seq, at: s.at, start: s})
		}
	}
	for i := range changes {
		if c := &changes[i]; c.seq >= fromSeq {
			turns = append(turns, turn{seq: c.seq, at: c.at, change: c})
		}
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Compare(a.seq, b.seq) })
	var all []doing
	next := func(at int64, does line.Working, cause string) {
		if n := len(all); n > 0 {
			all[n-1].to = at
		}
		all = append(all, doing{span{at, end}, does, cause})
	}
	for _, t := range turns {
		now := line.StayAs
		if n := len(all); n > 0 {
			now = all[n-1].does
		}
		switch {
		case t.start != nil && len(all) == 0:
			next(t.at, line.Down, line.NotStarted)
		case t.start != nil && now != line.Down:
			next(t.start.heard, line.Down, line.Restarted)
		case t.change != nil:
			if does := line.WorkingIn(t.change.to); does != line.StayAs && does != now {
				next(t.at, does, t.change.cause)
			}
		}
	}
	return all
}
