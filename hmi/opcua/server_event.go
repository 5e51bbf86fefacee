package opcua

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/awcullen/opcua/ua"

	"linectl/line"
)

// event is what a watcher selects fields from, by their path of browse names.
type event struct {
	condition ua.NodeID
	fields    map[string]ua.Variant
	only      []line.Role // who may see it; empty means whoever may read
}

// GetAttribute returns a field, or nothing if the event has none of that name.
func (e event) GetAttribute(o ua.SimpleAttributeOperand) ua.Variant {
	if len(o.BrowsePath) == 0 || len(o.BrowsePath) == 1 && o.BrowsePath[0].Name == "" {
		if o.AttributeID == ua.AttributeIDNodeID {
			return e.condition
		}
		return nil
	}
	if o.AttributeID != ua.AttributeIDValue {
		return nil
	}
	names := make([]string, len(o.BrowsePath))
	for i, n := range o.BrowsePath {
		names[i] = n.Name
	}
	return e.fields[strings.Join(names, "/")]
}

// Raise tells watchers of an alarm's change.
func (s *Server) Raise(a Alarm) error {
	id := conditionID(a.Alarm)
	err := s.Declare(
		Object{Browse: Browse{ID: id, Parent: a.Source, Name: a.Alarm, Help: a.Text}, Type: alarmType},
		Object{Browse: Browse{ID: shelvingID(a.Alarm), Parent: id, Space: StandardSpace, Name: "ShelvingState"}},
	)
	if err != nil {
		return err
	}
	s.mu.Lock()
	e := s.event(a)
	declared := s.declared[a.Source] != nil
	if key := occurrence(a.Alarm, a.Occurrence); a.Gone {
		delete(s.alarms, key)
	} else {
		s.alarms[key] = a
	}
	s.mu.Unlock()
	if !declared {
		return fmt.Errorf("alarm %s: its source %s is not declared", a.Alarm, a.Source.Text)
	}
	s.deliver(s.above(a.Source), e)
	return nil
}

func conditionID(alarm string) ID { return Own("Alarm." + alarm) }
func shelvingID(alarm string) ID  { return Own("Alarm." + alarm + ".ShelvingState") }

func occurrence(alarm string, n int) string { return alarm + "#" + strconv.Itoa(n) }

// event writes an alarm as OPC 10000-9 names its fields. The caller holds the mutex.
func (s *Server) event(a Alarm) event {
	f := map[string]ua.Variant{
		"EventId": eventID(a), "EventType": ua.ObjectTypeIDAlarmConditionType, "SourceNode": s.id(a.Source), "SourceName": a.Source.Text,
		"Time": a.Changed, "ReceiveTime": time.Now(), "Message": english(a.Text), "Severity": uint16(min(max(a.Severity, 1), 1000)), //nolint:gosec // bounded
		"ConditionName": a.Alarm, "ConditionClassName": english("ProcessConditionClass"), "ConditionClassId": ua.ObjectTypeIDProcessConditionClassType,
		"BranchId": ua.NodeID(ua.NewNodeIDNumeric(0, 0)), "Retain": !a.Gone, "Quality": ua.Good, "LastSeverity": uint16(min(max(a.Severity, 1), 1000)), //nolint:gosec // bounded
		"Comment": english(a.Comment), "ClientUserId": a.CommentBy, "SuppressedOrShelved": a.Shelved || a.Suppressed != "" || a.OutOfService,
		"Cause": english(a.Cause), "Consequence": english(a.Consequence), "Action": english(a.Action),
	}
	if a.Group != "" { // it follows from another, which came first
		f["FirstInGroup"], f["Group"] = s.id(conditionID(a.Group)), a.Group
	}
	f["FirstInGroupFlag"] = a.Group == ""
	if a.Shelved { // what an operator must read then is who put it out of sight, and why
		f["Comment"], f["ClientUserId"] = english(a.ShelvedWhy), a.ShelvedBy
	}
	if a.Branch {
		f["BranchId"] = ua.NewNodeIDString(s.namespace(LineSpace), "Alarm."+occurrence(a.Alarm, a.Occurrence))
	}
	state := func(name string, on bool, yes, no string) {
		f[name+"/Id"], f[name] = on, english(no)
		if on {
			f[name] = english(yes)
		}
	}
	f["Quality/SourceTimestamp"], f["LastSeverity/SourceTimestamp"], f["Comment/SourceTimestamp"] = a.Changed, a.Since, a.Changed
	f["InputNode"], f["MaxTimeShelved"] = ua.NodeID(ua.NewNodeIDNumeric(0, 0)), float64(line.MaxShelved/time.Millisecond)
	state("EnabledState", !a.OutOfService, "Enabled", "Disabled")
	state("ActiveState", a.Active, "Active", "Inactive")
	state("AckedState", a.Acknowledged, "Acknowledged", "Unacknowledged")
	state("ConfirmedState", a.Confirmed, "Confirmed", "Unconfirmed")
	state("LatchedState", a.Latched, "Latched", "Unlatched")
	state("SuppressedState", a.Suppressed != "", "Suppressed", "Unsuppressed")
	state("OutOfServiceState", a.OutOfService, "Out of Service", "In Service")
	shelving, id := "Unshelved", ua.ObjectIDShelvedStateMachineTypeUnshelved
	switch {
	case a.Shelved && a.OneShot:
		shelving, id = "One Shot Shelved", ua.ObjectIDShelvedStateMachineTypeOneShotShelved
	case a.Shelved:
		shelving, id = "Timed Shelved", ua.ObjectIDShelvedStateMachineTypeTimedShelved
	}
	f["ShelvingState/CurrentState"], f["ShelvingState/CurrentState/Id"] = english(shelving), id
	if a.Shelved && !a.ShelvedUntil.IsZero() {
		f["ShelvingState/UnshelveTime"] = float64(max(time.Until(a.ShelvedUntil), 0)) / float64(time.Millisecond)
	}
	return event{condition: s.id(conditionID(a.Alarm)), fields: f}
}

// eventID names one change of one occurrence, the same after every restart.
func eventID(a Alarm) ua.ByteString {
	changed := binary.BigEndian.AppendUint64(nil, uint64(a.Changed.UnixMicro())) //nolint:gosec // after 1970
	return ua.ByteString(changed) + ua.ByteString(occurrence(a.Alarm, a.Occurrence))
}
