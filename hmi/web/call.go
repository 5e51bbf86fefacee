package web

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

// Answer is what became of a call.
type Answer struct {
	Outcome string `json:"outcome"` // done, refused, denied, invalid, unknown
	Text    string `json:"text"`
	Lang    string `json:"lang,omitempty"`
}

// The outcomes. After unknown, the same call with the same id may be made again: it is done once.
const (
	outcomeDone    = "done"
	outcomeRefused = "refused"
	outcomeDenied  = "denied"
	outcomeInvalid = "invalid"
	outcomeUnknown = "unknown"
)

// The inputs by which a person says what they have seen of an alarm.
const (
	eventInput     = "EventId"
	conditionInput = "Condition"
)

// asSeen are the methods of ours that have one of the standard which means one event of an alarm alone (OPC 10000-9, 5.7.3 and 5.7.4).
// Ours have the reason of a refusal, those the certainty that nobody acknowledges what they have not seen.
var asSeen = map[string]uint32{
	"Line.AcknowledgeAlarm": id.AcknowledgeableConditionType_Acknowledge, "Line.ConfirmAlarm": id.AcknowledgeableConditionType_Confirm,
}

// seen calls a method of the standard on one event of an alarm. To call it twice does nothing more.
func seen(ctx context.Context, client *opcua.Client, method uint32, given map[string]string, say func(string, ...any) string) Answer {
	event, err := hex.DecodeString(given[eventInput])
	condition, wrong := ua.ParseNodeID(given[conditionInput])
	if err != nil || wrong != nil {
		return Answer{Outcome: outcomeInvalid, Text: say("the line has no such command")}
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	result, err := client.Call(ctx, &ua.CallMethodRequest{
		ObjectID: condition, MethodID: ua.NewNumericNodeID(0, method),
		InputArguments: []*ua.Variant{ua.MustVariant(event), ua.MustVariant(ua.NewLocalizedText(given["Why"]))},
	})
	if err != nil || result == nil {
		return Answer{Outcome: outcomeUnknown, Text: say("no answer came; nobody knows yet whether it was done")}
	}
	switch result.StatusCode {
	case ua.StatusBadConditionBranchAlreadyAcked, ua.StatusBadConditionBranchAlreadyConfirmed:
		return Answer{Outcome: outcomeDone, Text: say("done already")}
	case ua.StatusBadEventIDUnknown:
		return Answer{Outcome: outcomeRefused, Text: say("the alarm has changed since you saw it: look at it again")}
	case ua.StatusBadInvalidState:
		return Answer{Outcome: outcomeRefused, Text: say("the line refused it: it is not possible now")}
	}
	return outcome(result, say)
}

// call calls a method with what a person has entered. The last two inputs of our methods are the request's id and its reason.
func (l *link) call(ctx context.Context, name string, given map[string]string, say func(string, ...any) string) Answer {
	l.mu.RLock()
	client, m := l.client, l.methods[name]
	l.mu.RUnlock()
	if m == nil {
		return Answer{Outcome: outcomeInvalid, Text: say("the line has no such command")}
	}
	if client == nil {
		return Answer{Outcome: outcomeRefused, Text: say("not sent: there is no connection to the line")}
	}
	if method, ok := asSeen[name]; ok && given[eventInput] != "" {
		return seen(ctx, client, method, given, say)
	}
	in := make([]*ua.Variant, len(m.In))
	for i, a := range m.In {
		v, err := convert(a.Kind, given[a.Name])
		if err != nil {
			return Answer{Outcome: outcomeInvalid, Text: say("{} is missing or not usable: {}", say(a.Name), given[a.Name])}
		}
		in[i] = ua.MustVariant(v)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	result, err := client.Call(ctx, &ua.CallMethodRequest{ObjectID: m.object, MethodID: m.id, InputArguments: in})
	if err != nil || result == nil {
		return Answer{Outcome: outcomeUnknown, Text: say("no answer came; nobody knows yet whether it was done")}
	}
	return outcome(result, say)
}

// outcome reads the answer of a method (docs/opcua.md, "What can be asked").
func outcome(r *ua.CallMethodResult, say func(string, ...any) string) Answer {
	var a Answer
	for _, v := range r.OutputArguments {
		switch v := v.Value().(type) {
		case *ua.LocalizedText:
			a.Text, a.Lang = v.Text, v.Locale
		case string:
			a.Text = v
		}
	}
	switch {
	case r.StatusCode == ua.StatusOK:
		a.Outcome = outcomeDone
		if a.Text == "" {
			a.Text = say("done")
		}
	case r.StatusCode&0xC0000000 == 0x40000000:
		a.Outcome = outcomeRefused
	case r.StatusCode == ua.StatusBadUserAccessDenied || r.StatusCode == ua.StatusBadNotExecutable:
		a.Outcome, a.Text = outcomeDenied, say("your account may not do this")
	case r.StatusCode == ua.StatusBadInvalidArgument:
		a.Outcome, a.Text = outcomeInvalid, say("an entry is not usable: too long, or with characters that cannot be recorded")
	case r.StatusCode == ua.StatusBadTooManyOperations:
		a.Outcome, a.Text = outcomeRefused, say("not done: the gateway is busy; try again")
	case r.StatusCode == ua.StatusBadResourceUnavailable:
		a.Outcome, a.Text = outcomeRefused, say("not done: the line's program is away; try again when it is back")
	default:
		a.Outcome, a.Text = outcomeUnknown, say("no answer came; nobody knows yet whether it was done")
	}
	return a
}

// convert makes an input from what was entered. An empty entry is the zero of its kind, except of a number or a time.
func convert(kind, text string) (any, error) {
	text = strings.TrimSpace(text)
	switch kind {
	case "String":
		return text, nil
	case "Boolean":
		return text == "true" || text == "on", nil
	case "Int32":
		n, err := strconv.ParseInt(text, 10, 32)
		return int32(n), err
	case "UInt32":
		n, err := strconv.ParseUint(text, 10, 32)
		return uint32(n), err
	case "Double":
		n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
		if err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
			err = fmt.Errorf("%s is no number", text)
		}
		return n, err
	case "DateTime":
		return day(text)
	}
	return nil, fmt.Errorf("inputs of this kind are not known")
}

// day reads a day or a moment; without a zone it is UTC, and a day lasts until its end.
func day(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t.Add(24*time.Hour - time.Second), nil
	}
	return time.Parse(time.RFC3339, text)
}
