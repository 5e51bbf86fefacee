package opcua

import (
	"slices"
	"time"

	"linectl/line"
)

// board keeps what was published last and passes on only what has changed: a snapshot of a long line has ten thousand values,
// and few of them are new. A value that the line no longer tells is not left standing as Good.
type board struct {
	space   Space
	shown   map[ID]*shownValue
	changed []Value
	round   int
	told    int // values of this round
}

type shownValue struct {
	Value
	round int
}

func newBoard(s Space) *board { return &board{space: s, shown: map[ID]*shownValue{}} }

// put takes one value of a round. One without a value is published as Waiting.
func (b *board) put(v Value) {
	if v.Value == nil {
		v.Quality = Waiting
	}
	b.told++
	old := b.shown[v.ID]
	if old == nil {
		b.shown[v.ID] = &shownValue{v, b.round}
		b.changed = append(b.changed, v)
		return
	}
	old.round = b.round
	if old.Quality == v.Quality && same(old.Value.Value, v.Value) {
		return
	}
	old.Value = v
	b.changed = append(b.changed, v)
}

// flush publishes what has changed in this round, and calls old what was not told in it.
func (b *board) flush() {
	if b.told < len(b.shown) {
		for _, v := range b.shown {
			if v.round != b.round && v.Quality == Good {
				v.Quality = Last
				b.changed = append(b.changed, v.Value)
			}
		}
	}
	if len(b.changed) > 0 {
		b.space.Publish(b.changed...)
	}
	b.changed, b.told = b.changed[:0], 0
	b.round++
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

// publish shows the last snapshot. The caller holds the mutex.
func (g *Gateway) publish(q Quality) {
	s := g.last
	for i, id := range g.names.line {
		g.board.put(Value{id, allLineFields[i].value(s, struct{}{}), q, s.At})
	}
	for i := range s.Stations {
		t := &s.Stations[i]
		for j, id := range g.names.stations[t.Station] {
			g.board.put(Value{id, stationFields[j].value(s, t), q, s.At})
		}
		g.put(deviceValues(t, q, s.At)...)
		g.put(consumableValues(t, q, s.At)...)
		g.put(masterValues(t, q, s.At)...)
		g.put(toolValues(t, q, s.At)...)
		g.board.put(Value{Own(string(t.Station) + ".LastRefusal"), g.refused[t.Station], q, s.At})
		g.put(packmlValues(string(t.Station), s, t, q)...)
		if r, ok := g.results[t.Station]; ok {
			g.put(resultValues(string(t.Station), r, s, simulated(t), q)...)
		}
	}
	lead := leading(s)
	lead.Mode = lineMode(s)
	g.board.put(Value{Own("Line.LastRefusal"), g.refused["Line"], q, s.At})
	g.put(packmlValues("Line", s, &lead, q)...)
	g.put(machineryValues(s, q)...)
	g.put(orderValues(s, q)...)
	g.board.flush()
}

func (g *Gateway) put(values ...Value) {
	for _, v := range values {
		g.board.put(v)
	}
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
