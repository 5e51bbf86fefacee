package traceability

import (
	"fmt"

	"linectl/line"
)

// ModuleName is the identity of a module of a pack, number from 1: EV-P1-000001-M03.
func ModuleName(pack line.PackID, number int) string { return fmt.Sprintf("%s-M%02d", pack, number) }

// pack returns the key of a pack by its working identity, 0 for none. A pack of which the journal has not said that it
// started gets a bare row, so that nothing said of it is lost.
func (f *fold) pack(s scope, name string) int64 {
	if name == "" {
		return 0
	}
	if id, ok := f.packs[name]; ok {
		return id
	}
	id := f.number("SELECT pack_id FROM packs WHERE name = ?", name)
	if id == 0 {
		id = f.exec(`INSERT INTO packs (name, product, number, simulated, seq, at_us, build, state, station, first_pass)
			VALUES (?, '', 0, ?, ?, ?, 1, ?, '', 0)`, name, f.simulated, s.seq, s.micros, string(line.InProcess))
	}
	f.packs[name] = id
	return id
}

func (f *fold) packStarted(s scope, name string, fact line.PackStarted) {
	if name == "" {
		return // The journal has it; there is no pack to put it to.
	}
	id := f.pack(s, name)
	f.exec("UPDATE packs SET product = ?, order_id = ?, number = ?, recipe_id = ?, simulated = ?, seq = ?, at_us = ? WHERE pack_id = ?",
		fact.Product, f.order(s, fact), fact.Number, f.recipe(s, fact.Hash, fact.Product, fact.Revision), f.simulated, s.seq, s.micros, id)
}

// recipe returns the key of a recipe revision by its hash, nil for none.
func (f *fold) recipe(s scope, hash, product, revision string) any {
	if hash == "" {
		return nil
	}
	id := f.number("SELECT recipe_id FROM recipes WHERE hash = ?", hash)
	if id == 0 {
		id = f.exec("INSERT INTO recipes (hash, product, revision, seq) VALUES (?, ?, ?, ?)", hash, product, revision, s.seq)
	}
	return id
}

func (f *fold) recipePinned(s scope, fact line.RecipePinned) {
	id := f.recipe(s, fact.Hash, fact.Product, fact.Revision)
	f.exec("UPDATE recipes SET source = ?, seq = ? WHERE recipe_id = ? AND source IS NULL", fact.Source, s.seq, id)
}

func (f *fold) orderAdded(s scope, fact line.OrderAdded) {
	f.exec("INSERT INTO orders (name, product, recipe_id, quantity, seq, at_us) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		string(fact.Order), fact.Product, f.recipe(s, fact.Hash, fact.Product, fact.Revision), fact.Quantity, s.seq, s.micros)
}

// order returns the key of the order that a pack belongs to, nil for none.
func (f *fold) order(s scope, fact line.PackStarted) any {
	if fact.Order == "" {
		return nil
	}
	id := f.number("SELECT order_id FROM orders WHERE name = ?", string(fact.Order))
	if id == 0 {
		id = f.exec("INSERT INTO orders (name, product, quantity, seq, at_us) VALUES (?, ?, 0, ?, ?)",
			string(fact.Order), fact.Product, s.seq, s.micros)
	}
	return id
}

func (f *fold) partArrived(s scope, fact line.PartArrived) {
	f.exec("INSERT INTO moves (pack_id, seq, at_us, station, part) VALUES (?, ?, ?, ?, ?)", s.pack, s.seq, s.micros, s.station, fact.Part)
	f.position(s, fact.Part, s.station)
}

func (f *fold) partMoved(s scope, fact line.PartMoved) {
	f.exec("INSERT INTO moves (pack_id, seq, at_us, station, part, to_station) VALUES (?, ?, ?, ?, ?, ?)",
		s.pack, s.seq, s.micros, s.station, fact.Part, string(fact.To))
	f.position(s, fact.Part, string(fact.To))
}

func (f *fold) position(s scope, part, station string) {
	f.exec(`INSERT INTO positions (part, station, seq) VALUES (?, ?, ?)
		ON CONFLICT (part) DO UPDATE SET station = excluded.station, seq = excluded.seq`, part, station, s.seq)
	if s.pack != 0 {
		f.exec("UPDATE packs SET station = ? WHERE pack_id = ?", station, s.pack)
	}
}

func (f *fold) stepDone(s scope, fact line.StepDone) {
	f.exec(`INSERT INTO steps (pack_id, seq, at_us, station, part, step, build, verdict, codes, text, acts, clean, nok, next)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.pack, s.seq, s.micros, s.station, fact.Part, string(fact.Step), fact.Build,
		string(fact.Verdict), f.json(fact.Codes), fact.Text, fact.Acts, fact.Clean,
		f.json(fact.NOK), string(fact.Next))
	for i, used := range fact.Used {
		f.exec("INSERT INTO pack_lots (pack_id, seq, ordinal, lot_id, quantity) VALUES (?, ?, ?, ?, ?)",
			s.pack, s.seq, i, f.lotKey(s, used.Lot, used.Item), used.Quantity)
	}
}

// reworkDecided opens a new build state. The steps that it names no longer count, and neither do the welds of its joints.
func (f *fold) reworkDecided(s scope, fact line.ReworkDecided) {
	f.exec("INSERT INTO reworks (pack_id, seq, at_us, step, indexes, build, decider, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		s.pack, s.seq, s.micros, string(fact.Step), f.json(fact.Indexes), fact.Build, fact.By, fact.Why)
	for _, step := range fact.Invalidates {
		f.exec("INSERT INTO invalidations (pack_id, seq, step) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", s.pack, s.seq, string(step))
		f.exec("UPDATE steps SET invalidated_seq = ? WHERE pack_id = ? AND step = ? AND invalidated_seq IS NULL", s.seq, s.pack, string(step))
	}
	if fact.Step == line.Weld {
		for _, joint := range fact.Indexes {
			f.exec("UPDATE joints SET superseded_seq = ? WHERE pack_id = ? AND joint = ? AND superseded_seq IS NULL", s.seq, s.pack, joint)
		}
	}
	f.exec("UPDATE packs SET build = ?, state = ? WHERE pack_id = ?", fact.Build, string(line.InRework), s.pack)
}

func (f *fold) packDisposed(s scope, name string, fact line.PackDisposed) {
	f.exec(`INSERT INTO dispositions (pack_id, seq, at_us, disposition, serial, first_pass, reason, evidence)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, s.pack, s.seq, s.micros, string(fact.Disposition), fact.Serial, fact.FirstPass,
		fact.Reason, f.json(fact.Evidence))
	var serial any
	if fact.Serial != "" {
		serial = fact.Serial
	}
	f.exec("UPDATE packs SET state = ?, serial = ?, first_pass = ?, disposed_seq = ?, disposed_us = ? WHERE pack_id = ?",
		string(fact.Disposition), serial, fact.FirstPass, s.seq, s.micros, s.pack)
	delete(f.packs, name)
}
