package web

import (
	"time"

	"linectl/line"
)

// These are the answers of the gateway's methods that read the records, as docs/opcua.md describes them, with the fields that a
// page shows.

// summary is one pack in one line.
type summary struct {
	Pack       string     `json:"pack"`
	Product    string     `json:"product"`
	Order      string     `json:"order"`
	Number     int        `json:"number"`
	Revision   string     `json:"revision"`
	RecipeHash string     `json:"recipe_hash"`
	Simulated  bool       `json:"simulated"`
	State      string     `json:"state"`
	Station    string     `json:"station"`
	Build      int        `json:"build"`
	Serial     string     `json:"serial"`
	FirstPass  bool       `json:"first_pass"`
	Begun      time.Time  `json:"begun"`
	Ended      *time.Time `json:"ended"`
	Found      string     `json:"found"`
}

// dossier is everything that is known of one pack.
type dossier struct {
	summary
	Software struct {
		Version string `json:"version"`
	} `json:"software"`
	Modules      []moduleRecord      `json:"modules"`
	Reservations []reservationRecord `json:"reservations"`
	Lots         []lotRecord         `json:"lots"`
	Steps        []stepRecord        `json:"steps"`
	Attempts     []attemptRecord     `json:"attempts"`
	Joints       []jointRecord       `json:"joints"`
	Quarantine   []saidRecord        `json:"quarantine"`
	Reworks      []reworkRecord      `json:"reworks"`
	Holds        []holdRecord        `json:"holds"`
	Alarms       []alarmRecord       `json:"alarms"`
	Actions      []actionRecord      `json:"actions"`
	Masters      []masterRecord      `json:"masters"`
	Tools        []toolRecord        `json:"tools"`
	Dispositions []dispositionRecord `json:"dispositions"`
	Missing      []string            `json:"missing"`
}

type moduleRecord struct {
	Module string       `json:"module"`
	Number int          `json:"number"`
	Cells  []cellRecord `json:"cells"`
}

type cellRecord struct {
	Slot     int    `json:"slot"`
	Group    int    `json:"group"`
	Cell     string `json:"cell"`
	Lot      string `json:"lot"`
	Placed   string `json:"placed"`
	Gradings []struct {
		Verdict      string             `json:"verdict"`
		Reason       string             `json:"reason"`
		CapacityAh   float64            `json:"capacity_ah"`
		Measurements []line.Measurement `json:"measurements"`
	} `json:"gradings"`
}

type reservationRecord struct {
	Strategy string `json:"strategy"`
	Reason   string `json:"reason"`
}

type lotRecord struct {
	Station  string     `json:"station"`
	Item     string     `json:"item"`
	Lot      string     `json:"lot"`
	Quantity float64    `json:"quantity"`
	Expiry   *time.Time `json:"expiry"`
}

type stepRecord struct {
	At          time.Time `json:"at"`
	Station     string    `json:"station"`
	Step        string    `json:"step"`
	Build       int       `json:"build"`
	Verdict     string    `json:"verdict"`
	Codes       []string  `json:"codes"`
	Text        string    `json:"text"`
	Acts        int       `json:"acts"`
	Invalidated int64     `json:"invalidated"`
}

type attemptRecord struct {
	Seq          int64              `json:"seq"`
	At           time.Time          `json:"at"`
	Token        string             `json:"token"`
	Station      string             `json:"station"`
	Device       string             `json:"device"`
	Task         int                `json:"task"`
	Name         string             `json:"name"`
	Part         string             `json:"part"`
	Index        int                `json:"index"`
	Attempt      int                `json:"attempt"`
	Rework       bool               `json:"rework"`
	Params       []line.Quantity    `json:"params"`
	End          string             `json:"end"`
	EndSeq       int64              `json:"end_seq"`
	EndAt        *time.Time         `json:"end_at"`
	Verdict      string             `json:"verdict"`
	Code         string             `json:"code"`
	Text         string             `json:"text"`
	Simulated    bool               `json:"simulated"`
	Measurements []line.Measurement `json:"measurements"`
}

type jointRecord struct {
	Joint int          `json:"joint"`
	Welds []weldRecord `json:"welds"`
}

type weldRecord struct {
	Seq        int64  `json:"seq"`
	Task       int    `json:"task"`
	Attempt    int    `json:"attempt"`
	Rework     bool   `json:"rework"`
	Verdict    string `json:"verdict"`
	Code       string `json:"code"`
	Superseded int64  `json:"superseded"`
	Waveform   string `json:"waveform"`
	NoWaveform string `json:"no_waveform"`
}

// saidRecord is what one person has said of a pack while it lay in quarantine.
type saidRecord struct {
	At       time.Time `json:"at"`
	Word     string    `json:"word"` // inspected, proposed, refused, decided
	Saw      string    `json:"saw"`
	Decision string    `json:"decision"`
	By       string    `json:"by"`
	Proof    string    `json:"proof"`
	Why      string    `json:"why"`
}

// Said is what was said, in words.
func (s saidRecord) Said(v *View) string {
	switch s.Word {
	case "inspected":
		return v.T("looked at: {}", v.T(sightWords(s.Saw)))
	case "proposed":
		return v.T("proposed: {}", v.T(decisionWords(s.Decision)))
	case "refused":
		return v.T("refused: {}", v.T(decisionWords(s.Decision)))
	}
	return v.T("confirmed: {}", v.T(decisionWords(s.Decision)))
}

// Shown says how it was shown who it was.
func (s saidRecord) Shown(v *View) string {
	if s.Proof == "password" {
		return v.T("logged in with a password")
	}
	return v.T("by name only")
}

type reworkRecord struct {
	At          time.Time `json:"at"`
	Step        string    `json:"step"`
	Indexes     []int     `json:"indexes"`
	By          string    `json:"by"`
	Why         string    `json:"why"`
	Invalidates []string  `json:"invalidates"`
}

type holdRecord struct {
	At             time.Time  `json:"at"`
	Subject        string     `json:"subject"`
	Reason         string     `json:"reason"`
	By             string     `json:"by"`
	ReleasedAt     *time.Time `json:"released_at"`
	ReleasedBy     string     `json:"released_by"`
	ReleasedReason string     `json:"released_reason"`
}

type alarmRecord struct {
	At             time.Time  `json:"at"`
	Station        string     `json:"station"`
	Severity       int        `json:"severity"`
	Text           string     `json:"text"`
	ClearedAt      *time.Time `json:"cleared_at"`
	AcknowledgedBy string     `json:"acknowledged_by"`
}

type actionRecord struct {
	At       time.Time `json:"at"`
	Station  string    `json:"station"`
	By       string    `json:"by"`
	Account  string    `json:"account"`
	Why      string    `json:"why"`
	Command  string    `json:"command"`
	Accepted bool      `json:"accepted"`
	Reply    string    `json:"reply"`
}

type masterRecord struct {
	At         time.Time `json:"at"`
	Station    string    `json:"station"`
	Verdict    string    `json:"verdict"`
	ValidUntil time.Time `json:"valid_until"`
}

type toolRecord struct {
	At      time.Time `json:"at"`
	Station string    `json:"station"`
	Tool    string    `json:"tool"`
	Action  string    `json:"action"`
	By      string    `json:"by"`
}

type dispositionRecord struct {
	At          time.Time `json:"at"`
	Disposition string    `json:"disposition"`
	Reason      string    `json:"reason"`
	Evidence    []string  `json:"evidence"`
}
