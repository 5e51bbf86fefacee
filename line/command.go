package line

import "time"

// Request is what a person, or a program on a person's behalf, asks of the line. The same ID asked twice is done once.
type Request struct {
	ID      string // chosen by the asker; empty means never repeated
	By      string // who; with a session always the name of the account
	Account string // who the edge has found to ask: the name of an account, or local:amna for a user of the computer
	Origin  Origin // how the edge knows that; nobody's requests are refused
	Proof   Proof  // how the person of the account has shown who they are; only with a session
	Why     string // reason, where one is asked for
	Command Command
}

// Reply answers a request. An accepted request is a recorded one.
type Reply struct {
	Request  string `json:"request"`
	Accepted bool   `json:"accepted"`
	Text     string `json:"text"` // what was done, or why not and what to do, in the operator's words
}

// Command is what can be asked for.
//
//sumtype:decl
type Command interface{ command() }

// Machine asks for a PackML command by its name (Reset, Start, Stop, Hold, Unhold, Abort, Clear, Complete) at a station, or
// at the whole line when Target is "line".
type Machine struct {
	Target  string `json:"target"`
	Command string `json:"command"`
}

// AddOrder asks for packs of a product.
type AddOrder struct {
	Order    OrderID `json:"order"`
	Product  string  `json:"product"`
	Quantity int     `json:"quantity"`
}

// DecideRework decides on a pack: rework it, when it waits at the bench, or scrap it, wherever it waits.
type DecideRework struct {
	Pack  PackID `json:"pack"`
	Scrap bool   `json:"scrap,omitempty"`
}

// WriteOff says that a part which is expected at a station is not there and will not come: it was taken out by hand, or lost.
type WriteOff struct {
	Station StationID `json:"station"`
	Part    string    `json:"part"`
}

// Hold keeps a pack or a lot from going on.
type Hold struct {
	Subject string `json:"subject"`
	Release bool   `json:"release,omitempty"`
}

// LoadMaterial puts a lot of a consumable at a station.
type LoadMaterial struct {
	Station  StationID `json:"station"`
	Item     string    `json:"item"`
	Lot      LotID     `json:"lot"`
	Quantity float64   `json:"quantity"`
	Expiry   time.Time `json:"expiry"`
}

// ServiceTool cleans the glass, dresses or replaces the electrode of a station.
type ServiceTool struct {
	Station StationID `json:"station"`
	Action  string    `json:"action"` // clean, dress or replace
}

// AcknowledgeAlarm says that a person has seen an alarm. The request's reason becomes the comment.
type AcknowledgeAlarm struct {
	Alarm      string `json:"alarm"`
	Occurrence int    `json:"occurrence,omitempty"` // 0 means the present one and all past ones
}

func (Machine) command()          {}
func (AddOrder) command()         {}
func (DecideRework) command()     {}
func (WriteOff) command()         {}
func (Hold) command()             {}
func (LoadMaterial) command()     {}
func (ServiceTool) command()      {}
func (AcknowledgeAlarm) command() {}
