package line

import "time"

// What a permissive is needed for: Start is refused without it, or no part is taken without it.
const (
	ForStart = "start"
	ForPart  = "part"
)

// PermissiveSnapshot is one thing that must be given before a station may start, or take a part.
type PermissiveSnapshot struct {
	Given bool   `json:"given"`
	Text  string `json:"text"` // as it is now, with what to do: "guard closed at ST060.robot", "guard open at ST060.robot: close the guard"
	For   string `json:"for"`  // ForStart or ForPart
}

// CommandSnapshot says of a PackML command whether a person can give it now. The code that refuses it has filled this in, so a
// face that asks nothing else greys out what would be refused, and says why.
type CommandSnapshot struct {
	Command  string `json:"command"`           // "Reset"
	Possible bool   `json:"possible"`          // apart from who asks
	WhyNot   string `json:"why_not,omitempty"` // and what to do first; empty where it is possible
}

// SafetySnapshot mirrors what the safety PLC tells through the devices of a station. It is shown and never written: linectl
// resets no safety function.
type SafetySnapshot struct {
	Known          bool `json:"known"` // false while no device tells
	EmergencyStop  bool `json:"emergency_stop"`
	ProtectiveStop bool `json:"protective_stop"`
	GuardOpen      bool `json:"guard_open"`
	Automatic      bool `json:"automatic"` // every device in automatic, external start
}

// ConsumableSnapshot is one consumable at a station.
type ConsumableSnapshot struct {
	Item      string        `json:"item"`
	Lot       LotID         `json:"lot,omitempty"` // empty while none is loaded
	Unit      string        `json:"unit"`
	Remaining float64       `json:"remaining"`
	Loaded    float64       `json:"loaded"`           // quantity when the lot was loaded; 100 % of its life
	PerPack   float64       `json:"per_pack"`         // what the product that runs takes, 0 if it takes none
	Lasts     time.Duration `json:"lasts,omitempty"`  // at the takt, or the last cycles where no takt is set; 0 = not known or none
	Low       bool          `json:"low,omitempty"`    // it runs out within half an hour, before all that is ordered is built
	Expiry    time.Time     `json:"expiry,omitzero"`  // until when the lot may be used
	Serial    bool          `json:"serial,omitempty"` // a part of which one is scanned for each pack
}

// MasterSnapshot is a station's check against its reference part.
type MasterSnapshot struct {
	Due        bool      `json:"due"`     // no part is taken before it has passed
	Verdict    Verdict   `json:"verdict"` // of the last check, empty if there was none
	At         time.Time `json:"at,omitzero"`
	ValidUntil time.Time `json:"valid_until,omitzero"`
	LastGood   time.Time `json:"last_good,omitzero"`
	Steps      []string  `json:"steps,omitempty"`   // what the person does, in order
	Suspect    []string  `json:"suspect,omitempty"` // after a failed check: parts measured since the last good one
}

// PromptSnapshot is a question that waits for a person. Its id names one question and is never used for another.
type PromptSnapshot struct {
	Prompt  string    `json:"prompt"` // identity, "ST900/decide/EV-P1-000001"
	Station StationID `json:"station"`
	Pack    PackID    `json:"pack,omitempty"`
	Text    string    `json:"text"` // the question, in the operator's words
	Options []string  `json:"options"`
	Input   string    `json:"input,omitempty"` // what has to be scanned or typed with the answer; empty if nothing
	Since   time.Time `json:"since"`
}

// ShiftSnapshot counts the present shift. Every figure is a fold of the journal, so it survives restarts and equals what the
// record store answers for the same span.
type ShiftSnapshot struct {
	Name      string    `json:"name"`
	Began     time.Time `json:"began"`
	Ends      time.Time `json:"ends"`
	Plan      int       `json:"plan"` // packs that the takt allows from the start of the shift until now, 0 without a takt
	Good      int       `json:"good"`
	NOK       int       `json:"nok"`
	FirstPass int       `json:"first_pass"`
	Losses    []Loss    `json:"losses,omitempty"` // by station and cause, the longest first
	// The station with the longest takt, or, where none is set, the one that worked longest; empty while it cannot be told.
	Bottleneck StationID `json:"bottleneck,omitempty"`
	// Figures of ISO 22400-2 of the bottleneck station, 0 to 1; -1 where one cannot be told. Effectiveness is above 1 where parts are
	// made faster than the takt.
	Availability  float64 `json:"availability"`
	Effectiveness float64 `json:"effectiveness"`
	Quality       float64 `json:"quality"`
}

// Loss is time in which a station did not work although it was planned to: something was ordered and not finished.
type Loss struct {
	Station StationID     `json:"station"`
	Cause   string        `json:"cause"` // in the operator's words; "starved by ST040" names who is to blame
	Own     bool          `json:"own"`   // false: starved or blocked, so another station's loss
	For     time.Duration `json:"for"`
	Times   int           `json:"times"`
}

// SetMode asks for a unit mode of a station, or of the whole line when Target is "line". It is taken in Stopped, Idle and
// Aborted only (ISA-TR88.00.02).
type SetMode struct {
	Target string `json:"target"`
	Mode   string `json:"mode"` // Production, Maintenance, Manual or Setup
}

// AnswerPrompt answers a question of the line.
type AnswerPrompt struct {
	Prompt string `json:"prompt"`
	Option string `json:"option"`          // one of the question's options, as it stands there
	Input  string `json:"input,omitempty"` // what was scanned or typed
}

// CheckMaster asks for a check of a station's measuring against its reference part now.
type CheckMaster struct {
	Station StationID `json:"station"`
}

func (SetMode) command()      {}
func (AnswerPrompt) command() {}
func (CheckMaster) command()  {}
