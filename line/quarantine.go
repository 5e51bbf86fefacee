package line

import (
	"fmt"
	"time"
)

// Decision is what two people make of a pack that lies in quarantine.
type Decision string

// The decisions.
const (
	DecisionRework Decision = "rework" // what is in doubt is made again, with a new token
	DecisionAccept Decision = "accept" // what is in doubt counts as done, on the word of who has looked
	DecisionScrap  Decision = "scrap"
)

// Decisions are all of them, in the order in which they are shown.
var Decisions = []Decision{DecisionRework, DecisionAccept, DecisionScrap}

// Seen is what an inspection of a pack in quarantine has found of the act that is in doubt.
type Seen string

// What can be seen.
const (
	SeenNotDone Seen = "not-done"
	SeenDone    Seen = "done"
	SeenUnclear Seen = "unclear"
)

// QuarantineInspected says what a person has seen of a quarantined pack, after the device had confirmed that the act is void.
type QuarantineInspected struct {
	Token   Token  `json:"token,omitempty"` // of the act in doubt, 0 where none is
	Saw     Seen   `json:"saw"`
	Remark  string `json:"remark"` // what was looked at, measured and found
	By      string `json:"by"`
	Account string `json:"account,omitempty"`
	Proof   Proof  `json:"proof,omitempty"` // how By was shown; empty: a name that was typed
	Floor   Token  `json:"floor,omitempty"` // of the device at that moment: no block of the act can begin any more
}

// QuarantineProposed is the word of the first of two people. QuarantineRefused takes it back, by either of them or a third.
type QuarantineProposed struct {
	Decision Decision `json:"decision"`
	By       string   `json:"by"`
	Account  string   `json:"account,omitempty"`
	Proof    Proof    `json:"proof,omitempty"`
	Why      string   `json:"why"`
}

// QuarantineRefused ends a proposal: another one may be made.
type QuarantineRefused struct {
	Decision Decision `json:"decision"`
	By       string   `json:"by"`
	Account  string   `json:"account,omitempty"`
	Proof    Proof    `json:"proof,omitempty"`
	Why      string   `json:"why"`
}

// QuarantineDecided takes a pack out of quarantine. What follows from it is recorded after it: a rework, or the scrapping.
type QuarantineDecided struct {
	Decision   Decision `json:"decision"`
	Token      Token    `json:"token,omitempty"` // of the act that was in doubt
	Task       Task     `json:"task,omitempty"`
	Index      int      `json:"index,omitempty"`
	ProposedBy string   `json:"proposed_by"`
	By         string   `json:"by"` // who has confirmed it, never the same
	Account    string   `json:"account,omitempty"`
	Proof      Proof    `json:"proof,omitempty"`
	Why        string   `json:"why"`
}

// Accepted says for the evidence of a release which act counts as done and on whose word; empty for every other decision.
func (f QuarantineDecided) Accepted() string {
	if f.Decision != DecisionAccept {
		return ""
	}
	act := f.Task.String()
	if f.Index > 0 {
		act = fmt.Sprintf("%s %d", act, f.Index)
	}
	return fmt.Sprintf("%s accepted as done by %s and %s", act, f.ProposedBy, f.By)
}

func (QuarantineInspected) fact() {}
func (QuarantineProposed) fact()  {}
func (QuarantineRefused) fact()   {}
func (QuarantineDecided) fact()   {}

// InspectQuarantine says what was seen of a pack in quarantine. The request's reason is the remark, and must be given.
type InspectQuarantine struct {
	Pack PackID `json:"pack"`
	Saw  Seen   `json:"saw"`
}

// DecideQuarantine proposes a decision on a pack in quarantine; by another person, Confirm makes it and Refuse takes it back.
type DecideQuarantine struct {
	Pack     PackID   `json:"pack"`
	Decision Decision `json:"decision"`
	Confirm  bool     `json:"confirm,omitempty"`
	Refuse   bool     `json:"refuse,omitempty"`
}

func (InspectQuarantine) command() {}
func (DecideQuarantine) command()  {}

// QuarantineSnapshot is a pack that waits in quarantine, with all that is known about the act in doubt.
type QuarantineSnapshot struct {
	Pack       PackID               `json:"pack"`
	Product    string               `json:"product"`
	Station    StationID            `json:"station"`
	Device     DeviceID             `json:"device,omitempty"`
	Token      string               `json:"token,omitempty"`
	Act        string               `json:"act,omitempty"` // "laser weld 12"; empty where no act that leaves a mark is in doubt
	Since      time.Time            `json:"since"`
	Conclusion string               `json:"conclusion"`      // what the evidence says, in one sentence
	Evidence   []string             `json:"evidence"`        // each piece in the operator's words
	Void       bool                 `json:"void"`            // it may be inspected: it lies in quarantine, and no block of the act can begin any more
	Waits      string               `json:"waits,omitempty"` // what must happen next
	Inspected  *QuarantineInspected `json:"inspected,omitempty"`
	Proposed   *QuarantineProposed  `json:"proposed,omitempty"`
	Choices    []DecisionSnapshot   `json:"choices"`
}

// DecisionSnapshot says of a decision whether it can be proposed now.
type DecisionSnapshot struct {
	Decision Decision `json:"decision"`
	Possible bool     `json:"possible"`
	Text     string   `json:"text"` // what would follow, or why it is not possible
}

// Words says the command as the audit shows it.
func (c DecideQuarantine) Words() string {
	switch {
	case c.Refuse:
		return "refuse " + string(c.Decision) + " of " + string(c.Pack)
	case c.Confirm:
		return "confirm " + string(c.Decision) + " of " + string(c.Pack)
	}
	return "propose " + string(c.Decision) + " of " + string(c.Pack)
}
