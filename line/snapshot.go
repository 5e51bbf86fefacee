package line

import "time"

// Snapshot is the line as its faces see it: the latest wins, any may be dropped.
type Snapshot struct {
	At        time.Time         `json:"at"`
	Line      string            `json:"line"`
	Simulated bool              `json:"simulated"`
	Fence     uint16            `json:"fence"`
	Seq       uint64            `json:"seq"` // journal sequence that it includes
	Stations  []StationSnapshot `json:"stations"`
	Orders    []OrderSnapshot   `json:"orders"`
	Packs     []PackSnapshot    `json:"packs"` // those in process, and the last few that are not
	Alarms    []AlarmSnapshot   `json:"alarms"`
	Metrics   AlarmMetrics      `json:"alarm_metrics"`
	Holds     []HoldSet         `json:"holds,omitempty"` // what a person keeps from going on, by subject
	Cells     CellCounts        `json:"cells"`
	Good      int               `json:"good"`
	NOK       int               `json:"nok"` // scrapped or quarantined
	FirstPass int               `json:"first_pass"`
	Shift     ShiftSnapshot     `json:"shift"`             // the present shift, from its start
	Prompts   []PromptSnapshot  `json:"prompts,omitempty"` // questions that wait for a person, the oldest first
	// Packs in quarantine that wait for two people to decide, the oldest first.
	Quarantine []QuarantineSnapshot `json:"quarantine,omitempty"`
	Recipes    []string             `json:"recipes,omitempty"` // the recipe set: product/revision of what may be ordered
	Host       HostSnapshot         `json:"host"`              // the computer that the line runs on
	Commands   []CommandSnapshot    `json:"commands"`          // of the whole line: possible where at least one station would follow
	Accounts   []Account            `json:"-"`                 // for the edge that logs people in; no face sees it
}

// StationSnapshot is one station, with the reason for its state in the operator's words.
type StationSnapshot struct {
	Station    StationID        `json:"station"`
	Kind       Kind             `json:"kind"`
	Title      string           `json:"title"`
	State      string           `json:"state"`
	Since      time.Time        `json:"since"`               // when it came into this state
	Mode       string           `json:"mode"`                // PackML unit mode by its name, "Production"
	ModeBy     string           `json:"mode_by,omitempty"`   // who chose it, empty while nobody has
	ModeSince  time.Time        `json:"mode_since,omitzero"` // when that was
	Reason     string           `json:"reason"`
	NextAction string           `json:"next_action,omitempty"`
	Part       string           `json:"part,omitempty"`
	Pack       PackID           `json:"pack,omitempty"`
	Act        string           `json:"act,omitempty"` // "laser weld 12"
	Done       int              `json:"done"`          // acts done of this visit
	Of         int              `json:"of"`            // acts planned for this visit, 0 if unknown
	Waiting    int              `json:"waiting"`       // parts in its infeed
	Devices    []DeviceSnapshot `json:"devices"`
	Tool       string           `json:"tool,omitempty"`        // wearing tool that the part in work uses
	ToolAction string           `json:"tool_action,omitempty"` // its service: clean, dress or replace
	ToolUse    float64          `json:"tool_use,omitempty"`
	ToolLimit  float64          `json:"tool_limit,omitempty"`

	StopReason  string               `json:"stop_reason,omitempty"` // first cause of the present stop, empty while it works or waits
	Permissives []PermissiveSnapshot `json:"permissives,omitempty"` // what must be given before Start is accepted, or a part taken
	Commands    []CommandSnapshot    `json:"commands,omitempty"`    // the PackML commands that people give, in the order of their numbers
	Safety      SafetySnapshot       `json:"safety"`                // mirror of the safety PLC, read only
	Consumables []ConsumableSnapshot `json:"consumables,omitempty"` // one for each item that the recipes use here
	Master      *MasterSnapshot      `json:"master,omitempty"`      // nil where no reference part is measured
	Processed   int                  `json:"processed"`             // parts finished here since the journal began, good and not
	Defective   int                  `json:"defective"`             // those of them that are not OK
	Cycle       time.Duration        `json:"cycle,omitempty"`       // of the last part finished here
	Takt        time.Duration        `json:"takt,omitempty"`        // planned for a part, 0 if none is
}

// DeviceSnapshot is one device of a station.
type DeviceSnapshot struct {
	Device    DeviceID `json:"device"`
	Up        bool     `json:"up"`
	Reason    string   `json:"reason,omitempty"` // why it is not up
	Simulated bool     `json:"simulated"`
	State     string   `json:"state"`          // the device's own PackML state, as last read
	Phase     Phase    `json:"phase"`          // where it is with its act
	Open      string   `json:"open,omitempty"` // token of the open intent
}

// OrderSnapshot is one order's progress.
type OrderSnapshot struct {
	Order       OrderID `json:"order"`
	Product     string  `json:"product"`
	Revision    string  `json:"revision"`
	Quantity    int     `json:"quantity"`
	Started     int     `json:"started"`
	Released    int     `json:"released"`
	Scrapped    int     `json:"scrapped"`
	Quarantined int     `json:"quarantined"`
}

// PackSnapshot is one pack's progress.
type PackSnapshot struct {
	Pack     PackID    `json:"pack"`
	Order    OrderID   `json:"order"`
	Product  string    `json:"product"`
	State    PackState `json:"state"`
	At       StationID `json:"at"`
	Serial   string    `json:"serial,omitempty"`
	Progress float64   `json:"progress"` // 0 to 1, by acts planned over the whole route
	Text     string    `json:"text"`
}

// AlarmSnapshot is one entry of the alarm list: an occurrence of an alarm that is active or still wants something from a person,
// or an alarm that is shelved or out of service.
type AlarmSnapshot struct {
	Alarm        string    `json:"alarm"`
	Station      StationID `json:"station"`
	Occurrence   int       `json:"occurrence"`        // it is the n-th time of this alarm
	Branch       bool      `json:"branch,omitempty"`  // a past occurrence: the alarm has come again since
	Repeats      int       `json:"repeats,omitempty"` // a branch stands for so many occurrences before it too
	State        string    `json:"state"`             // A to I of ISA-18.2
	Since        time.Time `json:"since"`             // when it was raised
	Changed      time.Time `json:"changed"`           // when anything about it last changed
	Severity     int       `json:"severity"`
	Text         string    `json:"text"`
	Cause        string    `json:"cause"`
	Consequence  string    `json:"consequence"`
	Action       string    `json:"action"`
	Active       bool      `json:"active"`
	Acknowledged bool      `json:"acknowledged"`
	SeenBy       string    `json:"acknowledged_by,omitempty"`
	Confirmed    bool      `json:"confirmed"` // true also where none is asked for
	Latched      bool      `json:"latched,omitempty"`
	Group        string    `json:"group,omitempty"`
	Comment      string    `json:"comment,omitempty"`
	CommentBy    string    `json:"comment_by,omitempty"`
	Shelved      bool      `json:"shelved,omitempty"`
	OneShot      bool      `json:"one_shot,omitempty"`
	ShelvedUntil time.Time `json:"shelved_until,omitzero"`
	ShelvedBy    string    `json:"shelved_by,omitempty"`
	ShelvedWhy   string    `json:"shelved_why,omitempty"`
	Suppressed   string    `json:"suppressed,omitempty"` // why it means nothing now; empty where it does
	OutOfService bool      `json:"out_of_service,omitempty"`
}

// AlarmMetrics are the figures of AlarmMetricsType of OPC 10000-9 since the journal began. A rate is alarms in ten minutes.
type AlarmMetrics struct {
	Since                 time.Time     `json:"since"`
	Count                 int           `json:"count"` // annunciated
	CurrentRate           int           `json:"current_rate"`
	MaximumRate           int           `json:"maximum_rate"`
	AverageRate           float64       `json:"average_rate"`
	MaximumActive         time.Duration `json:"maximum_active"`
	MaximumUnacknowledged time.Duration `json:"maximum_unacknowledged"`
	Repeats               int           `json:"repeats"` // annunciated again after standing long
}

// CellCounts counts cells since the journal began.
type CellCounts struct {
	Received int         `json:"received"`
	Rejected int         `json:"rejected"`
	Bins     map[int]int `json:"bins"` // reject bin 1-8 → cells
	Pool     int         `json:"pool"` // accepted and not in a set
}
