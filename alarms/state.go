package alarms

// State is where an alarm stands after ISA-18.2, as its letter.
type State string

// The states of ISA-18.2. What a person did about an alarm as a whole hides how the occurrence under it stands: out of service
// hides shelved, and shelved hides suppressed.
const (
	Normal             State = "A" // nothing is wrong and nothing is wanted
	Unacknowledged     State = "B" // the cause is there and nobody has seen it
	Acknowledged       State = "C" // the cause is there and somebody has seen it
	ReturnedUnseen     State = "D" // the cause is gone and nobody has acknowledged, or confirmed where that is asked for
	LatchedUnseen      State = "E" // latched: the cause is gone and nobody has acknowledged or confirmed
	LatchedSeen        State = "F" // latched: the cause is gone and it waits for its reset
	Shelved            State = "G" // a person has put it out of sight for a time
	SuppressedByDesign State = "H" // it means nothing in the state of its station
	OutOfService       State = "I" // a person has switched it off
)

// stateNames are the states in words.
var stateNames = map[State]string{
	Normal: "normal", Unacknowledged: "active, not acknowledged", Acknowledged: "active, acknowledged", ReturnedUnseen: "cause gone, not acknowledged",
	LatchedUnseen: "cause gone, latched, not acknowledged", LatchedSeen: "cause gone, latched, acknowledged", Shelved: "shelved",
	SuppressedByDesign: "suppressed by design", OutOfService: "out of service",
}

// String returns the state in words.
func (s State) String() string { return stateNames[s] }

// State returns where the alarm stands.
func (a Alarm) State() State {
	switch seen := a.Acknowledged && a.Confirmed; {
	case a.OutOfService:
		return OutOfService
	case a.Shelf != nil:
		return Shelved
	case a.Suppressed != "":
		return SuppressedByDesign
	case a.Active && a.Acknowledged:
		return Acknowledged
	case a.Active:
		return Unacknowledged
	case a.Latched && seen:
		return LatchedSeen
	case a.Latched:
		return LatchedUnseen
	case !seen:
		return ReturnedUnseen
	}
	return Normal
}
