package line

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Record is one line of the journal before it is written: what happened, when, where and to which pack.
// The journal is the truth; the line's own state and every table of the store are folds of it.
type Record struct {
	At      time.Time // UTC; order is the journal's sequence, never the time
	Station StationID // empty for the line
	Pack    PackID    // empty where no pack is concerned
	Fact    Fact
}

// Entry is a record as it stands in the journal.
type Entry struct {
	Seq uint64 // 1, 2, 3 … without gaps
	Record
}

// Fact is the body of a record: one type for each kind of thing that happens. Facts are never changed, only followed.
//
//sumtype:decl
type Fact interface{ fact() }

// LineStarted opens an incarnation of the supervisor. Its fence was made durable before anything else.
type LineStarted struct {
	Fence     uint16 `json:"fence"`
	Version   string `json:"version"`
	Simulated bool   `json:"simulated"` // true when any device is virtual; such a journal can never hold real parts
}

// RecipePinned keeps the whole text of a recipe revision the first time that an order uses it.
type RecipePinned struct {
	Product  string `json:"product"`
	Revision string `json:"revision"`
	Hash     string `json:"hash"` // SHA-256 of Source, hexadecimal
	Source   string `json:"source"`
}

// OrderAdded puts an order at the end of the queue.
type OrderAdded struct {
	Order    OrderID `json:"order"`
	Product  string  `json:"product"`
	Revision string  `json:"revision"`
	Hash     string  `json:"hash"`
	Quantity int     `json:"quantity"`
}

// PackStarted gives a pack its working identity and pins its recipe.
type PackStarted struct {
	Order    OrderID `json:"order"`
	Number   int     `json:"number"` // n-th pack of its order, from 1
	Product  string  `json:"product"`
	Revision string  `json:"revision"`
	Hash     string  `json:"hash"`
}

// CellReceived is the judgement at receipt, with the supplier's data as they stood then.
type CellReceived struct {
	Cell     CellID       `json:"cell"`              // empty when nobody knows which cell it is
	ReadAs   CellID       `json:"read_as,omitempty"` // … and what a scanner showed: the code of another cell, or one that was not read well
	Item     string       `json:"item"`
	Lot      LotID        `json:"lot,omitempty"`
	Supplier SupplierCell `json:"supplier"`
	Verdict  Verdict      `json:"verdict"`
	Bin      int          `json:"bin"` // 0 accepted, 1-8 reject bin NG1-NG8
	Reason   string       `json:"reason"`
}

// CellGraded is the judgement after measuring. All readings are kept; the attempt counts from 1.
type CellGraded struct {
	Cell         CellID        `json:"cell"`              // empty when nobody knows which cell it is
	ReadAs       CellID        `json:"read_as,omitempty"` // … and what the scanners showed: the code of another cell
	Item         string        `json:"item"`
	Lot          LotID         `json:"lot"`
	Attempt      int           `json:"attempt"`
	Measurements []Measurement `json:"measurements"`
	CapacityAh   float64       `json:"capacity_ah"` // supplier's value, by which sets are matched
	Verdict      Verdict       `json:"verdict"`
	Bin          int           `json:"bin"`
	Lane         int           `json:"lane"` // where an accepted cell is stored
	Reason       string        `json:"reason"`
}

// SetReserved binds the cells of one pack, all or none.
type SetReserved struct {
	Strategy string     `json:"strategy"`
	Slots    []SlotCell `json:"slots"`  // every slot of the pack, slot 1 first
	Spread   []Quantity `json:"spread"` // what the set reached
	Bound    string     `json:"bound"`  // which limit bound the choice
	Reason   string     `json:"reason"` // why these cells, in words
}

// SlotCell is one cell of a set in its place.
type SlotCell struct {
	Slot   int    `json:"slot"`   // 1 … series × parallel
	Group  int    `json:"group"`  // parallel group, 1 … series
	Module int    `json:"module"` // 1 … modules
	Cell   CellID `json:"cell"`
	Lot    LotID  `json:"lot"`
	Lane   int    `json:"lane"`
}

// Intent is an act that is about to be commanded: durable before the command leaves. An intent is open until a fact with its
// token closes it: ActDone, ActRefused or ActQuarantined.
type Intent struct {
	Token      Token         `json:"token"`
	Device     DeviceID      `json:"device"`
	Task       Task          `json:"task"`
	Name       string        `json:"name"` // the task in words, for readers of the record
	Part       string        `json:"part"`
	Index      int           `json:"index"`
	Attempt    int           `json:"attempt"` // 1 for the first
	Rework     bool          `json:"rework,omitempty"`
	Params     []Quantity    `json:"params,omitempty"`
	RecipeHash string        `json:"recipe_hash,omitempty"` // of the pinned recipe, hexadecimal
	RetainID   uint32        `json:"retain_id"`
	Effects    uint32        `json:"effects,omitempty"` // effect count of the device before, by which class B is judged after doubt; older records have none
	Within     time.Duration `json:"within"`            // after this the act is overdue and the operator is told
	Class      DeviceClass   `json:"class,omitempty"`   // of the device; empty is A
}

// ActDone closes an intent with the device's result, the limits in force and the judgement.
type ActDone struct {
	Token        Token         `json:"token"`
	Device       DeviceID      `json:"device"`
	Task         Task          `json:"task"`
	Part         string        `json:"part"` // as the device's scanner read it
	Index        int           `json:"index"`
	Attempt      int           `json:"attempt"`
	Rework       bool          `json:"rework,omitempty"`
	Outcome      Outcome       `json:"outcome"`
	Reason       uint16        `json:"reason,omitempty"`
	Measurements []Measurement `json:"measurements,omitempty"`
	Verdict      Verdict       `json:"verdict"`
	Code         string        `json:"code,omitempty"` // first NOK code
	Text         string        `json:"text,omitempty"` // why NOK, in words
	EffectCount  uint32        `json:"effect_count"`
	Simulated    bool          `json:"simulated"`
	// SHA-256 of the act's waveform, hexadecimal, whose file was durable before this; or why there is none although the device
	// offers them or the recipe asks for it. Older records have neither.
	Waveform   string `json:"waveform,omitempty"`
	NoWaveform string `json:"no_waveform,omitempty"`
	// Class of the device. Of B and C the result named no token: it was assigned by the count, or by the edge. Empty is A.
	Class DeviceClass `json:"class,omitempty"`
}

// ActRefused closes an intent that the device certainly did not and will not carry out.
type ActRefused struct {
	Token  Token        `json:"token"`
	Device DeviceID     `json:"device"`
	Reason RejectReason `json:"reason"`
	Text   string       `json:"text"`
}

// ActQuarantined closes an intent of which nobody can say whether it happened.
type ActQuarantined struct {
	Token    Token    `json:"token"`
	Device   DeviceID `json:"device"`
	Task     Task     `json:"task"`
	Part     string   `json:"part"`
	Index    int      `json:"index"`
	Evidence Evidence `json:"evidence"`
}

// StateChanged is one edge of a station's PackML state machine.
type StateChanged struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Cause string `json:"cause"` // command and who, or the reason in words
}

// PartArrived says that the station's own scanner has read the part and the route check let it in.
//
// A cell that is read as one which lies elsewhere on record has no name: what is said of it must not be said of that one.
type PartArrived struct {
	Part   string `json:"part"`
	ReadAs CellID `json:"read_as,omitempty"` // of a cell without a name
}

// StepDone closes a part's visit at a station.
type StepDone struct {
	Part    string        `json:"part"`
	Step    Kind          `json:"step"`
	Build   int           `json:"build"` // build state of the pack that the step counts for, from 1
	Verdict Verdict       `json:"verdict"`
	Codes   []string      `json:"codes,omitempty"`
	Text    string        `json:"text,omitempty"`
	Acts    int           `json:"acts"`
	Clean   bool          `json:"clean"`          // no retest, no NOK, no rework in it
	NOK     []int         `json:"nok,omitempty"`  // indexes (joints, screws) that are not OK
	Next    Disposition   `json:"next,omitempty"` // gravest disposition of the limits that are not met
	Used    []MaterialUse `json:"used,omitempty"` // consumables that went into the pack here
}

// MaterialUse is what one pack took of one lot.
type MaterialUse struct {
	Item     string  `json:"item"`
	Lot      LotID   `json:"lot"`
	Quantity float64 `json:"quantity"` // 0 = some, of a lot that was changed in the middle of the step or taken for a rework
}

// PartMoved says that a part left for another place.
type PartMoved struct {
	Part string    `json:"part"`
	To   StationID `json:"to"`
}

// ReworkDecided orders a rework. It opens a new build state; the named steps no longer count and must be repeated.
type ReworkDecided struct {
	Step        Kind     `json:"step"`    // where the rework is done
	Acts        []ActRef `json:"acts"`    // what is made again there
	Indexes     []int    `json:"indexes"` // the joints, screws or steps among them
	Build       int      `json:"build"`   // the new build state
	Invalidates []Kind   `json:"invalidates"`
	By          string   `json:"by"`
	Why         string   `json:"why"`
}

// ActRef names one act of a step's plan.
type ActRef struct {
	Task  Task `json:"task"`
	Index int  `json:"index,omitempty"`
}

// PackDisposed ends a pack's way. A serial is issued for a released pack only, and never again.
type PackDisposed struct {
	Disposition PackState `json:"disposition"` // Released, Scrapped or Quarantined
	Serial      string    `json:"serial,omitempty"`
	FirstPass   bool      `json:"first_pass"` // no retest, no rework anywhere
	Reason      string    `json:"reason"`
	Evidence    []string  `json:"evidence,omitempty"` // the steps recomputed from raw results
}

// PackState is where a pack stands as a whole.
type PackState string

// The pack states. Released, Scrapped and Quarantined are dispositions.
const (
	InProcess   PackState = "in process"
	InRework    PackState = "rework"
	Released    PackState = "released"
	Scrapped    PackState = "scrapped"
	Quarantined PackState = "quarantined"
)

// HoldSet keeps a subject (pack, lot or station) from going on; HoldReleased lets it.
type HoldSet struct {
	Subject string `json:"subject"`
	Reason  string `json:"reason"`
	By      string `json:"by"`
}

// HoldReleased ends a hold.
type HoldReleased struct {
	Subject string `json:"subject"`
	Reason  string `json:"reason"`
	By      string `json:"by"`
}

// Severities of alarms, of 1 to 1000, in the bands of OPC 10000-9: low, medium, high and urgent.
const (
	SeverityLow    = 300 // consumable warning
	SeverityMedium = 500 // action soon
	SeverityHigh   = 700 // station down
	SeverityUrgent = 900 // hazard, or doubt about what was done to a part
)

// AlarmRaised opens an alarm. Group names the first-out alarm that it follows from, if any.
type AlarmRaised struct {
	Alarm       string `json:"alarm"` // identity: place and condition, ST060/link-lost
	Severity    int    `json:"severity"`
	Text        string `json:"text"`
	Cause       string `json:"cause"`
	Consequence string `json:"consequence"`
	Action      string `json:"action"`
	Group       string `json:"group,omitempty"`
	// How the occurrence must be treated, pinned when it was raised. Older records have none of it.
	Confirm bool          `json:"confirm,omitempty"` // it leaves only when confirmed too
	Latch   bool          `json:"latch,omitempty"`   // it stays after its cause is gone until it is reset
	Again   time.Duration `json:"again,omitempty"`   // it is annunciated anew after standing so long; 0 means never
}

// AlarmCleared says that the cause is gone.
type AlarmCleared struct {
	Alarm string `json:"alarm"`
}

// AlarmAcknowledged says who has seen it. Occurrence n is the n-th time that the alarm was raised; 0 means the present one and
// all past ones.
type AlarmAcknowledged struct {
	Alarm      string `json:"alarm"`
	Occurrence int    `json:"occurrence,omitempty"`
	Repeats    int    `json:"repeats,omitempty"` // so many occurrences before it that the same entry of the list stands for
	By         string `json:"by"`
	Comment    string `json:"comment,omitempty"`
}

// CommandApplied is the audit of one request: who asked for what and what came of it. Refused requests are recorded too.
type CommandApplied struct {
	Request  string `json:"request"`
	By       string `json:"by"`
	Why      string `json:"why,omitempty"`
	Command  string `json:"command"` // in words: "reset ST060"
	Accepted bool   `json:"accepted"`
	Reply    string `json:"reply"`
	// Who asked, as the edge has found it; By may be anything that a user of the computer typed. Older records have none of it.
	Account string `json:"account,omitempty"`
	Origin  Origin `json:"origin,omitempty"`
	Roles   []Role `json:"roles,omitempty"` // of the account, when the request was decided on
	Old     string `json:"old,omitempty"`   // what the command concerns, in words, before and after it
	New     string `json:"new,omitempty"`
}

// MaterialLoaded puts a lot of a consumable at a station.
type MaterialLoaded struct {
	Item     string    `json:"item"`
	Lot      LotID     `json:"lot"`
	Quantity float64   `json:"quantity"`
	Expiry   time.Time `json:"expiry"`
	By       string    `json:"by"`
}

// ToolServiced resets a tool's use.
type ToolServiced struct {
	Tool   string `json:"tool"`
	Action string `json:"action"`
	By     string `json:"by"`
}

// MasterChecked is a station's check against its reference part.
type MasterChecked struct {
	Verdict      Verdict       `json:"verdict"`
	Measurements []Measurement `json:"measurements"`
	ValidUntil   time.Time     `json:"valid_until"`
}

// facts maps the name of each kind to its type. The names are part of the record format: they never change.
var facts = map[string]Fact{
	"line-started": LineStarted{}, "recipe-pinned": RecipePinned{}, "order-added": OrderAdded{}, "pack-started": PackStarted{},
	"cell-received": CellReceived{}, "cell-graded": CellGraded{}, "set-reserved": SetReserved{},
	"intent": Intent{}, "act-done": ActDone{}, "act-refused": ActRefused{}, "act-quarantined": ActQuarantined{},
	"state-changed": StateChanged{}, "part-arrived": PartArrived{}, "step-done": StepDone{}, "part-moved": PartMoved{},
	"rework-decided": ReworkDecided{}, "pack-disposed": PackDisposed{}, "hold-set": HoldSet{}, "hold-released": HoldReleased{},
	"alarm-raised": AlarmRaised{}, "alarm-cleared": AlarmCleared{}, "alarm-acknowledged": AlarmAcknowledged{},
	"alarm-confirmed": AlarmConfirmed{}, "alarm-commented": AlarmCommented{}, "alarm-shelved": AlarmShelved{}, "alarm-unshelved": AlarmUnshelved{},
	"alarm-suppressed": AlarmSuppressed{}, "alarm-unsuppressed": AlarmUnsuppressed{}, "alarm-reset": AlarmReset{},
	"alarm-repeated": AlarmRepeated{}, "alarm-out-of-service": AlarmOutOfService{},
	"command-applied": CommandApplied{}, "material-loaded": MaterialLoaded{}, "tool-serviced": ToolServiced{}, "master-checked": MasterChecked{},
	"mode-changed": ModeChanged{}, "master-asked": MasterAsked{},
	"user-added": UserAdded{}, "role-changed": RoleChanged{}, "user-disabled": UserDisabled{}, "password-changed": PasswordChanged{},
	"certificate-bound":    CertificateBound{},
	"quarantine-inspected": QuarantineInspected{}, "quarantine-proposed": QuarantineProposed{},
	"quarantine-refused": QuarantineRefused{}, "quarantine-decided": QuarantineDecided{},
}

var factNames = func() map[reflect.Type]string {
	m := make(map[reflect.Type]string, len(facts))
	for name, f := range facts {
		m[reflect.TypeOf(f)] = name
	}
	return m
}()

// FactName returns the name of a fact's kind as it stands in the journal.
func FactName(f Fact) string { return factNames[reflect.TypeOf(f)] }

// DecodeFact reads a fact of the named kind from its JSON. An unknown name is an error: a journal written by a newer linectl.
func DecodeFact(name string, body []byte) (Fact, error) {
	proto, ok := facts[name]
	if !ok {
		return nil, fmt.Errorf("journal entry of unknown kind %q: written by a newer linectl?", name)
	}
	v := reflect.New(reflect.TypeOf(proto))
	if err := json.Unmarshal(body, v.Interface()); err != nil {
		return nil, fmt.Errorf("journal entry of kind %q: %w", name, err)
	}
	return v.Elem().Interface().(Fact), nil
}

func (LineStarted) fact()       {}
func (RecipePinned) fact()      {}
func (OrderAdded) fact()        {}
func (PackStarted) fact()       {}
func (CellReceived) fact()      {}
func (CellGraded) fact()        {}
func (SetReserved) fact()       {}
func (Intent) fact()            {}
func (ActDone) fact()           {}
func (ActRefused) fact()        {}
func (ActQuarantined) fact()    {}
func (StateChanged) fact()      {}
func (PartArrived) fact()       {}
func (StepDone) fact()          {}
func (PartMoved) fact()         {}
func (ReworkDecided) fact()     {}
func (PackDisposed) fact()      {}
func (HoldSet) fact()           {}
func (HoldReleased) fact()      {}
func (AlarmRaised) fact()       {}
func (AlarmCleared) fact()      {}
func (AlarmAcknowledged) fact() {}
func (CommandApplied) fact()    {}
func (MaterialLoaded) fact()    {}
func (ToolServiced) fact()      {}
func (MasterChecked) fact()     {}
