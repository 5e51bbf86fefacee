package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/alarms"
	"linectl/line"
	"linectl/packml"
	"linectl/recipes"
)

// repliesKept is how many answered requests are remembered, so that one asked again is done once.
const repliesKept = 4096

// replies remembers the answers to the latest requests by who asked and the id: nobody gets, or spoils, the answer of another.
type replies struct {
	byID map[replyKey]line.Reply
	keys []replyKey
}

type replyKey struct{ account, id string }

func (r *replies) find(account, id string) (line.Reply, bool) {
	reply, ok := r.byID[replyKey{account, id}]
	return reply, ok && id != ""
}

func (r *replies) keep(account string, reply line.Reply) {
	if reply.Request == "" {
		return
	}
	if r.byID == nil {
		r.byID = map[replyKey]line.Reply{}
	}
	key := replyKey{account, reply.Request}
	if _, known := r.byID[key]; !known {
		r.keys = append(r.keys, key)
	}
	r.byID[key] = reply
	if len(r.keys) > repliesKept {
		delete(r.byID, r.keys[0])
		r.keys = r.keys[1:]
	}
}

// answer does what a person asks for, or refuses it with the reason, and records who asked for what and what came of it.
func (l *Line) answer(now time.Time, q line.Request) {
	if known, ok := l.answered.find(q.Account, q.ID); ok {
		l.out.Replies = append(l.out.Replies, known)
		return
	}
	words, do := l.command(now, q)
	before := l.present(q.Command)
	reply := line.Reply{Request: q.ID}
	err := l.permit(q)
	if err == nil {
		reply.Text, err = do()
	}
	if reply.Accepted = err == nil; err != nil {
		reply.Text = errorText(err)
	}
	l.audited(now, q, words, before, reply)
	l.out.Replies = append(l.out.Replies, reply)
}

// doing does what a request asks for and says what was done.
type doing func() (done string, err error)

// command says what a request asks for in words, and how it is done. It changes nothing by itself.
func (l *Line) command(now time.Time, q line.Request) (words string, do doing) {
	switch c := q.Command.(type) {
	case line.Machine:
		return c.Command + " " + c.Target, func() (string, error) { return l.commandMachine(now, c, q.By) }
	case line.AddOrder:
		return fmt.Sprintf("order %s: %d × %s", c.Order, c.Quantity, c.Product), func() (string, error) { return l.addOrder(now, c) }
	case line.DecideRework:
		return fmt.Sprintf("decide on %s, scrap %t", c.Pack, c.Scrap), func() (string, error) { return l.decide(now, c, q) }
	case line.WriteOff:
		return fmt.Sprintf("write %s off, expected at %s", c.Part, c.Station), func() (string, error) { return l.writeOff(now, c, q) }
	case line.InspectQuarantine:
		return fmt.Sprintf("inspected %s: %s", c.Pack, c.Saw), func() (string, error) { return l.inspect(now, c, q) }
	case line.DecideQuarantine:
		return c.Words(), func() (string, error) { return l.decideQuarantine(now, c, q) }
	case line.Hold:
		return fmt.Sprintf("hold %s, release %t", c.Subject, c.Release), func() (string, error) { return l.hold(now, c, q) }
	case line.LoadMaterial:
		return fmt.Sprintf("load lot %s of %s at %s", c.Lot, c.Item, c.Station), func() (string, error) { return l.loadMaterial(now, c, q.By) }
	case line.ServiceTool:
		return fmt.Sprintf("%s tool of %s", c.Action, c.Station), func() (string, error) { return l.serviceTool(now, c, q.By) }
	case line.CheckMaster:
		return "check the reference part of " + string(c.Station), func() (string, error) { return l.checkMaster(now, c, q) }
	case line.AnswerPrompt:
		return l.answerPrompt(now, c, q)
	case line.SetMode:
		return fmt.Sprintf("set %s to mode %s", c.Target, c.Mode), func() (string, error) { return l.setMode(now, c, q) }
	case line.AcknowledgeAlarm, line.ConfirmAlarm, line.CommentAlarm, line.ShelveAlarm, line.UnshelveAlarm, line.ResetAlarm, line.DisableAlarm:
		return alarms.Words(c), func() (string, error) { return l.attendAlarm(now, q) }
	default:
		return l.accountCommand(now, q)
	}
}

// commandMachine gives a PackML command to a station, or to the whole line: start downstream first, stop upstream first.
func (l *Line) commandMachine(now time.Time, c line.Machine, by string) (string, error) {
	cmd, err := packml.ParseCommand(c.Command)
	if err != nil {
		return "", err
	}
	cause := fmt.Sprintf("%s by %s", cmd, by)
	if c.Target != "line" {
		s, err := l.named(c.Target)
		if err != nil {
			return "", err
		}
		if err := s.Command(now, cmd, cause); err != nil {
			return "", err
		}
		return fmt.Sprintf("%s is %s", s.ID, s.State()), nil
	}
	order := slices.Clone(l.stations)
	if cmd != packml.CmdStop && cmd != packml.CmdAbort {
		slices.Reverse(order)
	}
	var refused []error
	accepted := 0
	for _, s := range order {
		if there(cmd, s.State()) {
			continue
		}
		if err := s.Command(now, cmd, cause); err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", s.ID, err))
			continue
		}
		accepted++
	}
	if len(refused) > 0 {
		return "", fmt.Errorf("%d stations follow, %d do not: %w", accepted, len(refused), errors.Join(refused...))
	}
	return fmt.Sprintf("%d stations follow", accepted), nil
}

// there reports whether a station has already, or is about to have, what a command to the whole line asks for.
func there(c packml.Command, s packml.State) bool {
	var done []packml.State
	switch c {
	case packml.CmdReset:
		done = []packml.State{packml.Idle, packml.Resetting, packml.Execute, packml.Starting, packml.Suspended, packml.Suspending, packml.Unsuspending}
	case packml.CmdStart:
		done = []packml.State{packml.Execute, packml.Starting, packml.Suspended, packml.Suspending, packml.Unsuspending}
	case packml.CmdStop:
		done = []packml.State{packml.Stopped, packml.Stopping, packml.Aborted, packml.Aborting, packml.Clearing}
	case packml.CmdAbort:
		done = []packml.State{packml.Aborted, packml.Aborting}
	case packml.CmdClear:
		return s != packml.Aborted && s != packml.Aborting
	case packml.CmdUnhold:
		return s != packml.Held && s != packml.Holding
	case packml.CmdHold:
		return s != packml.Execute && s != packml.Suspended
	default:
		return false
	}
	return slices.Contains(done, s)
}

// named returns the station of a name. The error lists the names.
func (l *Line) named(name string) (*station, error) {
	if s := l.byID[line.StationID(name)]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no station %s; stations are %s", name, l.stationNames())
}

func (l *Line) stationNames() string {
	names := make([]string, len(l.stations))
	for i, s := range l.stations {
		names[i] = string(s.ID)
	}
	return strings.Join(names, " ")
}

func (l *Line) addOrder(now time.Time, c line.AddOrder) (string, error) {
	if c.Order == "" || c.Quantity < 1 || c.Quantity > 100000 {
		return "", fmt.Errorf("order %q of %d packs: give a name and 1 to 100000 packs", c.Order, c.Quantity)
	}
	for _, o := range l.orders {
		if o.Order == c.Order {
			return "", fmt.Errorf("order %s exists already: %d × %s", o.Order, o.Quantity, o.Product)
		}
	}
	r, err := l.cfg.approved(c.Product)
	if err != nil {
		return "", err
	}
	for _, o := range l.orders {
		if o.Product == r.Product && o.Revision == r.Revision && o.Hash != r.Hash {
			return "", fmt.Errorf("%s revision %s is not what order %s was built with: an approved recipe is never changed; give it a new revision", r.Product, r.Revision, o.Order)
		}
	}
	pinned := slices.ContainsFunc(l.orders, func(o *order) bool { return o.Hash == r.Hash })
	if !pinned {
		l.Record(line.Record{At: now, Fact: line.RecipePinned{Product: r.Product, Revision: r.Revision, Hash: r.Hash, Source: r.Source}})
	}
	l.Record(line.Record{At: now, Fact: line.OrderAdded{Order: c.Order, Product: r.Product, Revision: r.Revision, Hash: r.Hash, Quantity: c.Quantity}})
	return fmt.Sprintf("order %s: %d × %s revision %s", c.Order, c.Quantity, r.Product, r.Revision), nil
}

// decide takes a person's decision on a pack: a rework at the bench, or the end wherever it waits.
func (l *Line) decide(now time.Time, c line.DecideRework, q line.Request) (string, error) {
	p := l.packs[c.Pack]
	switch {
	case p == nil || p.disposed():
		return "", fmt.Errorf("no pack %s is in process", c.Pack)
	case q.By == "" || q.Why == "":
		return "", fmt.Errorf("a decision on %s needs who decides and why", c.Pack)
	case c.Scrap:
		return l.scrap(now, p, q)
	}
	decision, err := l.reworkOf(p)
	if err != nil {
		return "", err
	}
	decision.By, decision.Why = q.By, q.Why
	l.Record(line.Record{At: now, Station: l.ofKind(line.Bench).ID, Pack: p.id, Fact: decision})
	return fmt.Sprintf("%s goes back to %s", p.id, l.ofKind(decision.Step).ID), nil
}

// reworkOf returns the rework that would mend a pack which waits at the bench, or why there is none.
func (l *Line) reworkOf(p *pack) (d line.ReworkDecided, err error) {
	bench := l.ofKind(line.Bench)
	if p.at != bench.ID || p.state != line.InProcess || bench.Visit() == nil || bench.Visit().Pack != p.id {
		return d, fmt.Errorf("%s waits for no decision at the bench", p.id)
	}
	return p.mend()
}

// mend returns the rework that the pack's recipe allows of its present fault, or why there is none. What was never made before is
// no rework and does not count against its limits.
func (p *pack) mend() (d line.ReworkDecided, err error) {
	r, ok := p.rework()
	if !ok {
		return d, fmt.Errorf("the recipe of %s allows no rework of %s; scrap it", p.id, p.blame)
	}
	acts := p.toRework(r.Step)
	if len(acts) == 0 {
		return d, fmt.Errorf("nothing at %s can be made again that would mend %s; scrap it", r.Step, p.id)
	}
	marks, indexes := 0, []int{}
	for _, a := range acts {
		if _, made := p.good[a]; a.Task.Spec().Repeatable || !made && !p.doubts(a) {
			continue
		}
		if marks++; r.MaxPerIndex > 0 && p.reworked[a] >= r.MaxPerIndex {
			return d, fmt.Errorf("%s %d of %s was reworked %d times already, allowed are %d; scrap it", a.Task, a.Index, p.id, p.reworked[a], r.MaxPerIndex)
		}
	}
	for _, a := range acts {
		if a.Index > 0 {
			indexes = appendNew(indexes, a.Index)
		}
	}
	if r.MaxPerPack > 0 && (marks > r.MaxPerPack || p.build > r.MaxPerPack) {
		return d, fmt.Errorf("%s needs more rework than the %d that its recipe allows; scrap it", p.id, r.MaxPerPack)
	}
	return line.ReworkDecided{Step: r.Step, Acts: acts, Indexes: indexes, Build: p.build + 1, Invalidates: r.Invalidates}, nil
}

// scrap ends a pack's way. While an act is open on it nobody knows what it will have become.
func (l *Line) scrap(now time.Time, p *pack, q line.Request) (string, error) {
	if s := l.byID[p.at]; s != nil && s.Visit() != nil && s.Visit().Pack == p.id && s.Open() != nil {
		return "", fmt.Errorf("%s is being worked on at %s; Hold the station first", p.id, s.ID)
	}
	l.Record(line.Record{At: now, Station: p.at, Pack: p.id, Fact: line.PackDisposed{
		Disposition: line.Scrapped, Reason: fmt.Sprintf("scrapped by %s: %s", q.By, q.Why),
	}})
	return fmt.Sprintf("%s is scrapped", p.id), nil
}

// writeOff takes a part off the list of those that are expected at a station and will not come.
func (l *Line) writeOff(now time.Time, c line.WriteOff, q line.Request) (string, error) {
	s := l.byID[c.Station]
	switch {
	case s == nil:
		return "", fmt.Errorf("no station %s; stations are %s", c.Station, l.stationNames())
	case q.By == "" || q.Why == "":
		return "", errors.New("to write a part off needs who says so and why")
	}
	if cell, _, _ := s.Unfound(); cell != "" && string(cell) == c.Part {
		return l.writeOffCell(now, s, cell, q)
	}
	if !slices.Contains(s.infeed, c.Part) {
		return "", fmt.Errorf("%s does not expect %s", s.ID, c.Part)
	}
	if nest, sure := s.Nest(); sure && nest == c.Part {
		return "", fmt.Errorf("%s lies in the nest of %s", c.Part, s.ID)
	}
	p := l.packs[line.PackID(c.Part)]
	var id line.PackID
	if p != nil {
		id = p.id
		if !p.disposed() {
			l.Record(line.Record{At: now, Station: s.ID, Pack: id, Fact: line.PackDisposed{
				Disposition: line.Scrapped, Reason: fmt.Sprintf("written off by %s: %s", q.By, q.Why),
			}})
		}
	}
	l.Record(line.Record{At: now, Station: s.ID, Pack: id, Fact: line.PartMoved{Part: c.Part, To: line.Quarantine}})
	return fmt.Sprintf("%s is written off; should it be found, it belongs to %s", c.Part, line.Quarantine), nil
}

// writeOffCell gives up a cell of the set that does not lie where it is on record, and with it the pack that was to get it.
func (l *Line) writeOffCell(now time.Time, s *station, cell line.CellID, q line.Request) (string, error) {
	p := l.packs[s.Visit().Pack]
	if s.Open() != nil {
		return "", fmt.Errorf("%s is being worked on at %s; Hold the station first", p.id, s.ID)
	}
	l.Record(line.Record{At: now, Station: s.ID, Fact: line.PartMoved{Part: string(cell), To: line.Quarantine}})
	l.Record(line.Record{At: now, Station: s.ID, Pack: p.id, Fact: line.PackDisposed{
		Disposition: line.Scrapped, Reason: fmt.Sprintf("cell %s was not in its lane and is written off by %s: %s", cell, q.By, q.Why),
	}})
	return fmt.Sprintf("%s is written off and %s is scrapped: Unhold %s to let it go; should the cell be found, it belongs to %s", cell, p.id, s.ID, line.Quarantine), nil
}

func (l *Line) hold(now time.Time, c line.Hold, q line.Request) (string, error) {
	if c.Subject == "" || q.By == "" || q.Why == "" {
		return "", errors.New("a hold needs a pack or lot, who asks and why")
	}
	switch h, held := l.holds[c.Subject]; {
	case c.Release && !held:
		return "", fmt.Errorf("%s is not held", c.Subject)
	case !c.Release && held:
		return "", fmt.Errorf("%s is held already by %s: %s", c.Subject, h.By, h.Reason)
	case !c.Release && !l.knows(c.Subject):
		return "", fmt.Errorf("%s is no pack in process, no lot and no station; a pack that has left the line can only be called back", c.Subject)
	}
	if c.Release {
		l.Record(line.Record{At: now, Fact: line.HoldReleased{Subject: c.Subject, Reason: q.Why, By: q.By}})
		return c.Subject + " is released", nil
	}
	l.Record(line.Record{At: now, Fact: line.HoldSet{Subject: c.Subject, Reason: q.Why, By: q.By}})
	return c.Subject + " is held", nil
}

// knows reports whether a subject is one that a hold can reach.
func (l *Line) knows(subject string) bool {
	if l.packs[line.PackID(subject)] != nil || l.byID[line.StationID(subject)] != nil || l.lots[line.LotID(subject)] {
		return true
	}
	return false
}

// takes looks for an item among the consumables and parts that the recipes use at a station.
func (l *Line) takes(s *station, item string) (m recipes.Material, err error) {
	var known []string
	for _, r := range l.cfg.Recipes {
		for _, have := range r.Materials {
			if have.Kind != s.cfg.Kind {
				continue
			}
			if have.Item == item {
				return have, nil
			}
			known = append(known, have.Item)
		}
	}
	slices.Sort(known)
	return m, fmt.Errorf("no recipe uses %s at %s; used there: %s", item, s.ID, strings.Join(slices.Compact(known), " "))
}

func (l *Line) loadMaterial(now time.Time, c line.LoadMaterial, by string) (string, error) {
	s := l.byID[c.Station]
	switch {
	case s == nil:
		return "", fmt.Errorf("no station %s; stations are %s", c.Station, l.stationNames())
	case c.Item == "" || c.Lot == "" || c.Quantity <= 0:
		return "", errors.New("a lot needs its item, its name and a quantity")
	case !now.Before(c.Expiry):
		return "", fmt.Errorf("lot %s expired %s: fetch a new one", c.Lot, c.Expiry.UTC().Format("2 Jan 2006"))
	case l.holds[string(c.Lot)].Subject != "":
		return "", fmt.Errorf("lot %s is held: %s", c.Lot, l.holds[string(c.Lot)].Reason)
	}
	m, err := l.takes(s, c.Item)
	switch {
	case err != nil:
		return "", err
	case m.Level == "serial" && l.lots[c.Lot]:
		return "", fmt.Errorf("%s was loaded before: a serial part goes into one pack", c.Lot)
	case m.Level == "serial" && c.Quantity > m.Quantity:
		return "", fmt.Errorf("%s is a serial part: scan what one pack takes, %.4g", c.Item, m.Quantity)
	}
	l.Record(line.Record{At: now, Station: c.Station, Fact: line.MaterialLoaded{
		Item: c.Item, Lot: c.Lot, Quantity: c.Quantity, Expiry: c.Expiry.UTC(), By: by,
	}})
	return fmt.Sprintf("lot %s of %s loaded at %s", c.Lot, c.Item, c.Station), nil
}

func (l *Line) serviceTool(now time.Time, c line.ServiceTool, by string) (string, error) {
	s := l.byID[c.Station]
	if s == nil || !s.HasTool() {
		return "", fmt.Errorf("%s has no tool that is serviced", c.Station)
	}
	if !slices.Contains([]string{"clean", "dress", "replace"}, c.Action) {
		return "", fmt.Errorf("%q is no service; services are clean, dress and replace", c.Action)
	}
	tool := l.tool(s, c.Action)
	if tool == "" {
		return "", fmt.Errorf("no recipe has a tool at %s that one can %s", c.Station, c.Action)
	}
	l.Record(line.Record{At: now, Station: c.Station, Fact: line.ToolServiced{Tool: tool, Action: c.Action, By: by}})
	return fmt.Sprintf("noted; the device of %s confirms it before the next part", c.Station), nil
}

// tool returns the most used tool of a station to which the service belongs. A tool that may be dressed may be replaced.
func (l *Line) tool(s *station, action string) string {
	best := ""
	for _, r := range l.cfg.Recipes {
		t := r.Process(s.cfg.Kind).Tool
		if t == nil || t.Action != action && (action != "replace" || t.Action == "clean") {
			continue
		}
		if best == "" || s.ToolUse(t.Name) > s.ToolUse(best) {
			best = t.Name
		}
	}
	return best
}
