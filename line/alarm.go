package line

import "time"

// NeverShelved is the severity from which an alarm can be neither shelved nor taken out of service: it warns of a hazard, or
// of doubt about what was done to a part.
const NeverShelved = 800

// MaxShelved is the longest time for which an alarm may be shelved. It returns alone after that.
const MaxShelved = 8 * time.Hour

// AlarmConfirmed says who has made sure that what the alarm asked for was done. Occurrence is as in AlarmAcknowledged.
type AlarmConfirmed struct {
	Alarm      string `json:"alarm"`
	Occurrence int    `json:"occurrence,omitempty"`
	Repeats    int    `json:"repeats,omitempty"`
	By         string `json:"by"`
	Comment    string `json:"comment,omitempty"`
}

// AlarmCommented keeps what a person noted on an alarm. The latest comment is shown, all are kept.
type AlarmCommented struct {
	Alarm      string `json:"alarm"`
	Occurrence int    `json:"occurrence,omitempty"` // 0 is the present one
	By         string `json:"by"`
	Comment    string `json:"comment"`
}

// AlarmShelved takes an alarm out of the operator's sight for a while.
type AlarmShelved struct {
	Alarm   string    `json:"alarm"`
	Until   time.Time `json:"until"`              // when it returns alone, UTC
	OneShot bool      `json:"one_shot,omitempty"` // it returns already when its cause is gone
	By      string    `json:"by"`
	Why     string    `json:"why"`
}

// AlarmUnshelved puts a shelved alarm back. By is empty where it returned alone.
type AlarmUnshelved struct {
	Alarm string `json:"alarm"`
	By    string `json:"by,omitempty"`
	Why   string `json:"why"`
}

// AlarmSuppressed says that an alarm means nothing in the state of its station, by design and not by a person.
type AlarmSuppressed struct {
	Alarm string `json:"alarm"`
	Why   string `json:"why"`
}

// AlarmUnsuppressed says that the alarm means something again.
type AlarmUnsuppressed struct {
	Alarm string `json:"alarm"`
}

// AlarmReset releases a latched alarm whose cause is gone. By is empty where the Reset of its station did it.
type AlarmReset struct {
	Alarm string `json:"alarm"`
	By    string `json:"by,omitempty"`
}

// AlarmRepeated annunciates an alarm anew that has stood too long: it wants to be acknowledged once more.
type AlarmRepeated struct {
	Alarm string `json:"alarm"`
}

// AlarmOutOfService takes an alarm out of service, with no end, or puts it back. It is for maintenance, and listed.
type AlarmOutOfService struct {
	Alarm string `json:"alarm"`
	Back  bool   `json:"back,omitempty"`
	By    string `json:"by"`
	Why   string `json:"why"`
}

func (AlarmConfirmed) fact()    {}
func (AlarmCommented) fact()    {}
func (AlarmShelved) fact()      {}
func (AlarmUnshelved) fact()    {}
func (AlarmSuppressed) fact()   {}
func (AlarmUnsuppressed) fact() {}
func (AlarmReset) fact()        {}
func (AlarmRepeated) fact()     {}
func (AlarmOutOfService) fact() {}

// ConfirmAlarm says that what the alarm asked for was done. The request's reason becomes the comment.
type ConfirmAlarm struct {
	Alarm      string `json:"alarm"`
	Occurrence int    `json:"occurrence,omitempty"` // 0 means the present one and all past ones
}

// CommentAlarm notes something on an alarm.
type CommentAlarm struct {
	Alarm      string `json:"alarm"`
	Occurrence int    `json:"occurrence,omitempty"` // 0 means the present one
	Comment    string `json:"comment"`
}

// ShelveAlarm takes an alarm out of sight: for a time, or once until its cause is gone. The request must give the reason.
type ShelveAlarm struct {
	Alarm   string        `json:"alarm"`
	For     time.Duration `json:"for,omitempty"` // nanoseconds; at most MaxShelved, which is what 0 means where OneShot is set
	OneShot bool          `json:"one_shot,omitempty"`
}

// UnshelveAlarm puts a shelved alarm back before its time.
type UnshelveAlarm struct {
	Alarm string `json:"alarm"`
}

// ResetAlarm releases a latched alarm: its cause must be gone, and somebody must have seen it.
type ResetAlarm struct {
	Alarm string `json:"alarm"`
}

// DisableAlarm takes an alarm out of service, or puts it back. The request must give the reason.
type DisableAlarm struct {
	Alarm string `json:"alarm"`
	Back  bool   `json:"back,omitempty"`
}

func (ConfirmAlarm) command()  {}
func (CommentAlarm) command()  {}
func (ShelveAlarm) command()   {}
func (UnshelveAlarm) command() {}
func (ResetAlarm) command()    {}
func (DisableAlarm) command()  {}
