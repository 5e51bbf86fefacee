package simulator

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/plc/tags"
)

// device is one device: what it retains over a power failure, and what it forgets.
type device struct {
	DeviceConfig
	retained retained
	memory   *memory // where it is kept; nil = nowhere

	machine      *packml.Machine
	phase        line.Phase
	heartbeat    uint16
	heard        time.Time // of the last block of a supervisor that is not stale
	watched      bool      // a watchdog event is due
	rejected     line.Token
	rejectReason line.RejectReason
	alarms       uint32
	firstOut     uint16
	act          act                    // in work, or the last one
	area         []byte                 // waveform area as it was asked for last
	areaOf       line.Token             // the act that it is of
	stuck        map[uint16][24]float64 // what a stuck instrument shows, by task
	frozen       *tags.Status           // what a stale face goes on showing; nil = as it is
	wire         string                 // the protocol of its face; empty where it has none
	past         past                   // what a face shows that is not the present
	start        bool                   // classes B and C: the start bit
	revision     uint64                 // see Revision
	failed       uint16                 // class C: why the last start was refused, a line.RejectReason
}

// retained is what a device keeps in battery-backed memory.
type retained struct {
	RetainID    uint32     `json:"retain_id"`
	BootEpoch   uint32     `json:"boot_epoch"`
	Fence       uint16     `json:"fence"` // highest accepted
	Floor       line.Token `json:"floor"` // highest token ever accepted or voided
	InFlight    line.Token `json:"in_flight"`
	EffectCount uint32     `json:"effect_count"`
	IndexState  uint16     `json:"index_state"`
	InWork      *begun     `json:"in_work,omitempty"`   // what the token in flight stands for
	Pending     bool       `json:"pending"`             // the last result has not been acknowledged
	Jobs        uint32     `json:"jobs,omitempty"`      // class B: jobs ever begun
	Unlatched   bool       `json:"unlatched,omitempty"` // classes B and C: the last job begun has no result
	Ring        []result   `json:"ring"`                // the last results, newest last
}

// begun is what the status block shows of an act that was interrupted.
type begun struct {
	Part  string `json:"part"`
	Index uint16 `json:"index"`
}

// ringSize is how many results a device retains.
const ringSize = 16

// result is the latched result of an act. Values are bit patterns, because NaN is a value and JSON has none.
type result struct {
	Token   line.Token   `json:"token"`
	Outcome line.Outcome `json:"outcome"`
	Reason  uint16       `json:"reason,omitempty"`
	Part    string       `json:"part"`
	Index   uint16       `json:"index"`
	Values  [24]uint32   `json:"values"`
	Course  *course      `json:"course,omitempty"` // the act's waveform, as what it is made from
}

func (r result) floats() (values [24]float32) {
	for i, bits := range r.Values {
		values[i] = math.Float32frombits(bits)
	}
	return values
}

func (r retained) last() result {
	if len(r.Ring) == 0 {
		return result{Values: unmeasured()}
	}
	return r.Ring[len(r.Ring)-1]
}

// act is an accepted job of the device.
type act struct {
	tags.Command
	part    *part // in the nest when it was accepted
	cell    *part // in the gripper
	attempt int   // of this task at this index of this part, from 1
	fired   bool  // the energy has come
	ends    time.Time
	faults  []*injected // that have struck it
	brings  []*injected // that begin in its middle
	outcome line.Outcome
	reason  uint16
	echo    string // what the device's scanner read in the act
	values  [24]float64
	course  *course
}

// boot starts a device with its retained memory.
func (p *Plant) boot(c DeviceConfig, now time.Time) (*device, error) {
	d := &device{DeviceConfig: c, heard: now, revision: 1}
	if p.dir != "" {
		var err error
		if d.memory, err = openMemory(filepath.Join(p.dir, "retained", string(c.ID)+".memory"), &d.retained); err != nil {
			return nil, err
		}
	}
	if d.retained.RetainID == 0 {
		d.retained = p.blank(d, now)
	}
	return d, p.powerUp(d)
}

// blank is a retained memory that was never used.
func (p *Plant) blank(d *device, now time.Time) retained {
	dice := p.roll("retain id", string(d.ID), 0, int(now.UnixNano()))
	return retained{RetainID: uint32(dice.next()>>32) | 1}
}

// powerUp is the boot itself: the epoch rises, an act in flight is Interrupted, a result waits on for its acknowledgement.
func (p *Plant) powerUp(d *device) error {
	initial := packml.Stopped
	d.phase, d.alarms, d.firstOut, d.act, d.rejected, d.rejectReason, d.past = line.PhaseIdle, 0, 0, act{}, 0, 0, past{}
	d.retained.BootEpoch++
	if d.retained.Pending {
		d.phase = line.PhaseDone
	}
	if d.retained.InFlight != 0 {
		initial, d.phase = packml.Aborted, line.PhaseInterrupted
		d.alarm(line.AlarmInterrupted)
	}
	if !d.Class.Tokens() {
		d.forgetJob()
	}
	machine, err := packml.New(initial)
	if err != nil {
		return fmt.Errorf("device %s: %w", d.ID, err)
	}
	d.machine = machine
	p.keep(d)
	return p.broken
}

// keep writes the retained memory before anything else happens.
func (p *Plant) keep(d *device) {
	if d.memory == nil || p.broken != nil {
		return
	}
	if err := d.memory.keep(d.retained); err != nil {
		p.broken = errors.Join(p.broken, err)
	}
}

// alarm latches what is wrong (line.DeviceAlarms) until Clear, Reset or Unhold.
func (d *device) alarm(number uint16) {
	if d.alarms == 0 {
		d.firstOut = number
	}
	d.alarms |= 1 << (number - 1)
}

// status shows the device as it is. While a result waits for its acknowledgement, the part is the one that the act's own
// scanner read; else it is what lies in the nest now.
func (p *Plant) status(d *device) tags.Status {
	d.heartbeat++
	r := d.retained
	last := r.last()
	s := tags.Status{
		Heartbeat: d.heartbeat, RetainID: r.RetainID, BootEpoch: r.BootEpoch, FenceHighest: r.Fence, Floor: r.Floor, InFlight: r.InFlight,
		Phase: d.phase, LastCompleted: last.Token, Outcome: last.Outcome, Reason: last.Reason, Part: p.reads(d),
		Index: last.Index, EffectCount: r.EffectCount, IndexState: r.IndexState, Rejected: d.rejected, RejectReason: d.rejectReason,
		Machine: uint16(d.machine.State()), Mode: uint16(d.machine.Mode()),
		Permissives: p.permissives(d), Safety: line.SafetyTold | p.safety(d), Alarms: d.alarms, FirstOut: d.firstOut,
	}
	s.Values = last.floats()
	if p.world.nests[d.Station] != nil {
		s.Sensors |= line.SensorPartPresent
	}
	switch d.phase {
	case line.PhaseDone, line.PhaseFault:
		s.Part = last.Part
	case line.PhaseAccepted, line.PhaseExecuting, line.PhaseInterrupted:
		if r.InWork != nil {
			s.Part, s.Index = r.InWork.Part, r.InWork.Index
		}
	case line.PhaseIdle:
	}
	if !d.Class.Tokens() {
		return p.plainStatus(d, s)
	}
	return s
}

func unmeasured() (v [24]uint32) {
	for i := range v {
		v[i] = math.Float32bits(float32(math.NaN()))
	}
	return v
}
