package supervisor

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"linectl/line"
)

// Replay follows a journal from its beginning with a line of its own, and holds every entry against what that line would have
// decided from the entries before it. It is for people who ask whether a journal explains itself; a start of the line only applies.
//
// It cannot say whether what devices told and people asked for was so: no journal can. It reads no store and no clock.
type Replay struct {
	// What has been found so far. Decided and Told count entries by the name of their fact.
	Seq            uint64
	At             time.Time
	Decided        map[string]int  // of which the line has decided the same again
	Told           map[string]int  // inputs, and what follows from them at once
	Contradictions []Contradiction // at most MaxContradictions
	Contradicted   int             // all of them

	line *Line
	owed *line.Record // what must come next: it was decided with the entry before, and is durable with it
}

// Contradiction is an entry that the line would not have made so.
type Contradiction struct {
	Seq     uint64         `json:"seq"`
	At      time.Time      `json:"at"`
	Station line.StationID `json:"station,omitempty"`
	Pack    line.PackID    `json:"pack,omitempty"`
	Kind    string         `json:"kind"`
	Text    string         `json:"text"` // what does not agree
}

// MaxContradictions is how many contradictions a replay keeps. The first is where to look: one wrong entry makes others.
const MaxContradictions = 50

// NewReplay makes a replay for the line of a configuration. The journal's own recipes and its suppliers' data are added to it. The
// error says why no such line can be.
func NewReplay(cfg Config) (*Replay, error) {
	supplier := make(map[line.CellID]line.SupplierCell, len(cfg.Supplier))
	maps.Copy(supplier, cfg.Supplier)
	cfg.Supplier = supplier
	l, err := New(cfg, 0)
	if err != nil {
		return nil, err
	}
	return &Replay{Decided: map[string]int{}, Told: map[string]int{}, line: l}, nil
}

// Follow takes the next entry. An error means that the journal cannot be followed from here on, by this or any line: what an entry
// is about was never there. Nothing may be followed after it.
func (r *Replay) Follow(e line.Entry) (err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("entry %d (%s, station %q, pack %q) cannot follow from the entries before it: %v", e.Seq, line.FactName(e.Fact), e.Station, e.Pack, why)
		}
	}()
	if f, ok := e.Fact.(line.CellReceived); ok {
		r.supplier(f)
	}
	r.hold(e)
	r.owed = r.line.decided(e.Record)
	r.line.Apply(e.Record)
	if r.owed == nil {
		r.owed = r.follows(e.Record)
	}
	r.Seq, r.At = e.Seq, e.At
	return nil
}

// End says that the journal ends here: what was owed has not come.
func (r *Replay) End() {
	if r.owed != nil {
		r.contradict(line.Entry{Seq: r.Seq, Record: *r.owed}, "the journal ends, and with its last entry this was decided: "+factText(r.owed.Fact))
		r.owed = nil
	}
}

// Snapshot shows the line as it is after the last entry, at the time of that entry. What only devices know is not in it.
func (r *Replay) Snapshot() line.Snapshot {
	s := r.line.Snapshot(r.At)
	s.Seq = r.Seq
	if o := r.line.opened; o != nil {
		s.Fence, s.Simulated = o.Fence, o.Simulated
	}
	s.Commands = nil
	for i := range s.Stations {
		st := &s.Stations[i]
		st.Devices, st.Permissives, st.Commands, st.Safety = nil, nil, nil, line.SafetySnapshot{}
	}
	for i := range s.Quarantine {
		if q := &s.Quarantine[i]; q.Inspected == nil {
			q.Waits = "an inspection, as soon as the device has confirmed that the act is void"
		}
	}
	return s
}

// supplier takes the notice that the cell was judged by. One that no notice listed has none.
func (r *Replay) supplier(f line.CellReceived) {
	if f.Supplier.Cell != "" {
		r.line.cfg.Supplier[f.Supplier.Cell] = f.Supplier
	} else {
		delete(r.line.cfg.Supplier, f.Cell)
	}
}

// hold holds the entry against what was owed, or else against what the line makes of the entries before.
func (r *Replay) hold(e line.Entry) {
	name := line.FactName(e.Fact)
	if r.owed != nil {
		owed := r.owed
		if owed.Station == e.Station && owed.Pack == e.Pack && sameText(owed.Fact, e.Fact) {
			r.Decided[name]++
			return
		}
		r.contradict(e, "after the entry before it comes: "+factText(owed.Fact))
		return
	}
	doubt, decided := r.line.review(e.Record)
	switch {
	case doubt != "":
		r.contradict(e, doubt)
	case decided:
		r.Decided[name]++
	default:
		r.Told[name]++
	}
}

// follows returns the disposition that a closed step leaves no other way than.
func (r *Replay) follows(rec line.Record) *line.Record {
	done, ok := rec.Fact.(line.StepDone)
	s, p := r.line.byID[rec.Station], r.line.packs[rec.Pack]
	if !ok || s == nil || p == nil {
		return nil
	}
	end, ends := r.line.ending(s, p, done)
	if !ends {
		return nil
	}
	return &line.Record{At: rec.At, Station: rec.Station, Pack: rec.Pack, Fact: end}
}

func (r *Replay) contradict(e line.Entry, text string) {
	if r.Contradicted++; len(r.Contradictions) < MaxContradictions {
		r.Contradictions = append(r.Contradictions, Contradiction{Seq: e.Seq, At: e.At, Station: e.Station, Pack: e.Pack, Kind: line.FactName(e.Fact), Text: text})
	}
}

// factText writes a fact as the journal keeps it.
func factText(f line.Fact) string {
	b, err := json.Marshal(f)
	if err != nil {
		return fmt.Sprintf("%+v", f) // no number: it cannot be kept either
	}
	return string(b)
}
