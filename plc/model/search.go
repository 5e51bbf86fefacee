package model

import (
	"fmt"
	"slices"
)

// Rule is a rule of the handshake that can be left out.
type Rule int

// The rules, each by what happens without it.
const (
	None                 Rule = iota
	NewTokenAfterRestart      // an open act is planned anew after a restart
	NewTokenAfterSilence      // an act without an answer is planned anew
	FloorNotRetained          // the device forgets its floor at each boot
	InspectBeforeVoid         // a person looks while the device may still act
	SendBeforeIntent          // the command leaves before its record
	NoEpochCheck              // the device takes commands of before its boot
	NoFenceCheck              // the device takes commands of an older supervisor
	EffectBeforeFloor         // the device applies energy and remembers it afterwards
	RetainIDIgnored           // nobody notices that the device has forgotten
	VoidLeavesFloor           // a void does not make late commands too old
	InterruptedIsNotDone      // an interrupted act counts as not begun
	AnyResultIsOurs           // a result is taken whatever its token
	GoesOnByItself            // the device resumes an act after a boot
	EpochDiesWithMemory       // the boot counter begins anew with the memory
	ZombieWrites              // a paused supervisor still writes to the store
	VoidBeforeRecord          // an act is voided before it is on record that nobody knows what became of it
	LastRuleOfA               = VoidBeforeRecord

	// Of class B.
	CountIgnored     Rule = iota - 1 // an idle device is sent the act again whatever its counter says
	NoSettling                       // it is sent again while the first may still be on its way
	NoughtTrusted                    // an unchanged counter at nought counts as not begun
	CountAfterEnergy                 // the device counts after the energy
	// Of class C.
	ResendAtC      // the edge is made again when the bit is down
	PlannedWhileUp // an act is ordered while the bit of the one before is still up

	LastRule = PlannedWhileUp
)

var ruleNames = [...]string{
	"none", "new token after restart", "new token after silence", "floor not retained", "inspect before void", "send before intent",
	"no epoch check", "no fence check", "effect before floor", "retain id ignored", "void leaves floor", "interrupted is not done",
	"any result is ours", "goes on by itself", "epoch dies with memory", "zombie writes", "void before record", "count ignored", "no settling", "nought trusted", "count after energy",
	"resend at C", "planned while up",
}

// String says the rule in words.
func (r Rule) String() string { return ruleNames[r] }

// Model is what is searched: how much there is, how much may go wrong, and which rule is left out.
type Model struct {
	Joints, Tokens, Slots int  // at most the constants of these names
	Crashes               int8 // of the supervisor
	Reboots               int8 // of the device
	Losses                int8 // how many of the reboots may lose the retained memory
	Pauses                int8 // supervisors that are paused, and wake up beside the next: at most one at a time
	Broken                Rule
	Class                 Class // of the device
	Count                 int8  // class B: its counter at first
}

func (m *Model) broken(r Rule) bool { return m.Broken == r }

// Result is what a search has found.
type Result struct {
	States, Steps int
	// Complete counts the states in which every joint is decided on; Quarantined and Reworked show that the search came there.
	Complete, Quarantined, Reworked int

	Twice  int // states in which a joint was welded twice
	Untrue int // a joint on record as done or found good is not welded
	Late   int // energy was applied to a joint that was decided on
	Stuck  int // states from which no way leads to completion
	Forgot int // a device was made to forget an interrupted act of which the doubt is on record nowhere

	Example []string // the steps to one of them
}

// Bad counts the states that must not be.
func (r Result) Bad() int { return r.Twice + r.Untrue + r.Late + r.Stuck + r.Forgot }

// visit is the graph as far as it is known.
type visit struct {
	model  *Model
	number map[state]int32
	all    []state
	from   []int32 // the state from which each was reached first
	how    []string
	edges  []int32 // successors, those of state i from first[i] on
	first  []int
}

// Search visits every state. With first it ends where it meets a state that must not be, and does not look for stuck ones. More
// states than most are an error.
func (m Model) Search(most int, first bool) (Result, error) {
	start := state{count: m.Count, retain: 1, epoch: 1, crashes: m.Crashes, reboots: m.Reboots, losses: m.Losses, pauses: m.Pauses}
	v := &visit{model: &m, number: map[state]int32{start: 0}, all: []state{start}, from: []int32{-1}, how: []string{"start"}}
	var r Result
	for i := 0; i < len(v.all); i++ {
		if len(v.all) > most {
			return r, fmt.Errorf("more than %d states", most)
		}
		v.first = append(v.first, len(v.edges))
		was := v.all[i]
		m.steps(was, func(how string, s state) {
			r.Steps++
			n, fresh := v.add(i, how, s)
			if fresh {
				v.look(&r, n)
			}
			for j := range m.Joints {
				if s.effects[j] > was.effects[j] && was.joints[j].step >= done {
					v.note(&r, &r.Late, n)
				}
			}
			if how == voidArrives && forgotten(&was, &s) {
				v.note(&r, &r.Forgot, n)
			}
		})
		if first && r.Bad() > 0 {
			r.States = len(v.all)
			return r, nil
		}
	}
	v.first = append(v.first, len(v.edges))
	r.States = len(v.all)
	v.stuck(&r)
	return r, nil
}

func (v *visit) add(from int, how string, s state) (n int, fresh bool) {
	have, known := v.number[s]
	if !known {
		have = int32(len(v.all)) //nolint:gosec // some millions
		v.number[s] = have
		v.all, v.from, v.how = append(v.all, s), append(v.from, int32(from)), append(v.how, how) //nolint:gosec // some millions
	}
	v.edges = append(v.edges, have)
	return int(have), !known
}

var voidArrives = names[void] + " arrives"

// forgotten reports whether a void has ended, at the device, an interrupted act that is open in the store: the next supervisor that
// looks finds a device which is idle, and the best of the evidence is gone.
func forgotten(was, s *state) bool {
	if was.phase != interrupted || s.phase == interrupted {
		return false
	}
	for _, r := range was.joints {
		if r.step == intended && r.token == was.inFlight {
			return true
		}
	}
	return false
}

func (v *visit) note(r *Result, count *int, n int) {
	*count++
	if r.Example == nil {
		r.Example = v.way(n)
	}
}

// look judges one state.
func (v *visit) look(r *Result, n int) {
	s := &v.all[n]
	if s.complete(v.model.Joints) {
		r.Complete++
	}
	twice, untrue := false, false
	for j, one := range s.joints[:v.model.Joints] {
		twice = twice || s.effects[j] > 1
		untrue = untrue || (one.step == done || one.step == accepted) && s.effects[j] == 0
		if one.step == quarantined {
			r.Quarantined++
		}
		if one.rework {
			r.Reworked++
		}
	}
	if twice {
		v.note(r, &r.Twice, n)
	}
	if untrue {
		v.note(r, &r.Untrue, n)
	}
}

// stuck finds the states that reach no complete one: who has a successor that reaches one, does too.
func (v *visit) stuck(r *Result) {
	good := make([]bool, len(v.all))
	for i := range good {
		good[i] = v.all[i].complete(v.model.Joints)
	}
	for changed := true; changed; {
		changed = false
		for i := len(v.all) - 1; i >= 0; i-- {
			if !good[i] && slices.ContainsFunc(v.edges[v.first[i]:v.first[i+1]], func(n int32) bool { return good[n] }) {
				good[i], changed = true, true
			}
		}
	}
	for i := range good {
		if !good[i] {
			v.note(r, &r.Stuck, i)
		}
	}
}

// way tells the steps that lead to a state.
func (v *visit) way(i int) []string {
	var steps []string
	for n := int32(i); n >= 0; n = v.from[n] { //nolint:gosec // some millions
		steps = append(steps, v.how[n])
	}
	slices.Reverse(steps)
	return steps
}

// steps tells everything that can happen next.
func (m *Model) steps(was state, to func(how string, s state)) {
	m.plantSteps(was, to)
	m.supervisorSteps(was, to)
	for j := range m.Joints {
		s := was
		if was.alive && m.inspect(&s, j) {
			to("a person inspects", s)
		}
	}
}

func (m *Model) plantSteps(was state, to func(string, state)) {
	for i, c := range was.net {
		if c.kind == nothing {
			continue
		}
		s := was
		if m.Class != A {
			s.drop(i) // it arrives once
		}
		if m.deliver(&s, c) {
			to(names[c.kind]+" arrives", s)
		}
		s = was
		s.drop(i)
		to(names[c.kind]+" is lost", s)
	}
	s := was
	if m.act(&s) {
		to("the device goes on", s)
	}
	if was.reboots > 0 {
		s = was
		m.reboot(&s, false)
		to("the device reboots", s)
		if was.losses > 0 {
			s = was
			m.reboot(&s, true)
			to("the device reboots and has forgotten", s)
		}
	}
}

var names = [...]string{execute: "execute", void: "void", acknowledge: "acknowledge"}

func (m *Model) supervisorSteps(was state, to func(string, state)) {
	s := was
	if !was.alive {
		m.restart(&s)
		to("a supervisor starts", s)
	} else {
		m.living(was, to)
	}
	z := was.zombie
	if !z.alive {
		return
	}
	s = was
	if !z.awake {
		s.zombie.awake = true
		to("the paused supervisor wakes", s)
		return
	}
	if m.wake(&s) {
		to("the paused supervisor goes on", s)
	}
	s = was
	s.zombie = zombie{}
	to("the paused supervisor dies", s)
}

func (m *Model) living(was state, to func(string, state)) {
	s := was
	if s.view = m.watch(&s); s != was {
		to("read", s)
	}
	s = was
	if m.plan(&s) {
		to("T1", s)
	}
	s = was
	if m.answer(&s) {
		to("decide", s)
	}
	s = was
	if m.broken(SendBeforeIntent) && catchUp(&s, m.Joints) {
		to("T1, late", s)
	}
	if j := pending(&was.joints); j >= 0 && was.joints[j].step == intended {
		s = was
		s.joints[j].step = quarantined
		if m.broken(NewTokenAfterSilence) {
			s.joints[j] = record{rework: was.joints[j].rework}
		}
		to("give up waiting", s)
	}
	if was.crashes > 0 {
		s = was
		s.crashes--
		s.alive, s.view, s.unsent, s.sent = false, view{}, record{}, false
		to("the supervisor crashes", s)
	}
	if was.pauses > 0 && !was.zombie.alive {
		s = was
		s.pauses--
		s.zombie = zombie{alive: true, fence: was.incarnation, count: was.given, joints: was.joints, view: was.view, sent: was.sent}
		s.alive, s.view, s.unsent, s.sent = false, view{}, record{}, false
		to("the supervisor is paused", s)
	}
}
