package traceability

import "linectl/line"

// alarmEntry folds what happens to alarms.
func (f *fold) alarmEntry(s scope, fact line.Fact) {
	switch fact := fact.(type) {
	case line.AlarmRaised:
		f.alarmRaised(s, fact)
	case line.AlarmCleared:
		f.exec("UPDATE alarms SET cleared_seq = ?, cleared_us = ? WHERE alarm = ? AND cleared_seq IS NULL", s.seq, s.micros, fact.Alarm)
	case line.AlarmAcknowledged:
		f.exec(`UPDATE alarms SET acknowledged_seq = ?, acknowledged_us = ?, acknowledged_by = ? WHERE alarm = ? AND acknowledged_seq IS NULL
			AND (? = 0 OR occurrence BETWEEN ? AND ?)`,
			s.seq, s.micros, fact.By, fact.Alarm, fact.Occurrence, fact.Occurrence-fact.Repeats, fact.Occurrence)
		f.alarmAction(s, fact.Alarm, fact.Occurrence, "acknowledged", fact.By, fact.Comment, nil)
	case line.AlarmConfirmed:
		f.exec(`UPDATE alarms SET confirmed_seq = ?, confirmed_us = ?, confirmed_by = ? WHERE alarm = ? AND confirmed_seq IS NULL
			AND (? = 0 OR occurrence BETWEEN ? AND ?)`,
			s.seq, s.micros, fact.By, fact.Alarm, fact.Occurrence, fact.Occurrence-fact.Repeats, fact.Occurrence)
		f.alarmAction(s, fact.Alarm, fact.Occurrence, "confirmed", fact.By, fact.Comment, nil)
	case line.AlarmCommented:
		f.alarmAction(s, fact.Alarm, fact.Occurrence, "commented", fact.By, fact.Comment, nil)
	case line.AlarmShelved:
		f.alarmAction(s, fact.Alarm, 0, "shelved", fact.By, fact.Why, micros(fact.Until))
	case line.AlarmUnshelved:
		f.alarmAction(s, fact.Alarm, 0, "unshelved", fact.By, fact.Why, nil)
	case line.AlarmSuppressed:
		f.alarmAction(s, fact.Alarm, 0, "suppressed", "", fact.Why, nil)
	case line.AlarmUnsuppressed:
		f.alarmAction(s, fact.Alarm, 0, "unsuppressed", "", "", nil)
	case line.AlarmReset:
		f.exec(`UPDATE alarms SET reset_seq = ?, reset_us = ?, reset_by = ?
			WHERE seq = (SELECT MAX(seq) FROM alarms WHERE alarm = ?) AND reset_seq IS NULL`, s.seq, s.micros, fact.By, fact.Alarm)
		f.alarmAction(s, fact.Alarm, 0, "reset", fact.By, "", nil)
	case line.AlarmRepeated:
		f.alarmAction(s, fact.Alarm, 0, "repeated", "", "", nil)
	case line.AlarmOutOfService:
		action := "disabled"
		if fact.Back {
			action = "enabled"
		}
		f.alarmAction(s, fact.Alarm, 0, action, fact.By, fact.Why, nil)
	default: // A kind that only the journal keeps.
	}
}

// alarmRaised keeps an occurrence with its number, counted from 1 for each alarm.
func (f *fold) alarmRaised(s scope, fact line.AlarmRaised) {
	f.exec(`INSERT INTO alarms (seq, at_us, alarm, station, pack_id, severity, text, cause, consequence, action, group_name, occurrence)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1 + COALESCE((SELECT MAX(occurrence) FROM alarms WHERE alarm = ?), 0))`,
		s.seq, s.micros, fact.Alarm, s.station, s.pack, fact.Severity, fact.Text, fact.Cause, fact.Consequence, fact.Action, fact.Group, fact.Alarm)
}

func (f *fold) alarmAction(s scope, alarm string, occurrence int, action, by, why string, until any) {
	f.exec("INSERT INTO alarm_actions (seq, at_us, alarm, station, occurrence, action, actor, why, until_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		s.seq, s.micros, alarm, s.station, occurrence, action, by, why, until)
}
