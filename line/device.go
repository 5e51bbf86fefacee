package line

import "time"

// Op is what a Job asks of a device.
type Op uint8

// The operations that the line asks for. Reconcile asks only what became of an act that may have been sent before a restart:
// it never starts anything.
const (
	Execute Op = iota + 1
	Reconcile
	Acknowledge
	MachineCommand // PackML command, number in Machine
	UnitMode       // unit mode, number in Machine
	Void           // let no block of the act begin any more: that it was given up is on record
)

// Job is one thing a device is told to do. Execute and Acknowledge carry the token of their act.
type Job struct {
	Op      Op
	Device  DeviceID
	Token   Token
	Act     Intent // Execute and Reconcile: the recorded intent, the same at every resend
	Machine uint16 // MachineCommand: PackML command number; UnitMode: mode number
}

// Phase is where a device is with its act (handshake, status block).
type Phase uint16

// The phases.
const (
	PhaseIdle Phase = iota
	PhaseAccepted
	PhaseExecuting
	PhaseDone
	PhaseFault
	PhaseInterrupted // it lost power in an act; it never continues by itself
)

// Outcome is how a device says an act ended.
type Outcome uint16

// The outcomes, by their numbers in the status block.
const (
	OutcomeNone Outcome = iota
	OutcomeOK
	OutcomeNOK
	OutcomeUnknown
	OutcomeAborted
)

// SensorPartPresent is the bit of the status block's sensors that says a part lies in the nest.
const SensorPartPresent uint32 = 1

// Permissive bits of the status block: a set bit means the condition is given.
const (
	PermissiveAuto   uint32 = 1 << iota // robot or PLC in automatic, external start
	PermissiveGuards                    // guards closed
	PermissiveAir                       // air pressure 5 bar or more
	PermissiveEnable                    // local enable from the safety PLC
)

// Condition is something at a device that must be given before anything moves, in the operator's words.
type Condition struct {
	Bit     uint32 // in the word that the condition is read from
	Given   string // as it is said when it is given, before "at ST060.robot"
	Missing string // as it is said when it is not
	Act     string // what a person then does
}

// Permissives names every permissive. It is missing where its bit of the permissives is not set.
var Permissives = []Condition{
	{PermissiveAuto, "automatic is selected", "automatic is not selected", "turn the selector to automatic"},
	{PermissiveGuards, "guard closed", "guard open", "close the guard"},
	{PermissiveAir, "air pressure given", "air pressure low", "open the air supply"},
	{PermissiveEnable, "local enable given", "local enable missing", "turn the key at the cell"},
}

// SafetyStops names the stops of the safety word. One stands where its bit is set: the condition is then missing. The safety
// PLC has stopped the cell already; that linectl starts nothing meanwhile adds no safety and saves a start in vain.
var SafetyStops = []Condition{
	{SafetyEmergencyStop, "no emergency stop", "emergency stop", "release it and acknowledge it at the cell"},
	{SafetyProtectiveStop, "no protective stop", "protective stop", "clear the cell and acknowledge at the cell"},
}

// DeviceEvent is what the edge of a device tells the line.
//
//sumtype:decl
type DeviceEvent interface {
	deviceEvent()
	Source() DeviceID
}

// DeviceStatus is told when the link comes up and whenever something in it changed; the heartbeat alone is no change.
type DeviceStatus struct {
	Device       DeviceID
	RetainID     uint32
	BootEpoch    uint32
	FenceHighest uint16
	Floor        Token // of classes B and C: the highest of which the handshake knows that no command can start anything any more
	InFlight     Token
	Phase        Phase
	Machine      uint16 // PackML state 0-17
	Mode         uint16
	Permissives  uint32
	Safety       uint32
	Alarms       uint32
	FirstOut     uint16
	Sensors      uint32
	Part         string      // what the device's own scanner reads in the nest now
	EffectCount  uint32      // irreversible acts ever done; of class B the job counter; of class C nothing
	Class        DeviceClass // empty is A
}

// DeviceLost is told once when the device stops answering, its data is stale, or it was found to be the wrong device.
type DeviceLost struct {
	Device        DeviceID
	Reason        string // what happened and what to do, in the operator's words; the log has the address
	Configuration bool   // wrong tags, types, word order or address: trying again will not help
}

// ActFinished is told when the device latched the result of the act.
type ActFinished struct {
	Device      DeviceID
	Token       Token
	Outcome     Outcome
	Reason      uint16
	Part        string // the device's own scanner, not our word
	Index       int
	Values      [24]float32 // in the order of the task's TaskSpec; NaN = not measured
	EffectCount uint32
	Class       DeviceClass      // of B and C the device named no token: the result was assigned by the count or by the edge; empty is A
	Waveform    *EncodedWaveform // the act's course; nil where there is none
	NoWaveform  string           // why there is none although the device offers them; in words
}

// ActRejected is told when the device refused the act and has been made to refuse it for ever: nothing was done.
type ActRejected struct {
	Device DeviceID
	Token  Token
	Reason RejectReason
}

// ActUnknown is told when the evidence cannot say whether the act happened. Nobody may ask for it again but a person.
type ActUnknown struct {
	Device   DeviceID
	Token    Token
	Evidence Evidence
}

// ActNotBegun answers Reconcile: the device has certainly not accepted the act. The same token may be executed later.
type ActNotBegun struct {
	Device DeviceID
	Token  Token
}

func (DeviceStatus) deviceEvent() {}
func (DeviceLost) deviceEvent()   {}
func (ActFinished) deviceEvent()  {}
func (ActRejected) deviceEvent()  {}
func (ActUnknown) deviceEvent()   {}
func (ActNotBegun) deviceEvent()  {}

// Source returns the device that the event comes from.
func (e DeviceStatus) Source() DeviceID { return e.Device }

// Source returns the device that the event comes from.
func (e DeviceLost) Source() DeviceID { return e.Device }

// Source returns the device that the event comes from.
func (e ActFinished) Source() DeviceID { return e.Device }

// Source returns the device that the event comes from.
func (e ActRejected) Source() DeviceID { return e.Device }

// Source returns the device that the event comes from.
func (e ActUnknown) Source() DeviceID { return e.Device }

// Source returns the device that the event comes from.
func (e ActNotBegun) Source() DeviceID { return e.Device }

// Evidence is what could be read when an act became unknown, kept for the people who decide.
type Evidence struct {
	Why          string        `json:"why"` // in the operator's words
	Floor        Token         `json:"floor"`
	InFlight     Token         `json:"in_flight"`
	Phase        Phase         `json:"phase"`
	IndexState   uint16        `json:"index_state"` // 0 untouched, 1 energy may have been applied, 2 finished
	EffectCount  uint32        `json:"effect_count"`
	RetainID     uint32        `json:"retain_id"`
	BootEpoch    uint32        `json:"boot_epoch"`
	LastOutcome  Outcome       `json:"last_outcome"`
	LastPart     string        `json:"last_part,omitempty"`
	ReconnectAge time.Duration `json:"reconnect_age,omitempty"` // how long the device had been away
	Class        DeviceClass   `json:"class,omitempty"`         // how much the device could have proved; empty is A, which knows tokens
}

// RejectReason is why a device refused a command block (handshake, "reject reason").
type RejectReason uint16

// The reasons, by their numbers in the status block.
const (
	RejectBlock RejectReason = iota + 1
	RejectStaleFence
	RejectStaleEpoch
	RejectOldToken
	RejectRecipe
	RejectPart
	RejectIndexDone
	RejectNotPermitted
	RejectMode
	RejectBusy
)

var rejectTexts = map[RejectReason]string{
	RejectBlock: "command damaged on the way", RejectStaleFence: "another supervisor has taken over",
	RejectStaleEpoch: "device was restarted meanwhile", RejectOldToken: "command older than one already seen",
	RejectRecipe: "recipe not taken: a value is outside the device's own limits, or its own recipe was changed", RejectPart: "the part in the nest is another one",
	RejectIndexDone: "already done on this part", RejectNotPermitted: "not permitted now", RejectMode: "device is in another mode",
	RejectBusy: "device busy",
}

func (r RejectReason) String() string {
	if t, ok := rejectTexts[r]; ok {
		return t
	}
	return "refused for an unknown reason"
}
