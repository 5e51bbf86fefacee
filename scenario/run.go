package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/checker"
	"linectl/line"
	"linectl/simulator"
	"linectl/supervisor"
	"linectl/virtual"
)

// Morning is when every story begins, on the line's clock.
var Morning = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// PlantSpeed is how much faster the virtual plant moves than a real one, against the line's clock.
const PlantSpeed = 60

// Times of a run, on the line's clock.
const (
	attend   = time.Second // how often the operator looks
	stopping = 2 * time.Minute
	restarts = time.Second // until a supervisor that has ended is up again
)

// run is one life of a story.
type run struct {
	*Story
	*virtual.World
	memory  virtual.Memory
	config  supervisor.Config
	fence   uint16
	truth   bytes.Buffer
	physics []simulator.Event
	asked   []checker.Ask
	request int

	next    int       // event that has not happened yet
	armed   time.Time // since when its moment holds; zero while it does not
	from    int       // journal entries before its turn came
	things  []thing
	told    []replied
	prompts []line.PromptSnapshot // that were ever asked
	said    []said
	noted   int           // journal entries when the snapshot was last looked at
	looked  time.Time     // when the operator did
	down    time.Duration // the supervisor is to be killed, and comes up so long after
	failed  []string      // what of the story itself could not happen
	done    bool          // everything has a disposition
	rested  bool
}

// thing is an event of the story that has happened.
type thing struct {
	at    time.Time
	text  string
	reply *line.Reply // to what a person did; nil otherwise
}

// replied is what the line answered to a deed of the story.
type replied struct {
	event   *Event
	request string
	reply   line.Reply
}

// said is what a station said of itself, the first time that it did.
type said struct {
	at      time.Time
	station line.StationID
	reason  string
}

// Run lives through the story and judges it.
func (s *Story) Run() (*Report, error) {
	r, err := s.live()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.File, err)
	}
	return r.judge()
}

// live lives through the story.
func (s *Story) live() (*run, error) {
	r := &run{Story: s, fence: 1}
	if err := r.build(); err != nil {
		return nil, err
	}
	r.setUp()
	r.from = len(r.memory.Records)
	return r, r.through()
}

// through lives until everything is done, or the story's time is over. A supervisor that could not record has ended, and is started
// again.
func (r *run) through() error {
	for end := r.Now.Add(r.Lasts); r.Now.Before(end) && !r.done; {
		done, err := r.World.Run(end.Sub(r.Now), r.look)
		switch {
		case err != nil:
			r.things = append(r.things, thing{at: r.Now, text: "the supervisor has ended: " + err.Error()})
			r.down = restarts
		case r.down > 0:
			end = end.Add(r.down)
		default:
			r.done = done
			continue
		}
		r.Now, r.down = r.Now.Add(r.down), 0
		if err := r.restart(); err != nil {
			return err
		}
	}
	var err error
	if r.done {
		r.rested, err = r.rest()
	}
	return err
}

func (r *run) build() error {
	r.config = supervisor.Config{Name: "scenario", Version: "scenario", Simulated: true, Recipes: r.recipes, Supplier: map[line.CellID]line.SupplierCell{}}
	plant := simulator.Config{Seed: r.Seed, Speed: PlantSpeed, CellsPerLane: 400, Defects: &simulator.Defects{}, Witness: r.witness}
	virtual.Equip(&r.config, &plant, r.Classes)
	p, err := simulator.New(plant, "", Morning)
	if err != nil {
		return err
	}
	for _, c := range p.Notices() {
		if r.Unannounced {
			break
		}
		r.config.Supplier[c.Cell] = c
	}
	l, err := supervisor.New(r.config, r.fence)
	if err != nil {
		return err
	}
	r.World = virtual.New(Morning, l, r.fence, p, &r.memory)
	return nil
}

// witness keeps the ground truth, and writes it as the plant's file has it: that is what the checker reads.
func (r *run) witness(e simulator.Event) {
	r.physics = append(r.physics, e)
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // a plant that cannot say what happened is no plant
	}
	r.truth.Write(append(b, '\n'))
	if e.What == simulator.Struck {
		r.things = append(r.things, thing{at: e.At, text: e.Text})
	}
}

// ask asks the line for something as the operator, and returns the answer and the name of the request.
func (r *run) ask(c line.Command) (line.Reply, string) {
	r.request++
	q := line.Request{ID: fmt.Sprintf("%d-%d", r.fence, r.request), By: "operator", Account: "local:operator", Origin: line.FromLocal, Why: "scenario", Command: c}
	reply := r.Ask(q)
	r.asked = append(r.asked, checker.Ask{Request: q.ID, By: q.By, Told: toldIn(reply)})
	return reply, q.ID
}

// toldIn is what a reply says in a word; nothing where none came, for the supervisor ended over it.
func toldIn(r line.Reply) string {
	switch {
	case r.Request == "":
		return "nothing"
	case r.Accepted:
		return "done"
	}
	return "refused"
}

// setUp loads a lot of every consumable and orders what the story orders. The line itself is started by its operator.
func (r *run) setUp() {
	for _, rec := range r.recipes {
		for _, m := range rec.Materials {
			for _, p := range virtual.Reference() {
				if m.Level == "lot" && p.Kind == m.Kind {
					r.ask(line.LoadMaterial{Station: p.ID, Item: m.Item, Lot: line.LotID("L-" + m.Item), Quantity: 1e6, Expiry: Morning.Add(1000 * time.Hour)})
				}
			}
		}
	}
	for _, o := range r.Orders {
		r.ask(o)
	}
	started := func(w *virtual.World) bool {
		resting := false
		for _, st := range w.Line.Snapshot(w.Now).Stations {
			if c := map[string]string{"Aborted": "Clear", "Stopped": "Reset", "Idle": "Start"}[st.State]; c != "" {
				r.ask(line.Machine{Target: string(st.Station), Command: c})
			}
			resting = resting || !slices.Contains([]string{"Execute", "Suspended", "Suspending", "Unsuspending"}, st.State)
		}
		return !resting
	}
	if ok, err := r.World.Run(time.Minute, started); !ok || err != nil {
		r.failed = append(r.failed, "the line did not start")
	}
}

// look is done every tick: what is due happens, and the operator attends to the line. It reports whether all is done.
func (r *run) look(w *virtual.World) bool {
	for r.next < len(r.Events) {
		e := &r.Events[r.next]
		if r.armed.IsZero() {
			if !e.when.holds(r) {
				break
			}
			r.armed = w.Now
		}
		if w.Now.Sub(r.armed) < e.when.after {
			break
		}
		r.note() // before the event ends what stands: a question that it answers was asked
		if r.happen(e); r.down > 0 {
			return true // out of the loop that is about to end
		}
	}
	if len(r.memory.Records) > r.noted {
		r.note() // nothing is asked or said anew without a record, but for what only time brings
	}
	if w.Now.Before(r.looked) {
		return false
	}
	r.looked = w.Now.Add(attend)
	return r.attend(r.note())
}

// happen lets an event happen, and gives the turn to the next.
func (r *run) happen(e *Event) {
	var refused string
	switch {
	case e.do.fault != nil:
		if _, err := r.World.Inject(*e.do.fault); err != nil {
			refused = err.Error()
		}
	case e.do.clear != "":
		if r.Plant.Clear(r.Now, e.do.clear) == 0 {
			refused = "no such fault stands or waits"
		}
		r.things = append(r.things, thing{at: r.Now, text: e.Text})
	case e.do.down > 0:
		r.things = append(r.things, thing{at: r.Now, text: e.Text})
		r.down = e.do.down
	default:
		i := len(r.things) // before the answer: what comes of it is measured from here
		r.things = append(r.things, thing{at: r.Now, text: e.Text})
		reply, request := r.ask(r.addressed(e.do.command)) // a refusal may be what is expected: happened tells
		r.told = append(r.told, replied{e, request, reply})
		r.things[i].reply = &reply
	}
	if refused != "" {
		r.failed = append(r.failed, fmt.Sprintf("line %d: %s cannot happen: %s", e.At, e.Text, refused))
	}
	r.next++
	r.armed, r.from = time.Time{}, len(r.memory.Records)
}

// addressed gives an answer the whole identity of the question that waits.
func (r *run) addressed(c line.Command) line.Command {
	a, is := c.(line.AnswerPrompt)
	if !is {
		return c
	}
	for _, q := range r.Line.Snapshot(r.Now).Prompts {
		if strings.HasPrefix(q.Prompt, a.Prompt) {
			a.Prompt = q.Prompt
			return a
		}
	}
	return a
}

// restart brings the supervisor up again from its journal, with the next fence.
func (r *run) restart() error {
	r.fence++
	l, err := supervisor.New(r.config, r.fence)
	if err != nil {
		return err
	}
	for _, rec := range r.memory.Records {
		l.Apply(rec)
	}
	r.World.Restart(l, r.fence)
	return nil
}

// begun reports whether the act of a moment has been intended since the turn of the event came.
func (r *run) begun(m moment) bool {
	return slices.ContainsFunc(r.memory.Records[r.from:], func(rec line.Record) bool {
		in, is := rec.Fact.(line.Intent)
		return is && rec.Station == m.station && in.Task.Noun() == m.noun && in.Index == m.index && (m.pack == "" || rec.Pack == m.pack)
	})
}

// note keeps what only a snapshot shows, and returns it.
func (r *run) note() *line.Snapshot {
	snap := r.Line.Snapshot(r.Now)
	r.noted = len(r.memory.Records)
	for _, q := range snap.Prompts {
		if !slices.ContainsFunc(r.prompts, func(p line.PromptSnapshot) bool { return p.Prompt == q.Prompt }) {
			r.prompts = append(r.prompts, q)
		}
	}
	for _, st := range snap.Stations {
		now := said{snap.At, st.Station, st.Reason}
		if st.Reason != "" && !slices.ContainsFunc(r.said, func(s said) bool { return s.station == now.station && s.reason == now.reason }) {
			r.said = append(r.said, now)
		}
	}
	return &snap
}

// attend does what the operator does, once. It reports whether everything that was ordered is done and every event has happened.
func (r *run) attend(snap *line.Snapshot) bool {
	if r.Operator != away {
		r.answer(snap)
	}
	if r.Operator == attends {
		r.bringBack(snap)
	}
	for _, o := range snap.Orders {
		if o.Released+o.Scrapped+o.Quarantined < o.Quantity {
			return false
		}
	}
	return len(snap.Packs) == 0 && r.next == len(r.Events)
}

// answer answers the questions as a person would who looks at nothing else: a rework where one is possible, a new serial for each part,
// the tool serviced. A question that the story itself answers, and a part that may still come, waits.
func (r *run) answer(snap *line.Snapshot) {
	for _, q := range snap.Prompts {
		if r.answersItself(q.Prompt) || snap.At.Sub(q.Since) < r.Patience && !strings.Contains(q.Prompt, "/serial/") {
			continue
		}
		a := line.AnswerPrompt{Prompt: q.Prompt, Option: q.Options[0]}
		switch {
		case strings.Contains(q.Prompt, "/serial/"):
			a.Input = fmt.Sprintf("S%d-%d", r.fence, r.request)
		case strings.Contains(q.Prompt, "/missing/") && snap.At.Sub(q.Since) < stopping:
			continue
		case strings.Contains(q.Prompt, "/decide/") && snap.Stations[len(snap.Stations)-1].State != "Execute":
			continue
		}
		r.ask(a)
	}
}

func (r *run) answersItself(prompt string) bool {
	return slices.ContainsFunc(r.Events[r.next:], func(e Event) bool {
		a, is := e.do.command.(line.AnswerPrompt)
		return is && strings.HasPrefix(prompt, a.Prompt)
	})
}

// bringBack brings stations back to work that have stood for the operator's patience.
func (r *run) bringBack(snap *line.Snapshot) {
	commands := map[string]string{"Aborted": "Clear", "Stopped": "Reset", "Idle": "Start", "Held": "Unhold", "Complete": "Reset"}
	for _, st := range snap.Stations {
		if c := commands[st.State]; c != "" && snap.At.Sub(st.Since) >= r.Patience {
			r.ask(line.Machine{Target: string(st.Station), Command: c})
		}
	}
}

// rest stops the line and waits until every station has come to rest.
func (r *run) rest() (bool, error) {
	r.ask(line.Machine{Target: "line", Command: "Stop"})
	return r.World.Run(stopping, func(w *virtual.World) bool {
		return !slices.ContainsFunc(w.Line.Snapshot(w.Now).Stations, func(s line.StationSnapshot) bool { return s.State != "Stopped" && s.State != "Aborted" })
	})
}

// evidence is what the checker gets, in the formats in which the real files have it.
func (r *run) evidence() (e checker.Evidence, err error) {
	e.Asked, e.Ended = r.asked, r.done && r.rested
	if e.Truth, err = checker.ReadTruth(&r.truth); err != nil {
		return e, err
	}
	for i, rec := range r.memory.Records {
		body, err := json.Marshal(rec.Fact)
		if err != nil {
			return e, err
		}
		e.Journal = append(e.Journal, checker.Entry{
			Seq: uint64(i + 1), Kind: line.FactName(rec.Fact), Pack: string(rec.Pack), Station: string(rec.Station), Micros: rec.At.UnixMicro(), Body: body, //nolint:gosec // counts up
		})
	}
	return e, nil
}
