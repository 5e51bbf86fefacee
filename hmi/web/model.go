package web

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// StaleAfter is how long nothing may be heard before no value is believed any more. The gateway's clock alone is heard every
// second.
const StaleAfter = 3 * time.Second

// maxEvents bounds the list of what a session has seen of alarms.
const maxEvents = 200

// Quality says how far the gateway vouches for a value.
type Quality int

// The qualities. The zero value is that of a node that has said nothing.
const (
	None Quality = iota // no value
	Good
	Old // uncertain or bad, with the last value
)

// Words is a text in the language that the gateway gave it in.
type Words struct{ Text, Lang string }

// Datum is one value as it was last heard.
type Datum struct {
	Value   any // bool, int32, uint32, float64, string, time.Time, Words, or a slice of one of them
	Quality Quality
	At      time.Time // when it was so, by the gateway's word
}

// Argument is one input of a method.
type Argument struct {
	Name string
	Kind string // String, Boolean, Int32, UInt32, Double, DateTime
	Help string
}

// requestID is the input by which the same request is done once. Every method that commands something has it.
const requestID = "RequestId"

// Method is what can be asked of an object.
type Method struct {
	Object string
	In     []Argument
	May    bool // the gateway lets this person call it
}

// Link says how it stands with the gateway.
type Link int

// The states of the link.
const (
	Dialling Link = iota // not connected yet, or not any more
	Up
	Refused // the login is not taken any more: the session is over
)

// Model is the line as one person's OPC UA session shows it. It changes by what is heard, and never asks for the time.
type Model struct {
	Link     Link
	Since    time.Time // of Link
	Why      string    // why it is not up, for a person
	Heard    time.Time // when the gateway last said anything
	Stations []string  // in the order of their names, which is the order of the flow
	Methods  map[string]Method
	Alarms   map[string]Alarm // by Alarm.Key
	Events   []Event          // what was seen of alarms, the latest first
	Cleared  bool             // the alarms are complete since the last connection

	values  map[string]Datum
	changed map[string]time.Time // when State was seen to change, by station
}

// NewModel returns a model that has heard nothing.
func NewModel(now time.Time) *Model {
	return &Model{
		Since: now, Methods: map[string]Method{}, Alarms: map[string]Alarm{}, values: map[string]Datum{},
		changed: map[string]time.Time{},
	}
}

// still returns a copy that nobody changes.
func (m *Model) still() *Model {
	c := *m
	c.Methods, c.Alarms, c.values, c.changed = maps.Clone(m.Methods), maps.Clone(m.Alarms), maps.Clone(m.values), maps.Clone(m.changed)
	c.Stations, c.Events = slices.Clone(m.Stations), slices.Clone(m.Events)
	return &c
}

// SetLink notes that the link has changed. When it goes, every value is old at once and the alarms are no longer complete.
func (m *Model) SetLink(l Link, why string, now time.Time) {
	if l != m.Link {
		m.Since = now
	}
	m.Link, m.Why = l, why
	if l == Up {
		return
	}
	m.Cleared = false
	for node, d := range m.values {
		if d.Quality == Good {
			d.Quality, d.At = Old, m.Heard // it was so as long as the gateway was heard; the next one must say it anew
			m.values[node] = d
		}
	}
}

// Hear takes one value.
func (m *Model) Hear(node string, d Datum, now time.Time) {
	m.Heard = now
	old := m.values[node]
	if d.Quality == Old && d.Value == nil {
		d.Value, d.At = old.Value, old.At // what was last known stays readable, as what it is
	}
	if d.Value == nil {
		d.Quality = None // the line no longer says anything about it
	}
	if station, ok := strings.CutSuffix(node, ".StateCurrent"); ok && old.Value != nil && old.Value != d.Value {
		m.changed[station] = now
	}
	m.values[node] = d
}

// Forget drops the nodes that a new connection does not have any more, and the methods with them.
func (m *Model) Forget(there func(node string) bool) {
	maps.DeleteFunc(m.values, func(node string, _ Datum) bool { return !there(node) })
	maps.DeleteFunc(m.Methods, func(node string, _ Method) bool { return !there(node) })
}

// Has reports whether the gateway has said anything about a node.
func (m *Model) Has(node string) bool { return m.values[node].Quality != None }

// Live reports whether the gateway is heard.
func (m *Model) Live(now time.Time) bool { return m.Link == Up && now.Sub(m.Heard) <= StaleAfter }

// Fresh reports whether a value may be believed.
func (m *Model) Fresh(node string, now time.Time) bool {
	return m.values[node].Quality == Good && m.Live(now)
}

// Age returns how old a value is that is not fresh.
func (m *Model) Age(node string, now time.Time) time.Duration {
	at := m.values[node].At
	if m.values[node].Quality == Good || at.IsZero() {
		at = m.Heard // it was so as long as the gateway was heard
	}
	if at.IsZero() {
		return 0
	}
	return max(now.Sub(at), 0)
}

// value returns a value of a type, or its zero.
func value[T any](m *Model, node string) T {
	v, _ := m.values[node].Value.(T)
	return v
}

// Bool is a yes or no, old or not, and false where there is none. So it is with the others below.
func (m *Model) Bool(node string) bool { return value[bool](m, node) }

// Number is a number of whatever type.
func (m *Model) Number(node string) float64 {
	switch v := m.values[node].Value.(type) {
	case float64:
		return v
	case uint32:
		return float64(v)
	case int32:
		return float64(v)
	}
	return 0
}

// Whole is a count.
func (m *Model) Whole(node string) int { return int(m.Number(node)) }

// Name is a name or code.
func (m *Model) Name(node string) string { return value[string](m, node) }

// Moment is a time.
func (m *Model) Moment(node string) time.Time { return value[time.Time](m, node) }

// Words is a text in its language.
func (m *Model) Words(node string) Words {
	switch v := m.values[node].Value.(type) {
	case Words:
		return v
	case string:
		return Words{Text: v}
	}
	return Words{}
}

// Names is a list of names.
func (m *Model) Names(node string) []string { return value[[]string](m, node) }

// Bools is a list of yes and no.
func (m *Model) Bools(node string) []bool { return value[[]bool](m, node) }

// Texts is a list of texts.
func (m *Model) Texts(node string) []Words { return value[[]Words](m, node) }

// Numbers is a list of numbers of whatever type.
func (m *Model) Numbers(node string) []float64 {
	switch v := m.values[node].Value.(type) {
	case []float64:
		return v
	case []uint32:
		return floats(v)
	case []int32:
		return floats(v)
	}
	return nil
}

func floats[T uint32 | int32](v []T) []float64 {
	list := make([]float64, len(v))
	for i, n := range v {
		list[i] = float64(n)
	}
	return list
}

// Moments is a list of times.
func (m *Model) Moments(node string) []time.Time { return value[[]time.Time](m, node) }

// InState returns since when a station has been in its state: by the line's word, or else since this session saw it change. The
// zero time means that nobody knows.
func (m *Model) InState(station string) time.Time {
	if at := m.Moment(station + ".StateSince"); !at.IsZero() {
		return at
	}
	return m.changed[station]
}

// May reports whether this person may call a method.
func (m *Model) May(method string) bool { return m.Methods[method].May }

// MayAnything reports whether this person may do more than look and read: whether there is a method for them that is a request to
// the line.
func (m *Model) MayAnything() bool {
	for _, one := range m.Methods {
		if one.May && slices.ContainsFunc(one.In, func(a Argument) bool { return a.Name == requestID }) {
			return true
		}
	}
	return false
}

// HasStation reports whether there is such a station.
func (m *Model) HasStation(station string) bool { return slices.Contains(m.Stations, station) }
