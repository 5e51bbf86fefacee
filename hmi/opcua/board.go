package opcua

import (
	"reflect"
	"slices"
	"time"

	"linectl/line"
)

// board keeps what was published last and passes on only what has changed: a snapshot of a long line has ten thousand values,
// and few of them are new. Its values are in groups, one for each station: of a station that is as it was nothing is told at all.
type board struct {
	space   Space
	groups  map[string]*group
	changed []Value
}

// group is the values that are told together. One that is no longer told is not left standing as Good.
type group struct {
	shown map[ID]*shownValue
	told  int
	round int
}

type shownValue struct {
	Value
	round int
}

func newBoard(s Space) *board { return &board{space: s, groups: map[string]*group{}} }

// tell takes all values of a group. One without a value is published as Waiting.
func (b *board) tell(of string, values ...[]Value) {
	g := b.groups[of]
	if g == nil {
		g = &group{shown: map[ID]*shownValue{}}
		b.groups[of] = g
	}
	g.told = 0
	g.round++
	for _, some := range values {
		for _, v := range some {
			b.put(g, v)
		}
	}
	if g.told == len(g.shown) {
		return
	}
	for _, v := range g.shown {
		if v.round != g.round && v.Quality == Good {
			v.Quality = Last
			b.changed = append(b.changed, v.Value)
		}
	}
}

func (b *board) put(g *group, v Value) {
	if v.Value == nil {
		v.Quality = Waiting
	}
	g.told++
	old := g.shown[v.ID]
	if old == nil {
		g.shown[v.ID] = &shownValue{v, g.round}
		b.changed = append(b.changed, v)
		return
	}
	old.round = g.round
	if old.Quality == v.Quality && same(old.Value.Value, v.Value) {
		return
	}
	old.Value = v
	b.changed = append(b.changed, v)
}

// flush publishes what has changed.
func (b *board) flush() {
	if len(b.changed) > 0 {
		b.space.Publish(b.changed...)
	}
	b.changed = b.changed[:0]
}

// same reports whether two values are equal. Those of different types are not.
func same(a, b any) bool {
	switch x := a.(type) {
	case []string:
		y, ok := b.([]string)
		return ok && slices.Equal(x, y)
	case []bool:
		y, ok := b.([]bool)
		return ok && slices.Equal(x, y)
	case []float64:
		y, ok := b.([]float64)
		return ok && slices.Equal(x, y)
	case []uint32:
		y, ok := b.([]uint32)
		return ok && slices.Equal(x, y)
	case []time.Time:
		y, ok := b.([]time.Time)
		return ok && slices.EqualFunc(x, y, time.Time.Equal)
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	case Record:
		y, ok := b.(Record)
		return ok && slices.EqualFunc(x, y, same)
	case []Record:
		y, ok := b.([]Record)
		return ok && slices.EqualFunc(x, y, func(a, b Record) bool { return same(a, b) })
	}
	return a == b
}

// stationView is all that the values of a station are made of: while it is the same, so are they.
type stationView struct {
	station            line.StationSnapshot
	product, job       string // of its pack
	result             uint64
	resultProduct      string
	resultJob, refusal string
	alarms             uint32
	quality            Quality
}

// publish shows the last snapshot. The caller holds the mutex.
func (g *Gateway) publish(q Quality) {
	s := g.last
	for i := range s.Stations {
		g.publishStation(s, &s.Stations[i], q)
	}
	fields := make([]Value, 0, len(allLineFields)+1)
	for i, id := range g.names.line {
		fields = append(fields, Value{id, allLineFields[i].value(s, struct{}{}), q, s.At})
	}
	g.board.tell("measured", g.measuredValues(q))
	lead := leading(s)
	lead.Mode = lineMode(s)
	g.board.tell("Line", append(fields, Value{Own("Line.LastRefusal"), g.refused["Line"], q, s.At}),
		packmlValues("Line", s, &lead, q), machineryValues(s, q), orderValues(s, q), metricValues(s, q))
	g.board.flush()
}

func (g *Gateway) publishStation(s *line.Snapshot, t *line.StationSnapshot, q Quality) {
	r, done := g.results[t.Station]
	view := stationView{station: *t, refusal: g.refused[t.Station], alarms: alarms(s, t.Station, 1, 1000), result: r.seq, quality: q}
	view.product, view.job = productOf(s, string(t.Pack))
	view.resultProduct, view.resultJob = productOf(s, r.step.Part)
	if old, ok := g.views[t.Station]; ok && reflect.DeepEqual(old, view) {
		return
	}
	g.views[t.Station] = view
	fields := make([]Value, 0, len(stationFields)+1)
	for j, id := range g.names.stations[t.Station] {
		fields = append(fields, Value{id, stationFields[j].value(s, t), q, s.At})
	}
	name := string(t.Station)
	var last []Value
	if done {
		last = resultValues(name, r, view.resultProduct, view.resultJob, simulated(t), q)
	}
	g.board.tell(name, append(fields, Value{Own(name + ".LastRefusal"), view.refusal, q, s.At}), deviceValues(t, q, s.At),
		consumableValues(t, q, s.At), masterValues(t, q, s.At), toolValues(t, q, s.At), packmlValues(name, s, t, q), last)
}

// fieldNames are the IDs of the fields, made once: the values of a snapshot come in the same order.
type fieldNames struct {
	line     []ID
	stations map[line.StationID][]ID
}

func nameFields[T any](of string, fields []field[T]) []ID {
	ids := make([]ID, len(fields))
	for i, f := range fields {
		ids[i] = Own(of + "." + f.name)
	}
	return ids
}
