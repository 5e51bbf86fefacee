package traceability

import (
	"encoding/json"
	"fmt"
	"time"

	"linectl/line"
)

// Dossier is everything that the records hold about one pack, with limits, recipe and verdicts as they stood then. Times are
// UTC; Seq is always the journal entry that a statement comes from.
type Dossier struct {
	Summary
	Found        string           `json:"found"` // by what the pack was found: "cell … in slot 3"
	Started      Versions         `json:"software"`
	Modules      []Module         `json:"modules"`
	Reservations []Reservation    `json:"reservations"`
	Lots         []LotUse         `json:"lots"` // consumables
	Moves        []Move           `json:"moves"`
	Steps        []Step           `json:"steps"`    // all of them, also those that a rework made invalid
	Attempts     []Attempt        `json:"attempts"` // all of them, in order
	Joints       []Joint          `json:"joints"`
	Reworks      []Rework         `json:"reworks"`
	Holds        []Hold           `json:"holds"`   // on the pack or on a lot in it
	Alarms       []Alarm          `json:"alarms"`  // its own, and those of the stations while it was there
	Actions      []Action         `json:"actions"` // on the pack, its stations while it was there, and the line
	Masters      []Master         `json:"masters"` // last check of each station before the pack's visit
	Tools        []ToolService    `json:"tools"`   // last service of each station before the pack's visit
	Dispositions []Disposition    `json:"dispositions"`
	Quarantine   []QuarantineWord `json:"quarantine"` // what people have said of it while it lay there
	Missing      []string         `json:"missing"`    // what should be there and is not, in words
}

// Versions says under which software a pack was started.
type Versions struct {
	Fence   uint16 `json:"fence"`
	Version string `json:"version"`
}

// Module is one module of a pack with its cells by slot.
type Module struct {
	Name   string      `json:"module"`
	Number int         `json:"number"`
	Cells  []PlaceCell `json:"cells"`
}

// PlaceCell is one cell in its slot, with all that is known about it from before.
type PlaceCell struct {
	Slot       int         `json:"slot"`
	Group      int         `json:"group"`
	Cell       line.CellID `json:"cell"` // reserved for the slot
	Item       string      `json:"item"`
	Lot        line.LotID  `json:"lot"`
	Placed     string      `json:"placed"` // code that the gripper read when it placed the cell; empty = not placed
	PlacedAt   *time.Time  `json:"placed_at"`
	PlacedSeq  int64       `json:"placed_seq,omitempty"`
	Receipts   []Receipt   `json:"receipts"`
	Gradings   []Grading   `json:"gradings"`
	identifier int64
}

// Receipt is one judgement at receipt.
type Receipt struct {
	Seq      int64             `json:"seq"`
	At       time.Time         `json:"at"`
	Station  line.StationID    `json:"station"`
	Verdict  line.Verdict      `json:"verdict"`
	Bin      int               `json:"bin"`
	Reason   string            `json:"reason"`
	Supplier line.SupplierCell `json:"supplier"`
}

// Grading is one judgement after measuring; earlier ones stand beside later ones.
type Grading struct {
	Seq          int64              `json:"seq"`
	At           time.Time          `json:"at"`
	Station      line.StationID     `json:"station"`
	Attempt      int                `json:"attempt"`
	CapacityAh   float64            `json:"capacity_ah"`
	Verdict      line.Verdict       `json:"verdict"`
	Bin          int                `json:"bin"`
	Lane         int                `json:"lane"`
	Reason       string             `json:"reason"`
	Measurements []line.Measurement `json:"measurements"`
}

// Reservation says why these cells were chosen.
type Reservation struct {
	Seq      int64           `json:"seq"`
	At       time.Time       `json:"at"`
	Strategy string          `json:"strategy"`
	Spread   []line.Quantity `json:"spread"`
	Bound    string          `json:"bound"`
	Reason   string          `json:"reason"`
}

// LotUse is what the pack took of one lot of a consumable.
type LotUse struct {
	Seq      int64          `json:"seq"`
	Station  line.StationID `json:"station"`
	Item     string         `json:"item"`
	Lot      line.LotID     `json:"lot"`
	Quantity float64        `json:"quantity"`
	Expiry   *time.Time     `json:"expiry"` // as said when the lot was loaded last; nil if it never was
}

// Move is an arrival (To empty) or a departure.
type Move struct {
	Seq     int64          `json:"seq"`
	At      time.Time      `json:"at"`
	Station line.StationID `json:"station"`
	To      line.StationID `json:"to,omitempty"`
}

// Step is one visit at a station. It counts for the pack unless Invalidated is set.
type Step struct {
	Seq         int64            `json:"seq"`
	At          time.Time        `json:"at"`
	Station     line.StationID   `json:"station"`
	Step        line.Kind        `json:"step"`
	Build       int              `json:"build"`
	Verdict     line.Verdict     `json:"verdict"`
	Codes       []string         `json:"codes"`
	Text        string           `json:"text,omitempty"`
	Acts        int              `json:"acts"`
	Clean       bool             `json:"clean"`
	NOK         []int            `json:"nok"`
	Next        line.Disposition `json:"next,omitempty"`
	Invalidated int64            `json:"invalidated,omitempty"` // the rework decision after which it no longer counts
}

// Attempt is one act: what was asked, with its parameters, and how it ended.
type Attempt struct {
	Seq          int64              `json:"seq"`
	At           time.Time          `json:"at"`
	Token        line.Token         `json:"token"`
	Station      line.StationID     `json:"station"`
	Device       line.DeviceID      `json:"device"`
	Task         line.Task          `json:"task"`
	Name         string             `json:"name"`
	Part         string             `json:"part"`
	Index        int                `json:"index"`
	Attempt      int                `json:"attempt"`
	Rework       bool               `json:"rework"`
	Params       []line.Quantity    `json:"params,omitempty"`
	RecipeHash   string             `json:"recipe_hash"`
	End          string             `json:"end"` // done, refused, quarantined; empty = open
	EndSeq       int64              `json:"end_seq,omitempty"`
	EndAt        *time.Time         `json:"end_at"`
	Decided      string             `json:"decided,omitempty"`  // what two people made of it, where nobody knew: "accepted as done by amna and sana"
	EndPart      string             `json:"end_part,omitempty"` // as the device's scanner read it
	Outcome      line.Outcome       `json:"outcome"`
	Reason       uint16             `json:"reason,omitempty"`
	Verdict      line.Verdict       `json:"verdict"`
	Code         string             `json:"code,omitempty"`
	Text         string             `json:"text,omitempty"`
	EffectCount  uint32             `json:"effect_count"`
	Simulated    bool               `json:"simulated"`
	Evidence     json.RawMessage    `json:"evidence,omitempty"` // of a quarantined act
	Measurements []line.Measurement `json:"measurements,omitempty"`
}

// Joint is one joint with every weld made on it.
type Joint struct {
	Joint int    `json:"joint"`
	Welds []Weld `json:"welds"`
}

// Weld is one weld. A weld that a rework replaced is superseded and no longer counts.
type Weld struct {
	Seq        int64        `json:"seq"`
	Task       line.Task    `json:"task"`
	Attempt    int          `json:"attempt"`
	Rework     bool         `json:"rework"`
	Verdict    line.Verdict `json:"verdict"`
	Decided    string       `json:"decided,omitempty"` // as of its act
	Code       string       `json:"code,omitempty"`
	Superseded int64        `json:"superseded,omitempty"` // the rework decision
	Waveform   string       `json:"waveform,omitempty"`   // SHA-256 of its file
	NoWaveform string       `json:"no_waveform,omitempty"`
}

// Rework is one decision with the steps that it made invalid.
type Rework struct {
	Seq         int64       `json:"seq"`
	At          time.Time   `json:"at"`
	Step        line.Kind   `json:"step"`
	Indexes     []int       `json:"indexes"`
	Build       int         `json:"build"`
	By          string      `json:"by"`
	Why         string      `json:"why"`
	Invalidates []line.Kind `json:"invalidates"`
}

// Hold is one hold, with its release if there was one.
type Hold struct {
	Seq            int64      `json:"seq"`
	At             time.Time  `json:"at"`
	Subject        string     `json:"subject"`
	Reason         string     `json:"reason"`
	By             string     `json:"by"`
	ReleasedAt     *time.Time `json:"released_at"`
	ReleasedBy     string     `json:"released_by,omitempty"`
	ReleasedReason string     `json:"released_reason,omitempty"`
}

// Alarm is one activation of an alarm.
type Alarm struct {
	Seq            int64          `json:"seq"`
	At             time.Time      `json:"at"`
	Alarm          string         `json:"alarm"`
	Station        line.StationID `json:"station"`
	Severity       int            `json:"severity"`
	Text           string         `json:"text"`
	Cause          string         `json:"cause"`
	Action         string         `json:"action"`
	Group          string         `json:"group,omitempty"`
	ClearedAt      *time.Time     `json:"cleared_at"`
	AcknowledgedAt *time.Time     `json:"acknowledged_at"`
	AcknowledgedBy string         `json:"acknowledged_by,omitempty"`
	Occurrence     int            `json:"occurrence"` // the n-th time of this alarm
	ConfirmedAt    *time.Time     `json:"confirmed_at"`
	ConfirmedBy    string         `json:"confirmed_by,omitempty"`
	ResetAt        *time.Time     `json:"reset_at"`
	ResetBy        string         `json:"reset_by,omitempty"`
	Actions        []AlarmAction  `json:"actions"` // what was done to it, in order
	clearedSeq     int64
	pack           int64
}

// AlarmAction is what people, and time, did to an alarm.
type AlarmAction struct {
	Seq    int64      `json:"seq"`
	At     time.Time  `json:"at"`
	Action string     `json:"action"` // acknowledged, confirmed, commented, shelved, unshelved, suppressed, unsuppressed, reset, repeated, disabled, enabled
	By     string     `json:"by,omitempty"`
	Why    string     `json:"why,omitempty"`
	Until  *time.Time `json:"until"` // shelved: when it returns alone
}

// Action is one request of a person, carried out or refused.
type Action struct {
	Seq      int64          `json:"seq"`
	At       time.Time      `json:"at"`
	Station  line.StationID `json:"station,omitempty"`
	By       string         `json:"by"`
	Why      string         `json:"why,omitempty"`
	Command  string         `json:"command"`
	Accepted bool           `json:"accepted"`
	Reply    string         `json:"reply"`
	Account  string         `json:"account,omitempty"` // who asked, as it was proven; By may be what somebody typed
	Old      string         `json:"old,omitempty"`     // what it concerned, before and after it
	New      string         `json:"new,omitempty"`
	pack     int64
}

// Master is a station's check against its reference part.
type Master struct {
	Seq          int64              `json:"seq"`
	At           time.Time          `json:"at"`
	Station      line.StationID     `json:"station"`
	Verdict      line.Verdict       `json:"verdict"`
	ValidUntil   time.Time          `json:"valid_until"`
	Measurements []line.Measurement `json:"measurements"`
}

// ToolService is the cleaning, dressing or replacing of a tool.
type ToolService struct {
	Seq     int64          `json:"seq"`
	At      time.Time      `json:"at"`
	Station line.StationID `json:"station"`
	Tool    string         `json:"tool"`
	Action  string         `json:"action"`
	By      string         `json:"by"`
}

// Disposition ends a pack's way.
type Disposition struct {
	Seq         int64          `json:"seq"`
	At          time.Time      `json:"at"`
	Disposition line.PackState `json:"disposition"`
	Serial      string         `json:"serial,omitempty"`
	FirstPass   bool           `json:"first_pass"`
	Reason      string         `json:"reason"`
	Evidence    []string       `json:"evidence"`
}

// Require adds to Missing every named step that the pack has no valid, good result of. The caller reads them from the pinned
// recipe, which the records keep as text.
func (d *Dossier) Require(steps []line.Kind) {
	for _, kind := range steps {
		if s, ok := d.counting(kind); !ok {
			d.Missing = append(d.Missing, fmt.Sprintf("step %s: no result that counts", kind))
		} else if s.Verdict != line.OK {
			d.Missing = append(d.Missing, fmt.Sprintf("step %s: the result that counts is %s (entry %d)", kind, s.Verdict, s.Seq))
		}
	}
}

// counting returns the last step of a kind that no rework has made invalid.
func (d *Dossier) counting(kind line.Kind) (last Step, ok bool) {
	for _, s := range d.Steps {
		if s.Step == kind && s.Invalidated == 0 {
			last, ok = s, true
		}
	}
	return last, ok
}
