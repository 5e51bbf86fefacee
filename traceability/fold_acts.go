package traceability

import "linectl/line"

// device returns the key of a device.
func (f *fold) device(name line.DeviceID) int64 {
	if id, ok := f.devices[name]; ok {
		return id
	}
	id := f.number("SELECT device_id FROM devices WHERE name = ?", string(name))
	if id == 0 {
		id = f.exec("INSERT INTO devices (name) VALUES (?)", string(name))
	}
	f.devices[name] = id
	return id
}

func (f *fold) intent(s scope, fact line.Intent) {
	var params any
	if len(fact.Params) > 0 {
		params = f.json(fact.Params)
	}
	f.exec(`INSERT INTO attempts (pack_id, seq, token, at_us, station, device_id, task, part, index_no, attempt, rework, params,
		recipe_hash, retain_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.pack, s.seq, int64(fact.Token), s.micros, s.station,
		f.device(fact.Device), int64(fact.Task), fact.Part, fact.Index, fact.Attempt, fact.Rework, params, fact.RecipeHash, int64(fact.RetainID))
	f.exec("INSERT INTO open_intents (token, pack_id, seq) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET pack_id = excluded.pack_id, seq = excluded.seq",
		int64(fact.Token), s.pack, s.seq)
	f.open[fact.Token] = attempt{s.pack, s.seq}
}

// closing takes the open intent of a token and returns the key of its attempt. A result without an open intent, which no
// supervisor writes, gets a row of its own so that it can be seen.
func (f *fold) closing(s scope, token line.Token, device line.DeviceID, task line.Task, part string, index int) attempt {
	a, ok := f.open[token]
	if ok {
		delete(f.open, token)
		f.exec("DELETE FROM open_intents WHERE token = ?", int64(token))
		return a
	}
	f.exec(`INSERT INTO attempts (pack_id, seq, token, at_us, station, device_id, task, part, index_no, attempt, rework, recipe_hash, retain_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', 0)`, s.pack, s.seq, int64(token), s.micros, s.station, f.device(device), int64(task), part, index)
	return attempt{s.pack, s.seq}
}

func (f *fold) actDone(s scope, fact line.ActDone) {
	a := f.closing(s, fact.Token, fact.Device, fact.Task, fact.Part, fact.Index)
	f.exec(`UPDATE attempts SET end_kind = 'done', end_seq = ?, end_us = ?, end_part = ?, outcome = ?, reason = ?, verdict = ?, code = ?,
		text = ?, effect_count = ?, simulated = ? WHERE pack_id = ? AND seq = ?`, s.seq, s.micros, fact.Part, int64(fact.Outcome),
		int64(fact.Reason), string(fact.Verdict), fact.Code, fact.Text, int64(fact.EffectCount), fact.Simulated, a.pack, a.seq)
	f.measurements(s, "act", fact.Measurements)
	if s.pack == 0 {
		return
	}
	switch fact.Task {
	case line.TaskStackCell:
		if fact.Verdict == line.OK {
			f.exec("UPDATE pack_cells SET placed_cell = ?, placed_seq = ?, placed_us = ? WHERE pack_id = ? AND slot = ?",
				fact.Part, s.seq, s.micros, s.pack, fact.Index)
		}
	case line.TaskWeldLaser, line.TaskWeldResistance, line.TaskWeldUltrasonic:
		f.exec(`INSERT INTO joints (pack_id, joint, seq, task, attempt, rework, outcome, verdict, code, waveform, no_waveform)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULLIF(?, ''), NULLIF(?, ''))`, s.pack, fact.Index, s.seq, int64(fact.Task), fact.Attempt,
			fact.Rework, int64(fact.Outcome), string(fact.Verdict), fact.Code, fact.Waveform, fact.NoWaveform)
	}
}

func (f *fold) actRefused(s scope, fact line.ActRefused) {
	a := f.closing(s, fact.Token, fact.Device, line.TaskNone, "", 0)
	f.exec("UPDATE attempts SET end_kind = 'refused', end_seq = ?, end_us = ?, reason = ?, text = ? WHERE pack_id = ? AND seq = ?",
		s.seq, s.micros, int64(fact.Reason), fact.Text, a.pack, a.seq)
}

// actQuarantined closes an act of which nobody knows whether it happened. A weld among them counts as a weld of its joint.
func (f *fold) actQuarantined(s scope, fact line.ActQuarantined) {
	a := f.closing(s, fact.Token, fact.Device, fact.Task, fact.Part, fact.Index)
	f.exec(`UPDATE attempts SET end_kind = 'quarantined', end_seq = ?, end_us = ?, end_part = ?, verdict = ?, text = ?, evidence = ?
		WHERE pack_id = ? AND seq = ?`, s.seq, s.micros, fact.Part, string(line.Unknown), fact.Evidence.Why, f.json(fact.Evidence), a.pack, a.seq)
	if weld := fact.Task >= line.TaskWeldLaser && fact.Task <= line.TaskWeldUltrasonic; weld && s.pack != 0 {
		f.exec("INSERT INTO joints (pack_id, joint, seq, task, attempt, rework, outcome, verdict, code) VALUES (?, ?, ?, ?, 0, 0, ?, ?, '')",
			s.pack, fact.Index, s.seq, int64(fact.Task), int64(line.OutcomeUnknown), string(line.Unknown))
	}
}

// measurements writes the measured values of an entry with the limits in force.
func (f *fold) measurements(s scope, source string, list []line.Measurement) {
	for i, m := range list {
		f.exec(`INSERT INTO measurements (pack_id, seq, ordinal, characteristic_id, index_no, at_us, value, lsl, usl, verdict, code)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.pack, s.seq, i, f.characteristic(characteristic{s.station, source, m.Name, m.Unit}),
			m.Index, s.micros, number(m.Value), number(m.LSL), number(m.USL), string(m.Verdict), m.Code)
	}
}

func (f *fold) characteristic(c characteristic) int64 {
	if id, ok := f.characteristics[c]; ok {
		return id
	}
	id := f.number("SELECT characteristic_id FROM characteristics WHERE station = ? AND source = ? AND name = ? AND unit = ?",
		c.station, c.source, c.name, c.unit)
	if id == 0 {
		id = f.exec("INSERT INTO characteristics (station, source, name, unit) VALUES (?, ?, ?, ?)", c.station, c.source, c.name, c.unit)
	}
	f.characteristics[c] = id
	return id
}

// number returns what a statement binds for a number that may be missing.
func number(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}
