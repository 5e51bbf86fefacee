package web

import (
	"maps"
	"slices"
)

// Button is a command that a person may give. One that cannot act stays on the screen, can be focused, and says why it cannot.
type Button struct {
	Method  string
	Label   string
	Why     string // why it cannot act now; empty if it can
	Confirm string // the question that is asked first, if any
	Reason  bool   // a reason must be given
	Grave   bool   // drawn apart from the others
	Pressed bool   // it stands for what is already so
	Args    map[string]string
}

// packmlCommands are the buttons of a station and of the line, in the order of their use.
var packmlCommands = []string{"Reset", "Start", "Hold", "Unhold", "Complete", "Stop", "Clear", "Abort"}

// Commands returns the PackML buttons of an object.
func (v *View) Commands(object string) []Button {
	list := make([]Button, len(packmlCommands))
	for i, c := range packmlCommands {
		list[i] = v.Command(object, c)
	}
	return list
}

// Command returns the button of one PackML command.
func (v *View) Command(object, command string) Button {
	b := v.Ask(object+"."+command, v.T(command))
	b.Grave = command == "Abort" || command == "Stop" && object == "Line"
	switch {
	case command == "Abort" && object == "Line":
		b.Confirm, b.Reason = v.T("Abort every station of the line? Motion ends at once; what is cut off becomes UNKNOWN."), true
	case command == "Abort":
		b.Confirm, b.Reason = v.T("Abort {}? Motion ends at once; what is cut off becomes UNKNOWN.", object), true
	case command == "Stop" && object == "Line":
		b.Confirm, b.Reason = v.T("Stop the whole line? Every station finishes its running act first."), true
	}
	if b.Why == "" {
		b.Why = v.cannot(object, command)
	}
	return b
}

// cannot says why a command would be refused now, as the line says it in advance. It has the last word in its answer.
func (v *View) cannot(object, command string) string {
	possible, why := v.Bools(object+".CommandPossible"), v.Texts(object+".CommandWhyNot")
	i := slices.Index(v.Names(object+".Commands"), command)
	if i < 0 || i >= len(possible) || i >= len(why) || possible[i] {
		return ""
	}
	if why[i].Text == "" {
		return v.T("not in state {}", v.Words(object+".State").Text)
	}
	return why[i].Text
}

// Ask returns the button of any method, with why it cannot be called: no connection, or no right.
func (v *View) Ask(method, label string) Button {
	b := Button{Method: method, Label: label}
	_, there := v.Methods[method]
	switch {
	case !v.Live(v.Now):
		b.Why = v.T("no connection to the line")
	case !v.Bool("Line.Connected"):
		b.Why = v.T("the line's program is away")
	case !there:
		b.Why = v.T("the line has no such command")
	case !v.May(method):
		b.Why = v.T("your account may not do this")
	}
	return b
}

// With adds an input that the button gives along.
func (b Button) With(name, value string) Button {
	args := map[string]string{name: value}
	maps.Copy(args, b.Args)
	b.Args = args
	return b
}

// Asking returns the button with a question that is asked first, and whether a reason must be given with it.
func (b Button) Asking(question string, reason bool) Button {
	b.Confirm, b.Reason = question, reason
	return b
}
