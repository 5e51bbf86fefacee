package traceability

import "linectl/line"

// lot returns the key of a lot of an item, nil where there is no lot.
func (f *fold) lot(s scope, name line.LotID, item string) any {
	if name == "" {
		return nil
	}
	return f.lotKey(s, name, item)
}

func (f *fold) lotKey(s scope, name line.LotID, item string) int64 {
	id := f.number("SELECT lot_id FROM lots WHERE name = ? AND item = ?", string(name), item)
	if id == 0 {
		id = f.exec("INSERT INTO lots (name, item, seq) VALUES (?, ?, ?)", string(name), item, s.seq)
	}
	return id
}

// cell returns the key of a cell by its code, 0 where there is no code. A code that comes a second time names the cell that
// had it first: the two receipts stand side by side.
func (f *fold) cell(s scope, code line.CellID, item string, lot line.LotID) int64 {
	if code == "" {
		return 0
	}
	id := f.number("SELECT cell_id FROM cells WHERE code = ?", string(code))
	if id == 0 {
		id = f.exec("INSERT INTO cells (code, item, lot_id, seq) VALUES (?, ?, ?, ?)", string(code), item, f.lot(s, lot, item), s.seq)
	}
	return id
}

func (f *fold) cellReceived(s scope, fact line.CellReceived) {
	cell := f.cell(s, fact.Cell, fact.Item, fact.Lot)
	f.exec(`INSERT INTO receipts (cell_id, seq, at_us, station, lot_id, verdict, bin, reason, supplier)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, cell, s.seq, s.micros, s.station, f.lot(s, fact.Lot, fact.Item), string(fact.Verdict),
		fact.Bin, fact.Reason, f.json(fact.Supplier))
}

func (f *fold) cellGraded(s scope, fact line.CellGraded) {
	cell := f.cell(s, fact.Cell, fact.Item, fact.Lot)
	f.exec(`INSERT INTO gradings (cell_id, seq, at_us, station, attempt, capacity_ah, verdict, bin, lane, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, cell, s.seq, s.micros, s.station, fact.Attempt, fact.CapacityAh,
		string(fact.Verdict), fact.Bin, fact.Lane, fact.Reason)
	s.pack = 0 // The cell belongs to no pack yet; its readings are found by the grading.
	f.measurements(s, "grading", fact.Measurements)
}

// setReserved binds the cells of a pack to their slots and gives its modules their names.
func (f *fold) setReserved(s scope, name string, fact line.SetReserved) {
	f.exec("INSERT INTO reservations (pack_id, seq, at_us, strategy, spread, bound, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
		s.pack, s.seq, s.micros, fact.Strategy, f.json(fact.Spread), fact.Bound, fact.Reason)
	if s.pack == 0 {
		return
	}
	modules := map[int]bool{}
	for _, slot := range fact.Slots {
		if !modules[slot.Module] {
			modules[slot.Module] = true
			f.exec("INSERT INTO modules (pack_id, number, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
				s.pack, slot.Module, ModuleName(line.PackID(name), slot.Module))
		}
		cell := f.cell(s, slot.Cell, "", slot.Lot)
		if cell == 0 {
			continue
		}
		f.exec(`INSERT INTO pack_cells (pack_id, slot, group_no, module_no, cell_id, lot_id, lane, reserved_seq)
			VALUES (?, ?, ?, ?, ?, (SELECT lot_id FROM cells WHERE cell_id = ?), ?, ?)
			ON CONFLICT (pack_id, slot) DO UPDATE SET group_no = excluded.group_no, module_no = excluded.module_no,
			cell_id = excluded.cell_id, lot_id = excluded.lot_id, lane = excluded.lane, reserved_seq = excluded.reserved_seq`,
			s.pack, slot.Slot, slot.Group, slot.Module, cell, cell, slot.Lane, s.seq)
	}
}
