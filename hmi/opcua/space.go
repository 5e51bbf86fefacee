// Package opcua shows the line to OPC UA clients: an address space with the line's values in the operator's words, methods for
// what an operator may ask, and alarms as events. It is fed by the control socket and asks through it.
//
// It decides nothing about the line: what a method means, and whether it is refused, is the supervisor's matter. It keeps no
// record. It never shows a value as Good that the supervisor has not just said.
//
// The server library stays behind Space: no type of it stands in what this package exports, and the contract tests say what
// any other library would have to do.
package opcua

import (
	"context"
	"errors"
	"time"

	"linectl/line"
)

// StandardSpace is the namespace of the standard itself.
const StandardSpace = "http://opcfoundation.org/UA/"

// LineSpace is the namespace of our own nodes. Their identifiers are texts: "Line.State", "ST060.ReasonText".
const LineSpace = "urn:linectl:line"

// ID names a node: the URI of its namespace, and a text, or a number where Text is empty. The zero ID is the Objects folder.
type ID struct {
	Space  string
	Text   string
	Number uint32
}

// Own returns the ID of a node of our own namespace.
func Own(text string) ID { return ID{Space: LineSpace, Text: text} }

// Kind is the type of a value. The Go type of each stands beside it; an array is a slice of it.
type Kind int

// The kinds of value.
const (
	Bool       Kind = iota // bool
	Int32                  // int32
	UInt32                 // uint32
	Double                 // float64
	Text                   // string: an English text, shown in the session's language where the catalogue has it
	String                 // string: a name or code, never translated
	Moment                 // time.Time, UTC
	Reference              // ID
	Float                  // float32
	UInt16                 // uint16
	Duration               // float64, milliseconds
	Structured             // Record, of the DataType that stands beside it
	Measure                // Unit, within a Record only
	Path                   // nil, within a Record only: a path of browse names, always empty
	Anything               // any of the plain kinds above, within a Record only
	Int16                  // in a Structure only
	Int64                  // in a Structure only
	Strings                // []string, an argument only
	Doubles                // []float64, an argument only
)

// rank is the ValueRank of an argument: OPC 10000-3, 5.6.2.
func (k Kind) rank() int32 {
	if k == Strings || k == Doubles {
		return 1
	}
	return -1
}

// Record is a value of a structured DataType: one value for each field that its Structure says is filled, in that order.
type Record []any

// Quality says how far a value can be believed.
type Quality int

// The qualities. A value that nobody has published is Waiting.
const (
	Waiting Quality = iota // bad: there is no value yet
	Good                   // the supervisor said so just now
	Last                   // uncertain: the last value that is known; its time says how old it is
)

// Unit and range of an analog value.
type (
	// Unit is a unit with its code of UNECE Recommendation 20 ("" if there is none).
	Unit struct{ Symbol, UNECE string }
	// Range is the span that the value normally lies in.
	Range struct{ Low, High float64 }
)

// Node is what can be declared: an Object, a Variable, a Method or a Type.
//
//sumtype:decl
type Node interface{ node() }

// Browse is where a node hangs and what it is called. Space is the namespace of the name; empty means that of the node.
type Browse struct {
	ID     ID
	Parent ID
	Space  string
	Name   string
	Help   string // English
}

// Object is a thing with parts. One with Events passes on the events of the objects below it.
type Object struct {
	Browse
	Type   ID // what it is an instance of; the zero ID is FolderType for a Folder, and BaseObjectType
	Folder bool
	Events bool
	AddIn  bool   // hangs by HasAddIn instead of HasComponent
	Links  []Link // further references
}

// Link is a reference from a node, by the type of the reference.
type Link struct{ Type, To ID }

// Variable is a value that clients read and none may write.
type Variable struct {
	Browse
	Type     ID // the zero ID is PropertyType, AnalogItemType where it has a Unit, or BaseDataVariableType
	Kind     Kind
	Data     ID // its DataType, where that is not the one of its Kind: an enumeration, or what a Record is of
	Array    bool
	Property bool
	Fixed    any     // a value that never changes; nothing else is published then
	Unit     *Unit   // of an analog value: with its Range
	Range    *Range  // of an analog value
	History  *Series // where its history lies in the records; nil means that it has none
}

// Type is a type that instances have: of a specification by its published number, or one of ours.
type Type struct {
	Browse    // its parent is the type that it refines
	Class     Class
	Abstract  bool
	Structure *Structure // of a structured DataType
	Names     []string   // of an enumeration: the name of 0, of 1 …
}

// Class is what a Type is the type of.
type Class int

// The classes.
const (
	ObjectType Class = iota
	VariableType
	DataType
)

// Structure says how a Record is laid out (OPC 10000-3, 8.51), so that a stranger's client can read it.
type Structure struct {
	Encoding uint32 // number of its Default Binary encoding, in the namespace of the type
	Optional bool   // some fields may be absent
	Fields   []Member
}

// Member is one field of a Structure.
type Member struct {
	Name     string
	Kind     Kind
	Data     ID // as that of a Variable
	Array    bool
	Optional bool
	Filled   bool // a Record has it; an Optional one that is not Filled is always absent, another is empty
}

// Method is what clients call. A role that is not named may not call it.
type Method struct {
	Browse
	Roles   []line.Role
	In, Out []Argument
	Reads   bool // it asks the records: nothing is changed, and nobody is told that it was called
	Call    func(context.Context, Caller, []any) ([]any, Status)
}

// Argument describes one argument of a method.
type Argument struct {
	Name string
	Kind Kind
	Help string
}

func (Object) node()   {}
func (Variable) node() {}
func (Method) node()   {}
func (Type) node()     {}

// Caller is who calls: as logged in, with the session that the supervisor knows the login by.
type Caller struct {
	Login
	Locale string
}

// Status is the outcome of a call.
type Status int

// The outcomes. With Refused the output arguments say why; with the others there are none.
const (
	Done         Status = iota
	Refused             // uncertain: the line was asked and refused
	InvalidState        // bad: refused, by a method that has no outputs
	Denied              // bad: the caller's roles do not allow it
	Unanswered          // bad: the supervisor did not answer; nobody knows whether it was done
	Invalid             // bad: an argument cannot be
	Busy                // bad: too many calls are waiting
	NoSession           // the login's session has ended and nothing was done: log in anew and call again
)

// Value is one published value.
type Value struct {
	ID      ID
	Value   any
	Quality Quality
	At      time.Time // when it was so
}

// Alarm is one occurrence of an alarm as it is now.
type Alarm struct {
	line.AlarmSnapshot
	Source ID   // object that it belongs to
	Gone   bool // it is over: no refresh tells of it any more
}

// Dialog is a question that waits for a person, as it is now: a DialogCondition (OPC 10000-9, 5.6).
type Dialog struct {
	line.PromptSnapshot
	Source ID        // object that it is asked by
	Answer int       // index of the option that was given last, -1 while none is known
	At     time.Time // when it changed
	Gone   bool      // it was answered, or has settled itself: no refresh tells of it any more
}

// AlarmVerb is what a person does about an alarm or a question.
type AlarmVerb int

// The verbs, by the names of OPC 10000-9.
const (
	AcknowledgeAlarm AlarmVerb = iota
	ConfirmAlarm
	AddCommentToAlarm
	TimedShelveAlarm
	OneShotShelveAlarm
	UnshelveAlarm
	ResetLatchedAlarm
	DisableAlarm // takes it out of service
	EnableAlarm
	RespondToDialog
)

// AlarmAct is a person's act on an alarm or a question.
type AlarmAct struct {
	Verb       AlarmVerb
	Alarm      string // the alarm, or the question
	Occurrence int
	Comment    string
	Option     string        // of RespondToDialog: the answer
	For        time.Duration // of TimedShelveAlarm
}

// Space is an address space that a server shows. Implementations are safe for use by several goroutines.
type Space interface {
	// Declare adds nodes; a parent comes before its parts, a type before its instances, and what a Link leads to before the link.
	// A node that is there already stays as it is.
	Declare(nodes ...Node) error
	// Publish sets values of declared variables. Clients that watch them are told.
	Publish(values ...Value)
	// Raise tells watchers of an alarm's change, and keeps it for those who come later.
	Raise(a Alarm) error
	// Prompt tells watchers of a question, or of its end, and keeps it for those who come later.
	Prompt(d Dialog) error
	// EndSessions ends what a person has open from before the account has changed: what a session shows and does is always what
	// the account may.
	EndSessions(user string, changed time.Time)
}

// Login is an authenticated person.
type Login struct {
	User    string
	Roles   []line.Role
	Session string // by which the supervisor knows the login; empty if it needs none
}

// ErrAway says that nobody could be asked who somebody is.
var ErrAway = errors.New("the supervisor cannot be asked who logs in")

// Authenticator finds out who logs in. An error means nobody; it says nothing about why, except that ErrAway is no refusal.
type Authenticator interface {
	Authenticate(ctx context.Context, user, password, source string) (Login, error)
}

// CertificateAuthenticator finds out whose certificate it is, by its SHA-256 thumbprint in hexadecimal digits. The caller has seen
// a signature of its key. Errors are as for an Authenticator.
type CertificateAuthenticator interface {
	AuthenticateCertificate(ctx context.Context, thumbprint, source string) (Login, error)
}
