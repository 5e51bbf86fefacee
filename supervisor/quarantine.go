package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/line"
)

// doubt is an act of unknown outcome that leaves a mark, with the intent that it was.
type doubt struct {
	line.ActQuarantined
	intent line.Intent
	result *line.ActDone // its result, where there is one that nobody can call good or bad: a curve or a value that must be is missing
}

// doubtfulResult returns the doubt that a result leaves, or nil: an act that leaves a mark is not made again by itself.
func doubtfulResult(f line.ActDone, in *line.Intent) *doubt {
	if f.Verdict != line.Unknown || f.Task.Spec().Repeatable || in == nil || noResult(f.Task) {
		return nil
	}
	return &doubt{line.ActQuarantined{
		Token: f.Token, Device: f.Device, Task: f.Task, Part: in.Part, Index: f.Index,
		Evidence: line.Evidence{Why: f.Text, EffectCount: f.EffectCount, RetainID: in.RetainID, Floor: f.Token, LastOutcome: f.Outcome, LastPart: f.Part},
	}, *in, &f}
}

// quarantine is what has been said of a pack since it was disposed of as quarantined.
type quarantine struct {
	since     time.Time
	station   line.StationID
	step      line.Kind
	inspected *line.QuarantineInspected
	proposed  *line.QuarantineProposed
	choices   []line.DecisionSnapshot // as weighed since the last record about the pack; nil before, and until it is inspected
}

// found is what the evidence says of an act.
type found int

const (
	nothingLeft found = iota // no act that leaves a mark is in doubt
	notDone
	perhapsDone
	doneUnread
	doneUnproven
)

func (d *doubt) ref() line.ActRef { return line.ActRef{Task: d.Task, Index: d.Index} }

// found concludes from the evidence. In doubt it says that the act may have been done: "not done" needs a device that remembers the
// token, says that nothing was applied, and has not counted another effect.
func (d *doubt) found() found {
	e := d.Evidence
	counted := e.EffectCount - d.intent.Effects
	switch {
	case d.result != nil && (d.result.Outcome == line.OutcomeOK || d.result.Outcome == line.OutcomeNOK):
		return doneUnproven
	case d.result != nil:
		return perhapsDone
	case e.RetainID != d.intent.RetainID || e.Floor != d.Token:
		return perhapsDone
	case e.IndexState == 2:
		return doneUnread
	case e.IndexState == 0 && counted == 0:
		return notDone
	}
	return perhapsDone
}

var conclusions = map[found]string{
	nothingLeft:  "No act that leaves a mark is in doubt; what is missing is a measurement or a record.",
	notDone:      "It was not done: the device says that nothing was applied.",
	perhapsDone:  "It may have been done: only a person can see whether it was.",
	doneUnread:   "It was done, but its values are lost.",
	doneUnproven: "It was done, but something that must prove it is missing.",
}

// doubts reports whether the act is the one that is in doubt.
func (p *pack) doubts(a line.ActRef) bool { return p.doubt != nil && p.doubt.ref() == a }

// finding is what the evidence says of a pack.
func (p *pack) finding() found {
	if p.doubt == nil {
		return nothingLeft
	}
	return p.doubt.found()
}

// applyQuarantined begins a pack's stay in quarantine, or ends it for a pack that two people have scrapped.
func (l *Line) applyQuarantined(r line.Record, f line.PackDisposed) {
	p := l.packs[r.Pack]
	switch {
	case p == nil:
		return
	case f.Disposition == line.Scrapped && p.at == line.Quarantine && !slices.Contains(l.live, p):
		delete(l.packs, p.id) // it is not on its way to the bench: it stays where it lies
		return
	case f.Disposition != line.Quarantined:
		return
	}
	p.quarantine = &quarantine{since: r.At, station: r.Station}
	if s := l.byID[r.Station]; s != nil {
		p.quarantine.step = s.cfg.Kind
	}
	l.doubtful = append(l.doubtful, p.id)
}

// applyQuarantine follows what people say of a pack in quarantine.
func (l *Line) applyQuarantine(r line.Record) {
	p := l.packs[r.Pack]
	if p == nil || p.quarantine == nil {
		return
	}
	switch f := r.Fact.(type) {
	case line.QuarantineInspected:
		p.quarantine.inspected, p.quarantine.proposed = &f, nil
	case line.QuarantineProposed:
		p.quarantine.proposed = &f
	case line.QuarantineRefused:
		p.quarantine.proposed = nil
	case line.QuarantineDecided:
		l.applyTakenOut(p, f)
	default: // not about quarantine
	}
}

// applyTakenOut ends a pack's stay: it is scrapped where it lies, or a person carries it to the bench.
func (l *Line) applyTakenOut(p *pack, f line.QuarantineDecided) {
	q := p.quarantine
	p.quarantine, p.state = nil, line.InProcess
	if s := l.byID[q.station]; s != nil {
		s.Decided(p.id)
	}
	p.order.quarantined--
	l.doubtful = without(l.doubtful, p.id)
	if f.Decision == line.DecisionScrap {
		return // recorded next; it stays where it lies
	}
	p.blame, p.nok = q.step, nil
	if p.doubt != nil && p.doubt.Index > 0 {
		p.nok = []int{p.doubt.Index}
	}
	if f.Decision == line.DecisionAccept {
		p.good[p.doubt.ref()] = line.OK
		p.accepted = append(p.accepted, f.Accepted())
		p.nok = nil
	}
	l.live = append(l.live, p)
	bench := l.ofKind(line.Bench)
	bench.infeed = append(bench.infeed, string(p.id))
	bench.Expect(string(p.id))
}

func doubtName(d *doubt) string {
	if d.Index == 0 {
		return d.Task.String()
	}
	return fmt.Sprintf("%s %d", d.Task, d.Index)
}

// inQuarantine finds a pack that waits there for people and lies where they can look at it.
func (l *Line) inQuarantine(id line.PackID) (*pack, error) {
	p := l.packs[id]
	if p == nil || p.quarantine == nil {
		return nil, fmt.Errorf("no pack %s waits in quarantine", id)
	}
	return p, nil
}

// voided says what an inspection has to wait for, or nothing: before a device has confirmed that no block of the act can begin any
// more, what a person sees may change while it is looked at.
func (l *Line) voided(p *pack) string {
	if p.at != line.Quarantine {
		return fmt.Sprintf("%s is still at %s: it has to come to %s first", p.id, p.at, line.Quarantine)
	}
	if p.doubt == nil {
		return ""
	}
	d := l.deviceOf(p.doubt.Device)
	switch {
	case d == nil:
		return ""
	case !d.Up:
		return fmt.Sprintf("%s does not answer: it has to confirm that the act is void before anybody inspects", p.doubt.Device)
	case d.Status.Floor > p.doubt.Token:
		return "" // it has begun another act since, so it can never begin this one
	case d.Status.Floor < p.doubt.Token || d.Status.Phase != line.PhaseIdle:
		return fmt.Sprintf("%s has not yet confirmed that the act is void", p.doubt.Device)
	}
	return ""
}

// voidAgain lets a device that has just spoken void an act that is on record as given up, where a death came between the record and
// the Void: of the packs in quarantine, and of those that have yet to come there.
func (l *Line) voidAgain(e line.DeviceEvent) {
	status, ok := e.(line.DeviceStatus)
	if !ok || status.Phase != line.PhaseIdle {
		return
	}
	again := func(d *doubt) {
		if d != nil && d.Device == status.Device && status.Floor < d.Token {
			l.Send(line.Job{Op: line.Void, Device: d.Device, Token: d.Token, Act: d.intent})
		}
	}
	for _, id := range l.doubtful {
		again(l.packs[id].doubt)
	}
	for _, p := range l.live {
		if p.quarantine == nil {
			again(p.doubt)
		}
	}
}

// inspect takes what a person has seen.
func (l *Line) inspect(now time.Time, c line.InspectQuarantine, q line.Request) (string, error) {
	p, err := l.inQuarantine(c.Pack)
	switch {
	case err != nil:
		return "", err
	case q.By == "" || q.Why == "":
		return "", fmt.Errorf("an inspection of %s needs who has looked and, as the reason, what was seen", p.id)
	case !slices.Contains([]line.Seen{line.SeenNotDone, line.SeenDone, line.SeenUnclear}, c.Saw):
		return "", fmt.Errorf("%q is nothing that can be seen; say %s, %s or %s", c.Saw, line.SeenNotDone, line.SeenDone, line.SeenUnclear)
	}
	if waits := l.voided(p); waits != "" {
		return "", errors.New(waits)
	}
	f := line.QuarantineInspected{Saw: c.Saw, Remark: q.Why, By: q.By, Account: q.Account, Proof: q.Proof}
	if p.doubt != nil {
		f.Token = p.doubt.Token
		if d := l.deviceOf(p.doubt.Device); d != nil {
			f.Floor = d.Status.Floor
		}
	}
	l.Record(line.Record{At: now, Station: p.quarantine.station, Pack: p.id, Fact: f})
	return fmt.Sprintf("noted; %s waits for a decision by two people", p.id), nil
}

// decideQuarantine takes the word of the first or the second of two people.
func (l *Line) decideQuarantine(now time.Time, c line.DecideQuarantine, q line.Request) (string, error) {
	p, err := l.inQuarantine(c.Pack)
	switch {
	case err != nil:
		return "", err
	case q.By == "" || q.Why == "":
		return "", fmt.Errorf("a decision on %s needs who decides and why", p.id)
	case !slices.Contains(line.Decisions, c.Decision):
		return "", fmt.Errorf("%q is no decision; decisions are rework, accept and scrap", c.Decision)
	case c.Confirm && c.Refuse:
		return "", errors.New("one may confirm or refuse, not both")
	}
	first := p.quarantine.proposed
	record := func(f line.Fact) {
		l.Record(line.Record{At: now, Station: p.quarantine.station, Pack: p.id, Fact: f})
	}
	if !c.Confirm && !c.Refuse {
		if first != nil {
			return "", fmt.Errorf("%s has proposed to %s %s; another person has to confirm or refuse that first", first.By, first.Decision, p.id)
		}
		if _, err := l.decidable(p, c.Decision); err != nil {
			return "", err
		}
		record(line.QuarantineProposed{Decision: c.Decision, By: q.By, Account: q.Account, Proof: q.Proof, Why: q.Why})
		return fmt.Sprintf("proposed; another person has to confirm that %s is to be: %s", p.id, c.Decision), nil
	}
	if first == nil || first.Decision != c.Decision {
		return "", fmt.Errorf("nobody has proposed to %s %s", c.Decision, p.id)
	}
	if c.Refuse {
		record(line.QuarantineRefused{Decision: c.Decision, By: q.By, Account: q.Account, Proof: q.Proof, Why: q.Why})
		return fmt.Sprintf("%s of %s is refused; something else can be proposed", c.Decision, p.id), nil
	}
	if strings.EqualFold(strings.TrimSpace(first.By), strings.TrimSpace(q.By)) {
		return "", fmt.Errorf("%s has proposed it; another person has to confirm", first.By)
	}
	return l.takeOut(now, p, c.Decision, q)
}

// takeOut does what two people have decided. The person who proposed must still be one who may.
func (l *Line) takeOut(now time.Time, p *pack, d line.Decision, q line.Request) (string, error) {
	first, station := p.quarantine.proposed, p.quarantine.station
	if err := l.stillMay(first); err != nil {
		return "", err
	}
	rework, err := l.decidable(p, d)
	if err != nil {
		return "", err
	}
	f := line.QuarantineDecided{Decision: d, ProposedBy: first.By, By: q.By, Account: q.Account, Proof: q.Proof, Why: q.Why}
	if p.doubt != nil {
		f.Token, f.Task, f.Index = p.doubt.Token, p.doubt.Task, p.doubt.Index
	}
	l.Record(line.Record{At: now, Station: station, Pack: p.id, Fact: f})
	both := first.By + " and " + q.By
	if d == line.DecisionScrap {
		l.Record(line.Record{At: now, Station: station, Pack: p.id, Fact: line.PackDisposed{
			Disposition: line.Scrapped, Reason: fmt.Sprintf("scrapped by %s: %s", both, q.Why),
		}})
		return fmt.Sprintf("%s is scrapped; it lies at %s", p.id, p.at), nil
	}
	rework.By, rework.Why = both, q.Why
	bench := l.ofKind(line.Bench).ID
	l.Record(line.Record{At: now, Station: bench, Pack: p.id, Fact: rework})
	return fmt.Sprintf("carry %s from %s to %s; from there it goes to %s", p.id, line.Quarantine, bench, l.ofKind(rework.Step).ID), nil
}

// stillMay refuses a proposal whose author has lost the role since.
func (l *Line) stillMay(f *line.QuarantineProposed) error {
	if f.Proof == "" {
		return fmt.Errorf("%s has proposed it by name only, which is no proof any more; refuse it and propose anew", f.By)
	}
	a, _ := l.accounts.find(f.Account)
	if roles, _ := line.WhoMay(line.MayDecide); a.Disabled || !a.Has(roles...) {
		return fmt.Errorf("%s, who has proposed it, may not %s any more; refuse it and propose anew", f.By, line.MayDecide)
	}
	return nil
}

// decidable is choice for what is decided from now on. An inspection by name only, from before people had to log in for it, stands
// in the record, but nothing is built on it any more.
func (l *Line) decidable(p *pack, d line.Decision) (rework line.ReworkDecided, err error) {
	if i := p.quarantine.inspected; i != nil && i.Proof == "" {
		return rework, fmt.Errorf("%s has inspected %s by name only, which is no proof any more: somebody logs in and inspects it again", i.By, p.id)
	}
	return l.choice(p, d)
}

// choice returns the rework by which a decision is carried out, or why the decision cannot be proposed. Scrap needs none.
func (l *Line) choice(p *pack, d line.Decision) (rework line.ReworkDecided, err error) {
	q := p.quarantine
	if q.inspected == nil { // what it says was seen after the device had confirmed the Void
		if waits := l.voided(p); waits != "" {
			return rework, errors.New(waits)
		}
		return rework, fmt.Errorf("%s has not been inspected: a person looks first and says what was seen", p.id)
	}
	if d == line.DecisionScrap {
		return rework, nil
	}
	if q.step == line.Stack {
		return rework, fmt.Errorf("nobody can prove any more which cells lie in %s and how, and no cell is taken out of a stack: scrap it", p.id)
	}
	if d == line.DecisionAccept {
		return l.acceptance(p)
	}
	was, nok := p.blame, p.nok
	defer func() { p.blame, p.nok = was, nok }()
	p.blame, p.nok = q.step, nil
	if p.doubt != nil && p.doubt.Index > 0 {
		p.nok = []int{p.doubt.Index}
	}
	return p.mend()
}

// acceptance is how a pack goes on whose act in doubt counts as done: at its station, with the acts that were not made yet.
func (l *Line) acceptance(p *pack) (rework line.ReworkDecided, err error) {
	q := p.quarantine
	switch {
	case p.doubt == nil:
		return rework, errors.New("nothing that leaves a mark is in doubt, so there is nothing to accept")
	case p.finding() == notDone:
		return rework, errors.New("the evidence says that it was not done")
	case q.inspected.Saw != line.SeenDone:
		return rework, fmt.Errorf("%s, who has inspected it, has not seen that it was done", q.inspected.By)
	case q.step == line.PackOut:
		return rework, errors.New("a label is printed for a new serial whenever a pack comes to pack-out")
	}
	rework = line.ReworkDecided{Step: q.step, Acts: []line.ActRef{}, Indexes: []int{}, Build: p.build + 1, Invalidates: []line.Kind{}}
	for _, a := range p.plan(q.step) {
		ref := a.Ref()
		if ref == p.doubt.ref() || a.Task == line.TaskPosition || p.good[ref] == line.OK {
			continue
		}
		rework.Acts = append(rework.Acts, ref)
		if ref.Index > 0 {
			rework.Indexes = appendNew(rework.Indexes, ref.Index)
		}
	}
	return rework, nil
}

// presentQuarantine says for the audit how a pack stands.
func (l *Line) presentQuarantine(id line.PackID) string {
	p := l.packs[id]
	switch {
	case p == nil:
		return "not in quarantine"
	case p.quarantine == nil:
		return fmt.Sprintf("%s, build %d", p.state, p.build)
	case p.quarantine.proposed != nil:
		return fmt.Sprintf("quarantined, %s proposed by %s", p.quarantine.proposed.Decision, p.quarantine.proposed.By)
	case p.quarantine.inspected != nil:
		return fmt.Sprintf("quarantined, inspected by %s: %s", p.quarantine.inspected.By, p.quarantine.inspected.Saw)
	}
	return "quarantined"
}
