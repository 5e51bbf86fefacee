package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"linectl/line"
)

// factWords says in plain words what an entry of the journal tells. A fact that it has no words for is shown as it is kept.
func factWords(f line.Fact) string {
	for _, say := range []func(line.Fact) string{flowWords, actWords, alarmWords, peopleWords} {
		if text := say(f); text != "" {
			return text
		}
	}
	b, err := json.Marshal(f)
	if err != nil {
		return fmt.Sprintf("%s %+v", line.FactName(f), f)
	}
	return line.FactName(f) + " " + string(b)
}

// cellCalled is a cell by its code, or by what it was read as where nobody knows which it is.
func cellCalled(code, as line.CellID) string {
	if as != "" {
		return "a cell that was read as " + string(as)
	}
	return "cell " + dash(string(code))
}

// flowWords is of the line, its orders, packs and cells.
func flowWords(f line.Fact) string {
	switch f := f.(type) {
	case line.LineStarted:
		return fmt.Sprintf("the supervisor starts, incarnation %d, version %s", f.Fence, f.Version)
	case line.RecipePinned:
		return fmt.Sprintf("the recipe of %s revision %s is pinned, %.12s", f.Product, f.Revision, f.Hash)
	case line.OrderAdded:
		return fmt.Sprintf("order %s: %d × %s revision %s", f.Order, f.Quantity, f.Product, f.Revision)
	case line.PackStarted:
		return fmt.Sprintf("pack %d of order %s begins", f.Number, f.Order)
	case line.CellReceived:
		return fmt.Sprintf("%s of lot %s received: %s%s", cellCalled(f.Cell, f.ReadAs), dash(string(f.Lot)), f.Verdict, because(f.Reason))
	case line.CellGraded:
		where := fmt.Sprintf("lane %d", f.Lane)
		if f.Bin > 0 {
			where = fmt.Sprintf("bin NG%d", f.Bin)
		}
		return fmt.Sprintf("%s measured: %s, to %s%s", cellCalled(f.Cell, f.ReadAs), f.Verdict, where, because(f.Reason))
	case line.SetReserved:
		return fmt.Sprintf("%d cells are reserved: %s", len(f.Slots), f.Reason)
	case line.PartArrived:
		if f.ReadAs != "" {
			return cellCalled("", f.ReadAs) + " arrives"
		}
		return dash(f.Part) + " arrives"
	case line.StepDone:
		text := fmt.Sprintf("step %s is %s after %d acts%s", f.Step, f.Verdict, f.Acts, because(f.Text))
		if f.Build > 1 {
			text += fmt.Sprintf(" (build %d)", f.Build)
		}
		return text
	case line.PartMoved:
		return fmt.Sprintf("%s goes to %s", dash(f.Part), f.To)
	case line.ReworkDecided:
		return fmt.Sprintf("%s orders a rework at %s of %d acts, build %d%s", f.By, f.Step, len(f.Acts), f.Build, because(f.Why))
	case line.PackDisposed:
		return fmt.Sprintf("the pack is %s%s%s", f.Disposition, at(", serial ", f.Serial), because(f.Reason))
	default:
		return ""
	}
}

// actWords is of a station and its devices.
func actWords(f line.Fact) string {
	switch f := f.(type) {
	case line.Intent:
		text := fmt.Sprintf("%s is asked for %s", f.Device, f.Name)
		if f.Attempt > 1 {
			text += fmt.Sprintf(", attempt %d", f.Attempt)
		}
		return text + " (" + f.Token.String() + ")"
	case line.ActDone:
		values := make([]string, 0, len(f.Measurements))
		for _, m := range f.Measurements {
			if m.Verdict != "" && m.Verdict != line.OK || len(f.Measurements) <= 4 {
				values = append(values, m.String())
			}
		}
		return fmt.Sprintf("%s: %s is %s%s%s", f.Device, f.Task.String()+placeOf(f), f.Verdict, because(f.Text), at(" · ", strings.Join(values, ", ")))
	case line.ActRefused:
		return fmt.Sprintf("%s refuses: %s", f.Device, f.Text)
	case line.ActQuarantined:
		return fmt.Sprintf("nobody can say whether %s did %s %d on %s: %s", f.Device, f.Task, f.Index, f.Part, f.Evidence.Why)
	case line.StateChanged:
		return fmt.Sprintf("%s → %s%s", f.From, f.To, because(f.Cause))
	case line.ModeChanged:
		return fmt.Sprintf("%s sets mode %s → %s%s", f.By, f.From, f.To, because(f.Why))
	case line.MasterAsked:
		return "a check against the reference part is asked for"
	case line.MasterChecked:
		return fmt.Sprintf("the reference part measures %s, valid until %s", f.Verdict, stamp(f.ValidUntil))
	case line.MaterialLoaded:
		return fmt.Sprintf("%s loads lot %s of %s, %.4g, good until %s", f.By, f.Lot, f.Item, f.Quantity, stamp(f.Expiry))
	case line.ToolServiced:
		return fmt.Sprintf("%s declares the service of %s: %s", f.By, f.Tool, f.Action)
	default:
		return ""
	}
}

// alarmWords is of the alarms.
func alarmWords(f line.Fact) string {
	switch f := f.(type) {
	case line.AlarmRaised:
		return fmt.Sprintf("ALARM %s, severity %d: %s → %s", f.Alarm, f.Severity, f.Text, f.Action)
	case line.AlarmCleared:
		return "the cause of alarm " + f.Alarm + " is gone"
	case line.AlarmAcknowledged:
		return fmt.Sprintf("%s has seen alarm %s%s", f.By, f.Alarm, because(f.Comment))
	case line.AlarmConfirmed:
		return fmt.Sprintf("%s confirms alarm %s%s", f.By, f.Alarm, because(f.Comment))
	case line.AlarmCommented:
		return fmt.Sprintf("%s notes on alarm %s: %s", f.By, f.Alarm, f.Comment)
	case line.AlarmShelved:
		return fmt.Sprintf("%s shelves alarm %s until %s%s", f.By, f.Alarm, stamp(f.Until), because(f.Why))
	case line.AlarmUnshelved:
		return fmt.Sprintf("alarm %s is unshelved%s", f.Alarm, because(f.Why))
	case line.AlarmSuppressed:
		return fmt.Sprintf("alarm %s means nothing now%s", f.Alarm, because(f.Why))
	case line.AlarmUnsuppressed:
		return fmt.Sprintf("alarm %s means something again", f.Alarm)
	case line.AlarmReset:
		return fmt.Sprintf("alarm %s is reset", f.Alarm)
	case line.AlarmRepeated:
		return fmt.Sprintf("alarm %s has stood long and is told again", f.Alarm)
	case line.AlarmOutOfService:
		return fmt.Sprintf("%s takes alarm %s out of service, back %s%s", f.By, f.Alarm, yes(f.Back), because(f.Why))
	default:
		return ""
	}
}

// peopleWords is of what people ask for.
func peopleWords(f line.Fact) string {
	switch f := f.(type) {
	case line.CommandApplied:
		what := "is done"
		if !f.Accepted {
			what = "is refused"
		}
		return fmt.Sprintf("%s asks: %s — %s: %s", f.By, f.Command, what, f.Reply)
	case line.QuarantineInspected:
		return fmt.Sprintf("%s has inspected it and saw: %s%s", f.By, f.Saw, because(f.Remark))
	case line.QuarantineProposed:
		return fmt.Sprintf("%s proposes: %s%s", f.By, f.Decision, because(f.Why))
	case line.QuarantineRefused:
		return fmt.Sprintf("%s refuses: %s%s", f.By, f.Decision, because(f.Why))
	case line.QuarantineDecided:
		return fmt.Sprintf("%s confirms what %s has proposed: %s%s", f.By, f.ProposedBy, f.Decision, because(f.Why))
	case line.HoldSet:
		return fmt.Sprintf("%s holds %s%s", f.By, f.Subject, because(f.Reason))
	case line.HoldReleased:
		return fmt.Sprintf("%s lets %s go on%s", f.By, f.Subject, because(f.Reason))
	default:
		return ""
	}
}

func because(why string) string { return at(": ", why) }

// placeOf says where on the part an act was.
func placeOf(f line.ActDone) string {
	if f.Index == 0 {
		return ""
	}
	return fmt.Sprintf(" %d", f.Index)
}
