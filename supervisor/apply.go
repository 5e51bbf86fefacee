package supervisor

import (
	"fmt"
	"slices"
	"time"

	"linectl/line"
	"linectl/recipes"
	"linectl/stations"
)

// Apply follows one record. Step applies what it decides; a restart applies the journal. Nothing else changes what the line
// must not forget.
func (l *Line) Apply(r line.Record) {
	l.shift.follow(r)
	l.weighAgain(r.Pack)
	switch f := r.Fact.(type) {
	case line.LineStarted:
		l.opened = &f
		l.meter.Begin(r.At)
		for _, s := range l.stations {
			s.figures.begin(r.At)
		}
	case line.RecipePinned:
		l.applyPinned(f)
	case line.OrderAdded:
		l.orders = append(l.orders, &order{OrderAdded: f, recipe: l.recipes[f.Hash]})
	case line.PackStarted:
		l.applyStarted(r.Pack, f)
	case line.Intent:
		l.sequence = max(l.sequence, f.Token.Sequence())
	case line.PartArrived:
		l.applyArrived(r, f)
		return
	case line.SetReserved:
		l.applySet(r.At, r.Pack, f)
	case line.HoldSet:
		l.holds[f.Subject] = f
	case line.HoldReleased:
		delete(l.holds, f.Subject)
	case line.MaterialLoaded:
		l.material[materialKey{r.Station, f.Item}] = stock{f, f.Quantity}
		l.lots[f.Lot] = true
		if s := l.byID[r.Station]; s != nil && s.Visit() != nil {
			s.lots = append(s.lots, f)
		}
	case line.CommandApplied:
		l.answered.keep(f.Account, line.Reply{Request: f.Request, Accepted: f.Accepted, Text: f.Reply})
	case line.UserAdded, line.RoleChanged, line.UserDisabled, line.PasswordChanged, line.CertificateBound:
		l.accounts = l.accounts.apply(f)
		return
	case line.ReworkDecided:
		l.packs[r.Pack].applyRework(f)
	case line.PackDisposed:
		l.applyDisposed(r.Pack, f)
		l.applyQuarantined(r, f)
	case line.QuarantineInspected, line.QuarantineProposed, line.QuarantineRefused, line.QuarantineDecided:
		l.applyQuarantine(r)
		return
	case line.AlarmRaised, line.AlarmCleared, line.AlarmAcknowledged, line.AlarmConfirmed, line.AlarmCommented, line.AlarmShelved,
		line.AlarmUnshelved, line.AlarmSuppressed, line.AlarmUnsuppressed, line.AlarmReset, line.AlarmRepeated, line.AlarmOutOfService:
		l.meter.Follow(&l.alarms, r)
		return
	default: // a station's, below
	}
	l.applyAtStation(r)
}

// applyAtStation lets the station follow its records, and the parts that they concern.
func (l *Line) applyAtStation(r line.Record) {
	s := l.byID[r.Station]
	if s == nil {
		return
	}
	switch f := r.Fact.(type) {
	case line.ActDone:
		if p := l.packs[r.Pack]; p != nil {
			p.applyDone(f)
			asked := s.Open()
			if d := doubtfulResult(f, asked); d != nil {
				p.doubt = d
			}
			if f.Task == line.TaskStackCell && asked != nil && f.Part != asked.Part {
				l.cells.take(p.recipe.Cell.Item, line.CellID(f.Part)) // by the device's word it lies in this pack, and in no other
			}
		}
	case line.ActQuarantined:
		if p := l.packs[r.Pack]; p != nil && s.Open() != nil {
			p.doubt = &doubt{f, *s.Open(), nil}
		}
	case line.CellReceived:
		l.cells.received(s.index, f)
	case line.CellGraded:
		l.cells.graded(r.At, f)
	case line.StepDone:
		if p := l.packs[r.Pack]; p != nil {
			p.applyStep(r.At, f)
		}
		for _, u := range f.Used {
			l.consume(r.Station, u)
		}
		l.shift.finished(r.At, r.Station, f.Verdict == line.OK)
	case line.PartMoved:
		l.applyMoved(s, r, f)
	default: // the machine's own
	}
	s.figures.follow(r, s.Visit())
	s.counted = time.Time{}
	s.Apply(r)
}

func (l *Line) applyPinned(f line.RecipePinned) {
	if l.recipes[f.Hash] != nil {
		return
	}
	r, err := recipes.Parse(f.Product+" "+f.Revision+" (journal)", []byte(f.Source))
	if err != nil {
		panic(fmt.Sprintf("supervisor: the journal holds a recipe that this version cannot read: %v", err))
	}
	l.recipes[f.Hash] = r
}

func (l *Line) applyStarted(id line.PackID, f line.PackStarted) {
	p := &pack{
		id: id, number: f.Number, recipe: l.recipes[f.Hash], state: line.InProcess, build: 1,
		steps: map[line.Kind]step{}, good: map[line.ActRef]line.Verdict{}, reworked: map[line.ActRef]int{}, lots: map[line.LotID]bool{},
	}
	for _, o := range l.orders {
		if o.Order == f.Order {
			p.order = o
			o.started++
		}
	}
	for _, s := range p.route() {
		if s.Kind != line.Stack { // its acts are known only with the set
			p.planned += len(p.plan(s.Kind))
		}
	}
	p.planned += p.recipe.Cells() + 1
	l.numbers[f.Product]++
	l.packs[id] = p
	l.live = append(l.live, p)
}

func (l *Line) applySet(at time.Time, id line.PackID, f line.SetReserved) {
	p := l.packs[id]
	p.set, p.readings = f.Slots, at
	for _, c := range f.Slots {
		if was, ok := l.cells.take(p.recipe.Cell.Item, c.Cell); ok {
			p.reserved = append(p.reserved, was)
			if was.graded.Before(p.readings) {
				p.readings = was.graded
			}
		}
	}
	l.sets = append(l.sets, id)
}

// applyArrived opens the visit: the line knows the part, the station does the work.
func (l *Line) applyArrived(r line.Record, f line.PartArrived) {
	s := l.byID[r.Station]
	if s == nil {
		return
	}
	v := stations.Visit{Part: f.Part + string(f.ReadAs), Number: 1, Nameless: f.ReadAs != ""}
	switch p := l.packs[r.Pack]; {
	case p != nil:
		if s.cfg.Kind == line.PackOut {
			p.serial = l.issueSerial(p.recipe.SerialPrefix)
		}
		if s.cfg.Kind == line.Stack {
			l.sets = without(l.sets, p.id)
		}
		p.at = s.cfg.ID
		v = p.visit(s.cfg.Kind)
		v.Pass = p.disposed()
	case s.cfg.Kind == line.Receive:
		v.Recipe, v.Found = l.wanted().recipe, v.Part != ""
		s.index = 0
		if !v.Found {
			s.index = l.cells.ask(v.Recipe.Cell.Item)
		}
	default:
		v.Recipe = l.recipeOf(line.CellID(v.Part))
		v.Stranger = s.cfg.Kind == line.Sort && l.cells.met(line.CellID(v.Part))
	}
	if r.Pack == "" && f.Part != "" {
		l.cells.found(line.CellID(f.Part))
	}
	s.infeed = without(s.infeed, f.Part)
	s.doubled = time.Time{}
	s.figures.arrived = r.At
	s.lots = nil
	for key, lot := range l.material {
		if key.station == s.ID && lot.Quantity > 0 {
			s.lots = append(s.lots, lot.MaterialLoaded)
		}
	}
	s.Enter(&v)
}

// issueSerial returns a serial that was never issued before. A simulated pack's can be told from a real one's at a glance.
func (l *Line) issueSerial(prefix string) string {
	if l.opened != nil && l.opened.Simulated {
		prefix = "SIM-" + prefix
	}
	l.serials[prefix]++
	return fmt.Sprintf("%s%06d", prefix, l.serials[prefix])
}

func (l *Line) applyMoved(from *station, r line.Record, f line.PartMoved) {
	if p := l.packs[r.Pack]; p != nil {
		p.at = f.To
		if p.disposed() && (f.To == line.Shipped || f.To == line.Quarantine) {
			l.live = without(l.live, p)
			if p.quarantine == nil { // else it waits for people
				delete(l.packs, p.id)
			}
		}
	} else {
		item := ""
		if v := from.Visit(); v != nil && v.Recipe != nil {
			item = v.Recipe.Cell.Item
		}
		l.cells.moved(line.CellID(f.Part), item, from.index, f.To)
	}
	from.infeed = without(from.infeed, f.Part) // one that was written off was still expected
	if to := l.byID[f.To]; to != nil {
		to.infeed = append(to.infeed, f.Part)
		to.Expect(f.Part)
	}
}

func (l *Line) applyDisposed(id line.PackID, f line.PackDisposed) {
	p := l.packs[id]
	p.state, p.text = f.Disposition, f.Reason
	if f.Disposition != line.Released && !p.counted { // it counts once, whatever people make of it later
		p.counted = true
		l.counts.nok++
	}
	switch f.Disposition {
	case line.Released:
		p.order.released++
		l.counts.good++
		if f.FirstPass {
			l.counts.firstPass++
		}
	case line.Scrapped:
		p.order.scrapped++
	default:
		p.order.quarantined++
	}
	if s := l.byID[p.at]; s != nil && s.Visit() != nil && s.Visit().Pack == id && !s.Closed() {
		s.Visit().Drop(f.Reason)
	}
	if p.at == line.Quarantine && !slices.Contains(l.live, p) {
		delete(l.packs, id) // it lies there, and stays
	}
	if p.at == "" { // nothing of it is built: its cells go back to where they are
		l.sets = without(l.sets, id)
		l.live = without(l.live, p)
		delete(l.packs, id)
		l.cells.giveBack(p.recipe.Cell.Item, p.reserved)
	}
}

// without returns the list without the first x. The list itself is left alone.
func without[T comparable](list []T, x T) []T {
	i := slices.Index(list, x)
	if i < 0 {
		return list
	}
	return append(list[:i:i], list[i+1:]...)
}
