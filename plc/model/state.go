// Package model is the job handshake as a small machine whose every state can be visited: one device, up to two joints, a
// supervisor that crashes, one that is paused and wakes up beside its successor, a network that drops, duplicates, delays and
// reorders, reboots that keep or lose the retained memory, a person who inspects.
//
// Search visits all states and says whether a joint can be welded twice, called done without a weld, touched after it was
// decided on, made to be forgotten by its device while the record has no doubt of it, or stuck for good. A Broken rule is one that is
// left out: the search must then find what it was for.
//
// It shares no code with the real handshake (package plc) or the virtual plant, holds no times and no measurements, and proves
// nothing about them: it proves that the rules suffice, and that each of those named here is needed. Against a second weld the device's
// look at the fence is a second lock: tokens carry the fence and the store refuses who has an older one. Without it a supervisor that
// wakes up can only make a device forget an interrupted act that is still open.
//
// What the model leaves out: more than one device, a part that is swapped, torn blocks (their CRC is taken to hold), and acts that
// leave no mark, which are made again.
package model

// The most that a model may have.
const (
	Joints = 2
	Slots  = 3 // messages on their way at a time
	Tokens = 7
)

// Step of a joint's record in the store.
const (
	open        int8 = iota // no act yet, or a rework was decided
	intended                // T1: the act is on record and nothing else is known
	quarantined             // T3: nobody knows, the device may still act
	voided                  // the device will not act any more: a person may look
	done                    // T2: the device's result is on record
	accepted                // a person has found it welded
	scrapped                // a person has given it up
)

// Phase of the device.
const (
	idle int8 = iota
	executing
	finished // the result stands, the part is held until it is acknowledged
	interrupted
	unlatched // only with EffectBeforeFloor: energy flows and nothing is retained yet
)

// Kind of a message.
const (
	nothing int8 = iota
	execute
	void
	acknowledge
)

// message is a command on its way. It can arrive any number of times, in any order, or never.
type message struct {
	kind, token, fence, epoch, joint int8
	rework                           bool
}

// record is what the store knows of a joint.
type record struct {
	step, token, retain, count int8
	rework                     bool
}

// view is a status that was read: as old as it happens to be when it is used.
type view struct {
	known                             bool
	retain, epoch, floor, last, phase int8

	count                  int8
	result, start, settled bool
}

// zombie is a supervisor that was paused, and what it remembers of the store.
type zombie struct {
	alive, awake bool
	fence, count int8
	joints       [Joints]record
	view         view
	sent         bool
}

// state is everything there is. It is comparable, and small: millions are kept.
type state struct {
	effects [Joints]int8 // the truth

	// The device: retained memory, then what a boot clears.
	retain, epoch, fence, floor, inFlight, last int8
	index                                       [Joints]int8 // 0 untouched, 1 energy may have been applied, 2 finished
	phase, token, joint                         int8
	energised                                   bool
	count                                       int8 // class B
	result                                      bool // class B: the last act counted has one
	start                                       bool // class C

	// The store.
	incarnation, given int8 // fences given out, tokens given out
	joints             [Joints]record

	// The supervisor that is alive, and one that was paused.
	alive  bool
	unsent record // only with SendBeforeIntent: an act that no store knows
	view   view
	sent   bool // classes B and C: the start of the open act may have been written
	zombie zombie

	net [Slots]message // sorted, empty ones first

	crashes, reboots, losses, pauses int8 // how many may still happen
}

// token orders tokens as the protocol does: first by the fence, then by the sequence.
func token(fence, count int8) int8 { return fence<<3 | count }

// send puts a message on its way. One more than the network holds is lost.
func (m *Model) send(s *state, c message) {
	for _, have := range s.net {
		if have == c {
			return // it can arrive any number of times already
		}
	}
	if full := Slots - m.Slots; s.net[full].kind == nothing {
		s.net[full] = c
		s.sort()
	}
}

func (s *state) drop(i int) {
	s.net[i] = message{}
	s.sort()
}

func (s *state) sort() {
	for i := 1; i < len(s.net); i++ {
		for j := i; j > 0 && less(s.net[j], s.net[j-1]); j-- {
			s.net[j], s.net[j-1] = s.net[j-1], s.net[j]
		}
	}
}

func less(a, b message) bool {
	switch {
	case a.kind != b.kind:
		return a.kind < b.kind
	case a.token != b.token:
		return a.token < b.token
	case a.fence != b.fence:
		return a.fence < b.fence
	case a.epoch != b.epoch:
		return a.epoch < b.epoch
	case a.joint != b.joint:
		return a.joint < b.joint
	}
	return !a.rework && b.rework
}

// pending returns the joint whose act is open, or -1: there is one at most for a device.
func pending(joints *[Joints]record) int8 {
	for j, r := range joints {
		if r.step == intended || r.step == quarantined {
			return int8(j)
		}
	}
	return -1
}

// complete reports whether every joint is decided on.
func (s *state) complete(joints int) bool {
	for _, r := range s.joints[:joints] {
		if r.step < done {
			return false
		}
	}
	return true
}
