package simulator

import (
	"math"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/plc/tags"
)

// heartbeatLost is how long a device works on without hearing its supervisor (device rule 6). Real time, never scaled.
const heartbeatLost = 2 * time.Second

// judge applies the device rules of the handshake to a whole block. It returns 0 when the device accepted the block, or had
// done before what it asks.
func (p *Plant) judge(now time.Time, d *device, c tags.Command) line.RejectReason {
	r := &d.retained
	switch {
	case p.broken != nil:
		return line.RejectNotPermitted
	case c.Fence < r.Fence:
		return line.RejectStaleFence
	case c.Op != tags.OpQuery && c.BootEpoch != r.BootEpoch: // a query does nothing, so it need not know the epoch
		return line.RejectStaleEpoch
	case c.Fence > r.Fence:
		r.Fence = c.Fence
		p.keep(d)
	}
	d.heard = now
	switch c.Op {
	case tags.OpQuery:
		return 0
	case tags.OpExecute:
		return p.execute(now, d, c)
	case tags.OpVoid:
		return p.void(now, d, c)
	case tags.OpAcknowledge:
		if r.Pending && c.Token == r.last().Token {
			r.Pending, d.phase = false, line.PhaseIdle
			p.keep(d)
			p.emit(Event{At: now, What: Freed, Station: d.Station, Device: d.ID, Token: c.Token, Fence: c.Fence})
			p.sayAgain(now, d, c.Token)
		} else if d.past.again != nil && c.Token == d.past.again.Token {
			d.past.again = nil
		}
		return 0
	case tags.OpMachine:
		return p.command(now, d, packml.Command(min(c.Task, math.MaxUint8)))
	case tags.OpUnitMode:
		if err := d.machine.SetMode(packml.Mode(min(c.Task, math.MaxUint8))); err != nil {
			return line.RejectMode
		}
		return 0
	}
	return line.RejectBlock
}

// execute is device rules 2 and 3.
func (p *Plant) execute(now time.Time, d *device, c tags.Command) line.RejectReason {
	r := &d.retained
	switch {
	case c.Token == r.Floor:
		return 0
	case c.Token < r.Floor:
		return line.RejectOldToken
	case d.phase != line.PhaseIdle:
		return line.RejectBusy
	}
	t, a, reason := p.permit(d, c)
	if reason != 0 {
		return reason
	}
	if p.lacks(now, d, &a) {
		return line.RejectNotPermitted
	}
	r.Floor, r.InFlight, r.IndexState = c.Token, c.Token, 1
	r.InWork = &begun{Part: a.echo, Index: c.Index}
	p.keep(d)
	if p.broken != nil {
		return line.RejectNotPermitted
	}
	d.rejected, d.rejectReason = 0, 0
	p.meet(now, d, &a)
	takes := p.scaled(t.duration(&a))
	if f := p.standing(SlowDevice, d); f != nil {
		takes = time.Duration(float64(takes) * f.by())
	}
	a.ends = now.Add(takes)
	d.act, d.phase, d.past.again = a, line.PhaseAccepted, nil
	p.schedule(due{at: now.Add(takes * 2 / 5), what: energy, device: d, token: c.Token})
	p.schedule(due{at: a.ends, what: finish, device: d, token: c.Token})
	return 0
}

// permit decides whether the device would do the act at all, and prepares it.
func (p *Plant) permit(d *device, c tags.Command) (t trade, a act, reason line.RejectReason) {
	task := line.Task(c.Task)
	t, known := trades[task]
	switch {
	case !known || !repertoire.has(d.Kind, task), d.machine.State() != packml.Execute:
		return t, a, line.RejectNotPermitted
	case !modeAllows(d.machine.Mode(), c.Flags):
		return t, a, line.RejectMode
	case !t.withinLimits(c.Params), p.standing(RecipeEdited, d) != nil && c.RecipeHash != [4]byte{}:
		return t, a, line.RejectRecipe
	}
	a = act{Command: c, part: p.world.nests[d.Station], echo: c.Part, outcome: line.OutcomeOK}
	for i := range a.values {
		a.values[i] = math.NaN()
	}
	if reason = p.identify(d, t, &a); reason != 0 {
		return t, a, reason
	}
	name, w := a.key(d)
	done := p.world.acts[name][w]
	if task == line.TaskMaster {
		done = p.world.retests[d.Station]
	}
	a.attempt = done + 1
	if t.mark && done > 0 && d.Class.Tokens() && c.Flags&tags.FlagRework == 0 {
		return t, a, line.RejectIndexDone
	}
	return t, a, 0
}

// identify compares the part that the command names with what the device's own scanner reads.
func (p *Plant) identify(d *device, t trade, a *act) line.RejectReason {
	reads := p.reads(d)
	holds, isPack := a.part != nil, a.part != nil && a.part.pack != nil
	var ok bool
	switch t.part {
	case packInNest:
		ok = isPack && a.Part == reads
	case cellInNest: // an unreadable cell is named by the nothing that the scanner reads
		ok = holds && !isPack && a.Part == reads
	case nextCell: // it is only about to be read; one that lies in the nest already is read again
		ok = a.Part == ""
	case newLabel:
		ok = isPack && a.Part != ""
	case anyPart:
		ok = a.Part == "" || a.Part == reads
	case emptyCarrier: // or the same pack again, when its tag is to be written anew
		_, known := p.productOf(a.Part)
		_, bound := p.world.parts[a.Part]
		ok = known && (!holds && !bound || holds && a.part.name == a.Part)
	case inGripper:
		a.cell = p.world.stored[line.CellID(a.Part)]
		if isPack && a.part.pack.slots[int(a.Index)] != nil {
			return line.RejectIndexDone // the slot is taken, whatever was ordered
		}
		ok = isPack && a.cell != nil && a.Index >= 1 && int(a.Index) <= a.part.pack.product.Series*a.part.pack.product.Parallel
	}
	if !ok {
		return line.RejectPart
	}
	return 0
}

// modeAllows says in which unit modes a device works, and that a dry run is only ever a dry run.
func modeAllows(m packml.Mode, flags uint16) bool {
	dry := flags&tags.FlagDryRun != 0
	switch m {
	case packml.Production, packml.Simulation, packml.MasterCheck:
		return !dry
	case packml.DryRun:
		return dry
	case packml.Maintenance, packml.Manual, packml.Setup:
	}
	return false
}

// energise is the moment after which the act cannot be taken back.
func (p *Plant) energise(at time.Time, d *device, token line.Token) {
	if d.retained.InFlight != token || d.act.Token != token || d.act.fired {
		return // voided, aborted, or the device went down meanwhile
	}
	a := &d.act
	a.fired, d.phase = true, line.PhaseExecuting
	defer p.amid(at, d, a)
	if a.Flags&tags.FlagDryRun != 0 {
		return
	}
	p.count(d)
	t := trades[line.Task(a.Task)]
	if t.counts() {
		d.retained.EffectCount++ // counted before it flows: a count that did not rise proves that nothing happened
		p.keep(d)
	}
	if t.energise != nil && p.broken == nil {
		t.energise(p, at, d, a)
	}
}

// finish ends the act: the instrument's values are latched, retained, and wait for their acknowledgement.
func (p *Plant) finish(at time.Time, d *device, token line.Token) {
	if d.retained.InFlight != token || d.act.Token != token {
		return
	}
	a := &d.act
	if at.Before(a.ends) || p.standing(TesterTimeout, d) != nil {
		return // it comes again when its time is over and nothing keeps it
	}
	if a.Flags&tags.FlagDryRun == 0 {
		if t := trades[line.Task(a.Task)]; t.measure != nil {
			t.measure(p, d, a)
		}
		p.stick(d, a)
		p.spoil(d, a)
		if a.struck(WrongPartEcho) {
			a.echo = foreign(a.echo)
		}
		p.emit(a.measured(at, d))
	}
	if p.broken != nil {
		return
	}
	d.retained.IndexState = 2
	p.latch(d)
	p.showOld(at, d, a)
	if d.machine.State().Acting() {
		p.settle(at, d)
	}
}

// latch retains the result of the act in work.
func (p *Plant) latch(d *device) {
	a, r := &d.act, &d.retained
	res := result{Token: a.Token, Outcome: a.outcome, Reason: a.reason, Part: a.echo, Index: a.Index, Course: a.course}
	for i, v := range a.values {
		res.Values[i] = math.Float32bits(float32(v))
	}
	r.Ring = append(r.Ring, res)
	if len(r.Ring) > ringSize {
		r.Ring = append(r.Ring[:0:0], r.Ring[len(r.Ring)-ringSize:]...)
	}
	r.InFlight, r.InWork, r.Pending, d.phase = 0, nil, true, line.PhaseDone
	d.latched()
	p.keep(d)
}

// void is device rule 5: it fences late duplicates of the token.
func (p *Plant) void(now time.Time, d *device, c tags.Command) line.RejectReason {
	if d.phase != line.PhaseIdle && d.phase != line.PhaseInterrupted {
		return line.RejectBusy
	}
	r := &d.retained
	anew := r.Floor < c.Token || r.InFlight != 0
	r.Floor, r.InFlight, r.InWork, d.phase = max(r.Floor, c.Token), 0, nil, line.PhaseIdle
	p.keep(d)
	if anew {
		e := Event{At: now, What: Fenced, Station: d.Station, Device: d.ID, Token: c.Token, Fence: c.Fence}
		if d.rejected == c.Token {
			e.Text = "refused"
		}
		p.emit(e)
	}
	return 0
}
