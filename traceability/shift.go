package traceability

import (
	"cmp"
	"context"
	"slices"
	"time"

	"linectl/line"
)

// Shift is what the records tell about a span of time. Counts of packs are of those that got their disposition in it.
type Shift struct {
	From        time.Time      `json:"from"`
	To          time.Time      `json:"to"`
	Begun       int            `json:"begun"`
	Released    int            `json:"released"`
	Scrapped    int            `json:"scrapped"`
	Quarantined int            `json:"quarantined"`
	FirstPass   int            `json:"first_pass"` // released, and everything good at once
	Products    []ProductCount `json:"products"`
	Stations    []StationCount `json:"stations"`
	NOK         []NOKCount     `json:"nok"`    // acts that were not good, the most frequent first
	Alarms      []AlarmCount   `json:"alarms"` // raised in the span, the most frequent first
	Losses      []StationLoss  `json:"losses"` // the longest first
}

// ProductCount counts the packs of one product.
type ProductCount struct {
	Product     string `json:"product"`
	Released    int    `json:"released"`
	Scrapped    int    `json:"scrapped"`
	Quarantined int    `json:"quarantined"`
	FirstPass   int    `json:"first_pass"`
}

// StationCount counts the visits that ended at one station.
type StationCount struct {
	Station   line.StationID `json:"station"`
	Processed int            `json:"processed"`
	Defective int            `json:"defective"` // not OK
}

// NOKCount counts the acts at a station that were not good for one reason. The code is empty where nobody knows what happened.
type NOKCount struct {
	Station line.StationID `json:"station"`
	Code    string         `json:"code"`
	Verdict line.Verdict   `json:"verdict"`
	Count   int            `json:"count"`
	Packs   int            `json:"packs"` // in so many packs
}

// AlarmCount counts how often an alarm was raised.
type AlarmCount struct {
	Alarm    string         `json:"alarm"`
	Station  line.StationID `json:"station"`
	Severity int            `json:"severity"`
	Text     string         `json:"text"` // of the last time
	Count    int            `json:"count"`
	Active   float64        `json:"active_s"` // seconds in the span in which it stood
}

// StationLoss is the time in which a station did not execute, by why it left Execute. The records do not know for what time a
// station was planned, so breaks are losses too, and so is the time before its first start in the span.
type StationLoss struct {
	Station line.StationID `json:"station"`
	Cause   string         `json:"cause"`
	Own     bool           `json:"own"` // false: starved or blocked, another station's loss
	Seconds float64        `json:"seconds"`
	Times   int            `json:"times"`
}

const (
	shiftBegun    = "SELECT COUNT(*) FROM packs WHERE at_us >= ? AND at_us < ?"
	shiftProducts = `SELECT p.product, SUM(p.state = 'released'), SUM(p.state = 'scrapped'), SUM(p.state = 'quarantined'),
		SUM(p.state = 'released' AND ` + clean + `) FROM packs p WHERE p.disposed_us >= ? AND p.disposed_us < ? GROUP BY p.product ORDER BY p.product`
	shiftNOK = `SELECT station, COALESCE(code, ''), verdict, COUNT(*), COUNT(DISTINCT pack_id) FROM attempts
		WHERE verdict IN ('NOK', 'UNKNOWN') AND end_us >= ? AND end_us < ? GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2`
	shiftAlarms = `SELECT alarm, station, MAX(severity), text, SUM(at_us >= ?1), SUM(MIN(COALESCE(cleared_us, ?2), ?2) - MAX(at_us, ?1)) / 1e6, MAX(seq) FROM (
		SELECT * FROM alarms WHERE at_us >= ?1 AND at_us < ?2
		UNION ALL SELECT * FROM alarms WHERE at_us < ?1 AND cleared_seq IS NULL)
		GROUP BY alarm, station ORDER BY 5 DESC, alarm`
	shiftSteps = `SELECT COUNT(*), COALESCE(SUM(verdict <> 'OK'), 0) FROM steps WHERE station = ? AND at_us >= ? AND at_us < ?`
	stateQuery = `SELECT at_us, seq, from_state, to_state, cause FROM state_changes WHERE station = ? AND at_us >= ? AND at_us < ? ORDER BY at_us, seq`
	stateStart = `SELECT at_us, seq, from_state, to_state, cause FROM state_changes WHERE station = ? AND at_us < ? ORDER BY at_us DESC, seq DESC LIMIT 1`
)

// Shift counts what happened from since until before until.
func (r *Reader) Shift(ctx context.Context, since, until time.Time) (s Shift, err error) {
	s = Shift{From: since.UTC(), To: until.UTC(), Stations: []StationCount{}, Losses: []StationLoss{}}
	from, to := since.UnixMicro(), until.UnixMicro()
	err = r.view(ctx, func(q querier) error {
		begun, err := list(ctx, q, func(n *int) []any { return []any{n} }, shiftBegun, from, to)
		if err != nil {
			return err
		}
		s.Begun = begun[0]
		s.Products, err = list(ctx, q, func(p *ProductCount) []any {
			return []any{&p.Product, &p.Released, &p.Scrapped, &p.Quarantined, &p.FirstPass}
		}, shiftProducts, from, to)
		if err != nil {
			return err
		}
		for _, p := range s.Products {
			s.Released, s.Scrapped, s.Quarantined, s.FirstPass = s.Released+p.Released, s.Scrapped+p.Scrapped, s.Quarantined+p.Quarantined, s.FirstPass+p.FirstPass
		}
		s.NOK, err = list(ctx, q, func(n *NOKCount) []any {
			return []any{text[line.StationID]{&n.Station}, &n.Code, text[line.Verdict]{&n.Verdict}, &n.Count, &n.Packs}
		}, shiftNOK, from, to)
		if err != nil {
			return err
		}
		var seq int64
		s.Alarms, err = list(ctx, q, func(a *AlarmCount) []any {
			return []any{&a.Alarm, text[line.StationID]{&a.Station}, &a.Severity, &a.Text, &a.Count, &a.Active, &seq}
		}, shiftAlarms, from, to)
		if err != nil {
			return err
		}
		return s.readStations(ctx, q, from, to)
	})
	return s, err
}

// readStations counts visits and losses station by station.
func (s *Shift) readStations(ctx context.Context, q querier, from, to int64) error {
	stations, err := list(ctx, q, func(id *line.StationID) []any { return []any{text[line.StationID]{id}} }, "SELECT station FROM stations ORDER BY station")
	if err != nil {
		return err
	}
	for _, id := range stations {
		counts, err := list(ctx, q, func(c *StationCount) []any { return []any{&c.Processed, &c.Defective} }, shiftSteps, string(id), from, to)
		if err != nil {
			return err
		}
		counts[0].Station = id
		s.Stations = append(s.Stations, counts[0])
		before, err := list(ctx, q, stateFields, stateStart, string(id), from)
		if err != nil {
			return err
		}
		changes, err := list(ctx, q, stateFields, stateQuery, string(id), from, to)
		if err != nil {
			return err
		}
		s.Losses = append(s.Losses, losses(id, before, changes, from, to)...)
	}
	slices.SortStableFunc(s.Losses, func(a, b StationLoss) int { return cmp.Compare(b.Seconds, a.Seconds) })
	return nil
}

// stateChange is one edge of a station's state machine.
type stateChange struct {
	at, seq         int64
	from, to, cause string
}

func stateFields(c *stateChange) []any { return []any{&c.at, &c.seq, &c.from, &c.to, &c.cause} }

// losses adds up the time out of Execute by cause. A cause is that of the edge which left Execute; where that lies before the
// span, that of the state that the span begins in.
func losses(id line.StationID, before, changes []stateChange, from, to int64) []StationLoss {
	by := map[string]*StationLoss{}
	order := []string{}
	add := func(cause string, since, until int64) {
		if until <= since || !line.IsLoss(cause) {
			return
		}
		if by[cause] == nil {
			by[cause] = &StationLoss{Station: id, Cause: cause, Own: line.OwnLoss(cause)}
			order = append(order, cause)
		}
		by[cause].Seconds += float64(until-since) / 1e6
		by[cause].Times++
	}
	const execute = "Execute"
	cause, since, out := "", from, false
	if len(before) > 0 && before[0].to != execute {
		cause, out = before[0].cause, true
	}
	for _, c := range changes {
		switch {
		case c.to == execute:
			if out {
				add(cause, since, c.at)
			}
			out = false
		case c.from == execute:
			cause, since, out = c.cause, c.at, true
		case !out: // the first that is known of it
			cause, since, out = c.cause, c.at, true
		}
	}
	if out {
		add(cause, since, to)
	}
	all := make([]StationLoss, len(order))
	for i, c := range order {
		all[i] = *by[c]
	}
	return all
}
