package opcua

import (
	"context"
	"math"
	"time"

	"linectl/line"
)

// SeriesKind is what the history of a variable consists of.
type SeriesKind int

// The kinds of series.
const (
	SeriesGood SeriesKind = iota + 1
	SeriesNOK
	SeriesFirstPass
	SeriesProcessed
	SeriesDefective
	SeriesState
	SeriesToolUse
	SeriesRemaining // of the consumable Name
	SeriesMeasured  // of the characteristic Name
)

// Series is where the history of a variable lies in the records.
type Series struct {
	Kind    SeriesKind
	Station line.StationID // empty for the line
	Name    string
}

// stepped reports whether a value holds until the next one. Results of one part and of the next are joined by a straight line.
func (s Series) stepped() bool { return s.Kind != SeriesMeasured }

// Point is one value of a series.
type Point struct {
	At    time.Time
	Value float64
}

// Measured is what the acts of a station measure, with its last result.
type Measured struct {
	Station  line.StationID
	Name     string
	Unit     string
	At       time.Time
	Value    float64
	LSL, USL *float64
}

// HistoryRecords reads what was, from the records.
type HistoryRecords interface {
	// Points returns the points of a series between two times, both included, backwards where from is after to: without the first
	// skip of them, and limit at most. More may have been added after the last when it is asked again; nothing else changes.
	Points(ctx context.Context, s Series, from, to time.Time, skip, limit int) ([]Point, error)
	// Measured lists what acts have measured, with the last result of each.
	Measured(ctx context.Context) ([]Measured, error)
}

// The ends of time, as OPC UA can write them.
var (
	firstTime = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// quality of a value of a history.
type quality int

const (
	rawValue       quality = iota
	calculated             // by an aggregate
	partly                 // calculated over less than was asked for
	interpolated           // between two points, or held since one
	extrapolated           // beyond the last point: uncertain
	missingBound           // there is no point where a bound was asked for
	missingValue           // there is nothing
	missingHistory         // the aggregate has nothing to work on
)

// stored is one value as a history answers it.
type stored struct {
	at      time.Time
	value   float64
	quality quality
}

// rawSpan is a reading of raw values, and where it stands (OPC 10000-11, 6.5.3). The start is included and the end is not; a
// bound is the value at or before the start, and at or after the end.
type rawSpan struct {
	start, end time.Time
	bounds     bool
	skip       int  // points that were read already
	begun      bool // the first bound has been given
}

func (r rawSpan) backwards() bool { return r.start.After(r.end) }

// last is the last time that belongs to the span.
func (r rawSpan) last() time.Time {
	switch {
	case r.start.Equal(r.end):
		return r.end
	case r.backwards():
		return r.end.Add(time.Microsecond)
	}
	return r.end.Add(-time.Microsecond) // the records count microseconds
}

// readRaw returns the next values of a span, limit at most, and whether there are more.
func readRaw(ctx context.Context, h HistoryRecords, s Series, r *rawSpan, limit int) (values []stored, more bool, err error) {
	if r.bounds && !r.begun {
		at, err := h.Points(ctx, s, r.start, r.start, 0, 1)
		if err != nil {
			return nil, false, err
		}
		if len(at) == 0 {
			bound, err := beside(ctx, h, s, r.start, !r.backwards())
			if err != nil {
				return nil, false, err
			}
			values = append(values, bound)
		}
	}
	r.begun = true
	points, err := h.Points(ctx, s, r.start, r.last(), r.skip, limit-len(values)+1)
	if err != nil {
		return nil, false, err
	}
	if room := limit - len(values); len(points) > room {
		points, more = points[:room], true
	}
	r.skip += len(points)
	for _, p := range points {
		values = append(values, stored{p.At, p.Value, rawValue})
	}
	if more || !r.bounds || r.start.Equal(r.end) {
		return values, more, nil
	}
	if len(values) == limit { // the last bound comes with the next piece
		return values, true, nil
	}
	at, err := h.Points(ctx, s, r.end, r.end, 0, 1)
	switch {
	case err != nil:
		return nil, false, err
	case len(at) > 0:
		values = append(values, stored{at[0].At, at[0].Value, rawValue})
	default:
		bound, err := beside(ctx, h, s, r.end, r.backwards())
		if err != nil {
			return nil, false, err
		}
		values = append(values, bound)
	}
	return values, false, nil
}

// beside returns the nearest point before or after a time, or says that there is none.
func beside(ctx context.Context, h HistoryRecords, s Series, at time.Time, before bool) (stored, error) {
	p, err := nearest(ctx, h, s, at, before)
	if err != nil || len(p) == 0 {
		return stored{at: at, quality: missingBound}, err
	}
	return stored{p[0].At, p[0].Value, rawValue}, nil
}

func nearest(ctx context.Context, h HistoryRecords, s Series, at time.Time, before bool) ([]Point, error) {
	if before {
		return h.Points(ctx, s, at.Add(-time.Microsecond), firstTime, 0, 1)
	}
	return h.Points(ctx, s, at.Add(time.Microsecond), lastTime, 0, 1)
}

// readAt returns the value at a time (OPC 10000-11, 6.5.5): the stored one, or that of a step or a straight line between the two
// beside it. now is when it is asked: what is not yet is not known.
func readAt(ctx context.Context, h HistoryRecords, s Series, at, now time.Time) (stored, error) {
	exact, err := h.Points(ctx, s, at, firstTime, 0, 1)
	if err != nil {
		return stored{}, err
	}
	if len(exact) == 0 || at.After(now) {
		return stored{at: at, quality: missingValue}, nil
	}
	before := exact[0]
	if before.At.Equal(at) {
		return stored{at, before.Value, rawValue}, nil
	}
	if s.stepped() {
		return stored{at, before.Value, interpolated}, nil
	}
	after, err := nearest(ctx, h, s, at, false)
	if err != nil {
		return stored{}, err
	}
	if len(after) == 0 {
		return stored{at, before.Value, extrapolated}, nil
	}
	part := float64(at.Sub(before.At)) / float64(after[0].At.Sub(before.At))
	return stored{at, before.Value + part*(after[0].Value-before.Value), interpolated}, nil
}

// aggregate is one of those that are offered (OPC 10000-13).
type aggregate int

const (
	average aggregate = iota + 1
	minimum
	maximum
	counting
)

// processedSpan is a reading of aggregates, and where it stands (OPC 10000-11, 6.5.4). Intervals run from the start to the end, in
// either direction; the time of each is where it begins.
type processedSpan struct {
	start, end time.Time
	interval   time.Duration // 0: one over all
	kind       aggregate
	done       int // intervals that were read already
}

// intervals is how many there are.
func (p processedSpan) intervals() int {
	length := p.end.Sub(p.start).Abs()
	if p.interval <= 0 || length <= p.interval {
		return 1
	}
	return int((length + p.interval - 1) / p.interval)
}

// readProcessed returns the next intervals, limit at most, and whether there are more.
func readProcessed(ctx context.Context, h HistoryRecords, s Series, p *processedSpan, limit int) (values []stored, more bool, err error) {
	all := p.intervals()
	for ; p.done < all && len(values) < limit; p.done++ {
		from, to, whole := p.start, p.end, true
		if p.interval > 0 {
			step := p.interval
			if p.start.After(p.end) {
				step = -step
			}
			from = p.start.Add(time.Duration(p.done) * step)
			if next := from.Add(step); p.done < all-1 || next.Equal(p.end) {
				to = next
			} else {
				whole = false
			}
		}
		v, err := aggregated(ctx, h, s, p.kind, from, to)
		if err != nil {
			return nil, false, err
		}
		if !whole && v.quality == calculated {
			v.quality = partly
		}
		values = append(values, v)
	}
	return values, p.done < all, nil
}

// aggregated works over the points of one interval: its earlier end is included and its later one is not.
func aggregated(ctx context.Context, h HistoryRecords, s Series, kind aggregate, from, to time.Time) (stored, error) {
	low, high := from, to
	if from.After(to) {
		low, high = to, from
	}
	const batch = 10_000
	n, sum, least, most := 0, 0.0, math.Inf(1), math.Inf(-1)
	for {
		points, err := h.Points(ctx, s, low, high.Add(-time.Microsecond), n, batch)
		if err != nil {
			return stored{}, err
		}
		for _, p := range points {
			sum, least, most = sum+p.Value, min(least, p.Value), max(most, p.Value)
		}
		if n += len(points); len(points) < batch {
			break
		}
	}
	switch {
	case kind == counting:
		return stored{from, float64(n), calculated}, nil
	case n == 0:
		return stored{at: from, quality: missingHistory}, nil
	case kind == average:
		return stored{from, sum / float64(n), calculated}, nil
	case kind == minimum:
		return stored{from, least, calculated}, nil
	}
	return stored{from, most, calculated}, nil
}

// seriesOf says which of our fields have a history, and which.
func seriesOf(of, name string) *Series {
	kinds := map[string]SeriesKind{"StateCurrent": SeriesState, "ToolUse": SeriesToolUse, "Processed": SeriesProcessed, "Defective": SeriesDefective}
	station := line.StationID(of)
	if of == "Line" {
		kinds, station = map[string]SeriesKind{"Good": SeriesGood, "NOK": SeriesNOK, "FirstPass": SeriesFirstPass}, ""
	}
	kind, ok := kinds[name]
	if !ok {
		return nil
	}
	return &Series{Kind: kind, Station: station}
}

// measuredUnits are the units of results, with their codes of UNECE Recommendation 20.
var measuredUnits = map[string]string{
	"V": "VLT", "Ω": "OHM", "A": "AMP", "W": "WTT", "J": "JOU", "N": "NEW", "m": "MTR", "kg": "KGM", "s": "SEC", "%": "P1", "°C": "CEL", "K": "KEL",
	"Pa": "PAL", "Ah": "AMH", "1": "C62", "°": "DD", "N·m": "NU", "Hz": "HTZ",
}

// measuredID is the variable of a characteristic.
func measuredID(station line.StationID, name string) ID {
	return Own(string(station) + ".Measured." + name)
}

// measuredNodes are the variable of a characteristic, whose history are all its results. Its range is that of the limits with half
// as much on either side, or round the value where there are none.
func measuredNodes(m Measured) []Node {
	low, high := min(0, 2*m.Value), max(2*m.Value, 1)
	switch {
	case m.LSL != nil && m.USL != nil:
		half := (*m.USL - *m.LSL) / 2
		low, high = *m.LSL-half, *m.USL+half
	case m.USL != nil:
		low, high = min(0, 2**m.USL), max(2**m.USL, 0)
	case m.LSL != nil:
		low, high = min(0, 2**m.LSL), max(2**m.LSL, 0)
	}
	if low >= high {
		high = low + 1
	}
	parent := Own(string(m.Station) + ".Measured")
	return []Node{
		Object{Browse: Browse{ID: parent, Parent: Own(string(m.Station)), Name: "Measured", Help: "The last result of each characteristic; their histories are all results."}, Folder: true},
		Variable{
			Browse: Browse{ID: measuredID(m.Station, m.Name), Parent: parent, Name: m.Name, Help: "The last result of " + m.Name + "."}, Kind: Double,
			Unit: &Unit{m.Unit, measuredUnits[m.Unit]}, Range: &Range{low, high}, History: &Series{SeriesMeasured, m.Station, m.Name},
		},
	}
}

// show declares and publishes a result. The caller holds the mutex.
func (g *Gateway) show(m Measured) error {
	if !g.built[m.Station] {
		return nil
	}
	id := measuredID(m.Station, m.Name)
	if old, ok := g.measured[id]; ok && old.At.After(m.At) {
		return nil
	} else if !ok {
		if err := g.space.Declare(measuredNodes(m)...); err != nil {
			return err
		}
	}
	g.measured[id] = m
	return nil
}

func (g *Gateway) measuredValues(q Quality) []Value {
	values := make([]Value, 0, len(g.measured))
	for id, m := range g.measured {
		values = append(values, Value{id, m.Value, q, m.At})
	}
	return values
}

// noteAct shows what an act has measured. The caller holds the mutex.
func (g *Gateway) noteAct(e line.Entry, act line.ActDone) error {
	for _, m := range act.Measurements {
		if m.Value == nil {
			continue
		}
		if err := g.show(Measured{e.Station, m.Name, m.Unit, e.At, *m.Value, m.LSL, m.USL}); err != nil {
			return err
		}
	}
	return nil
}

// recall fetches the last results from the records once, as soon as there are any records and stations.
func (g *Gateway) recall(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		g.mu.Lock()
		there := g.last != nil
		g.mu.Unlock()
		if !there {
			continue
		}
		all, err := g.history.Measured(ctx)
		if err != nil {
			g.log.Debug("no results from the records yet", "err", err)
			continue
		}
		g.mu.Lock()
		for _, m := range all {
			if err := g.show(m); err != nil {
				g.log.Error("result of a characteristic", "station", m.Station, "name", m.Name, "err", err)
			}
		}
		g.mu.Unlock()
		return
	}
}
