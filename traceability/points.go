package traceability

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"linectl/line"
)

// SeriesKind is what a series is about.
type SeriesKind string

// The kinds of series. Every point of one is a fact, or a sum of facts; nothing is thinned out.
const (
	ReleasedCount  SeriesKind = "released"   // packs released since the journal began
	NotOKCount     SeriesKind = "not-ok"     // packs scrapped or quarantined since the journal began
	FirstPassCount SeriesKind = "first-pass" // packs released without a retest or rework since the journal began
	ProcessedCount SeriesKind = "processed"  // visits that ended at the station since the journal began
	DefectiveCount SeriesKind = "defective"  // those of them that were not OK
	StateSeries    SeriesKind = "state"      // the station's states, by name
	ToolUse        SeriesKind = "tool-use"   // use of the station's tool as its acts tell it; 0 at a service
	Remaining      SeriesKind = "remaining"  // what remains of the consumable Name at the station
	Measured       SeriesKind = "measured"   // results of the acts' characteristic Name at the station
)

// Series names one series of points.
type Series struct {
	Kind    SeriesKind
	Station line.StationID
	Name    string
}

// Point is one value of a series. Text is the state's name of a StateSeries.
type Point struct {
	At    time.Time
	Value float64
	Text  string
}

const (
	countedBefore = "SELECT COUNT(*) FROM %s WHERE %s AND at_us < ?"
	countedRange  = "SELECT at_us, 0.0, '' FROM %s WHERE %s AND at_us >= ? AND at_us <= ? ORDER BY at_us %s, pack_id, seq LIMIT ? OFFSET ?"
	statePoints   = `SELECT at_us, 0.0, to_state FROM state_changes WHERE station = ?1 AND at_us >= ?2 AND at_us <= ?3 ORDER BY at_us %[1]s, seq %[1]s LIMIT ?4 OFFSET ?5`
	actPoints     = `SELECT at_us, value, '' FROM measurements m WHERE characteristic_id = (SELECT characteristic_id FROM characteristics
		WHERE station = ?1 AND source = 'act' AND name = ?6 ORDER BY characteristic_id DESC LIMIT 1) AND at_us >= ?2 AND at_us <= ?3 AND value IS NOT NULL
		ORDER BY at_us %[1]s, seq %[1]s, ordinal %[1]s LIMIT ?4 OFFSET ?5`
	toolPoints = `SELECT at_us, value, '' FROM (SELECT m.at_us, m.seq, m.value FROM measurements m WHERE m.characteristic_id = (SELECT characteristic_id FROM characteristics
		WHERE station = ?1 AND source = 'act' AND name = 'toolUse') AND m.at_us >= ?2 AND m.at_us <= ?3 AND m.value IS NOT NULL
		UNION ALL SELECT at_us, seq, 0.0 FROM tools WHERE station = ?1 AND at_us >= ?2 AND at_us <= ?3) ORDER BY at_us %[1]s, seq %[1]s LIMIT ?4 OFFSET ?5`
)

// firstNotOK leaves out what people have made later of a pack in quarantine: it counts once.
const firstNotOK = `NOT EXISTS (SELECT 1 FROM dispositions e WHERE e.pack_id = dispositions.pack_id AND e.seq < dispositions.seq AND e.disposition <> 'released')`

// counted says which rows a counter counts.
var counted = map[SeriesKind][2]string{
	ReleasedCount: {"dispositions", "disposition = 'released' AND ?1 IS NOT NULL"}, NotOKCount: {"dispositions", "disposition <> 'released' AND ?1 IS NOT NULL AND " + firstNotOK},
	FirstPassCount: {"dispositions", "disposition = 'released' AND first_pass AND ?1 IS NOT NULL"},
	ProcessedCount: {"steps", "station = ?1"}, DefectiveCount: {"steps", "station = ?1 AND verdict <> 'OK'"},
}

// Points returns the points of a series between two times, both included: from the earlier on, or backwards where from is after
// to. It leaves out the first skip of them and returns limit at most. Facts of the same time stay in the order of the journal.
func (r *Reader) Points(ctx context.Context, s Series, from, to time.Time, skip, limit int) (points []Point, err error) {
	low, high, order := micros(from), micros(to), "ASC"
	if from.After(to) {
		low, high, order = high, low, "DESC"
	}
	read := func(q querier, query string, args ...any) error {
		points, err = list(ctx, q, func(p *Point) []any { return []any{at{&p.At}, &p.Value, &p.Text} }, fmt.Sprintf(query, order), args...)
		return err
	}
	err = r.view(ctx, func(q querier) error {
		switch s.Kind {
		case StateSeries:
			return read(q, statePoints, string(s.Station), low, high, limit, skip)
		case Measured:
			return read(q, actPoints, string(s.Station), low, high, limit, skip, s.Name)
		case ToolUse:
			return read(q, toolPoints, string(s.Station), low, high, limit, skip)
		case Remaining:
			points, err = remaining(ctx, q, s, low, high)
			if order == "DESC" {
				slices.Reverse(points)
			}
			points = points[min(skip, len(points)):]
			points = points[:min(limit, len(points))]
			return err
		case ReleasedCount, NotOKCount, FirstPassCount, ProcessedCount, DefectiveCount:
		}
		points, err = counts(ctx, q, s, low, high, order == "DESC", skip, limit)
		return err
	})
	return points, err
}

// counts returns the points of a counter: each row that it counts raises it by one.
func counts(ctx context.Context, q querier, s Series, low, high int64, backwards bool, skip, limit int) ([]Point, error) {
	what, ok := counted[s.Kind]
	if !ok {
		return nil, fmt.Errorf("no series of kind %q", s.Kind)
	}
	edge, order := low, "ASC"
	if backwards {
		edge, order = high, "DESC"
		if edge < math.MaxInt64 {
			edge++
		}
	}
	before, err := list(ctx, q, func(n *int) []any { return []any{n} }, fmt.Sprintf(countedBefore, what[0], what[1]), string(s.Station), edge)
	if err != nil {
		return nil, err
	}
	points, err := list(ctx, q, func(p *Point) []any { return []any{at{&p.At}, &p.Value, &p.Text} },
		fmt.Sprintf(countedRange, what[0], what[1], order), string(s.Station), low, high, limit, skip)
	for i := range points {
		points[i].Value = float64(before[0] + skip + i + 1)
		if backwards {
			points[i].Value = float64(before[0] - skip - i)
		}
	}
	return points, err
}

const (
	// From the load that was in use when the span began; the journal's order is that of the facts, also where the clock was set back.
	loadsQuery = `SELECT m.seq, m.at_us, m.lot_id, m.quantity FROM materials m WHERE m.station = ?1 AND m.item = ?2 AND m.seq >= COALESCE((SELECT MIN(first) FROM (
		SELECT (SELECT seq FROM materials WHERE station = ?1 AND item = ?2 AND at_us <= ?3 ORDER BY at_us DESC LIMIT 1) AS first
		UNION ALL SELECT (SELECT MIN(seq) FROM materials WHERE station = ?1 AND item = ?2 AND at_us > ?3 AND at_us <= ?4))), 0) ORDER BY m.seq`
	usesQuery = `SELECT s.seq, s.at_us, pl.lot_id, pl.quantity FROM pack_lots pl CROSS JOIN steps s USING (pack_id, seq)
		WHERE pl.lot_id = ? AND s.station = ? AND s.at_us <= ? ORDER BY s.seq, pl.ordinal`
)

type stockChange struct {
	seq, at, lot int64
	quantity     float64
	loaded       bool
}

// remaining follows what is left of a consumable: loading sets it, each step that took of the loaded lot lowers it.
func remaining(ctx context.Context, q querier, s Series, low, high int64) ([]Point, error) {
	fields := func(c *stockChange) []any { return []any{&c.seq, &c.at, &c.lot, &c.quantity} }
	changes, err := list(ctx, q, fields, loadsQuery, string(s.Station), s.Name, low, high)
	if err != nil {
		return nil, err
	}
	lots := map[int64]bool{}
	for i := range changes {
		changes[i].loaded = true
		lots[changes[i].lot] = true
	}
	for lot := range lots {
		uses, err := list(ctx, q, fields, usesQuery, lot, string(s.Station), high)
		if err != nil {
			return nil, err
		}
		changes = append(changes, uses...)
	}
	slices.SortStableFunc(changes, func(a, b stockChange) int { return int(a.seq - b.seq) })
	points := []Point{}
	var now stockChange
	for _, c := range changes {
		switch {
		case c.loaded:
			now = c
		case now.lot != c.lot:
			continue
		default:
			now.quantity -= c.quantity
		}
		if c.at >= low && c.at <= high {
			points = append(points, Point{At: time.UnixMicro(c.at).UTC(), Value: max(now.quantity, 0)})
		}
	}
	slices.SortStableFunc(points, func(a, b Point) int { return a.At.Compare(b.At) })
	return points, nil
}

// Characteristic is what the acts of a station measure, with its last result.
type Characteristic struct {
	Station  line.StationID
	Name     string
	Unit     string
	At       time.Time
	Value    float64
	LSL, USL *float64
}

// Characteristics lists what the acts of each station have measured, with the last result of each.
func (r *Reader) Characteristics(ctx context.Context) ([]Characteristic, error) {
	all, err := list(ctx, r.db, func(c *Characteristic) []any {
		return []any{text[line.StationID]{&c.Station}, &c.Name, &c.Unit, at{&c.At}, &c.Value, &c.LSL, &c.USL}
	}, characteristicsQuery)
	if err != nil {
		return nil, explain(r.dir, err)
	}
	return all, nil
}

const characteristicsQuery = `SELECT k.station, k.name, k.unit, m.at_us, m.value, m.lsl, m.usl FROM characteristics k JOIN measurements m
	ON (m.pack_id, m.seq, m.ordinal) = (SELECT pack_id, seq, ordinal FROM measurements l WHERE l.characteristic_id = k.characteristic_id
		AND l.value IS NOT NULL ORDER BY at_us DESC, seq DESC, ordinal DESC LIMIT 1)
	WHERE k.source = 'act' ORDER BY k.characteristic_id`
