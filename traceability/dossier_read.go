package traceability

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"linectl/line"
)

// Pack returns the dossier of a pack, found by its working identity, serial, a module's name or the code of any cell in it.
// An identity that the records do not know is a *NotFoundError.
func (r *Reader) Pack(ctx context.Context, id string) (*Dossier, error) {
	d := &Dossier{}
	err := r.view(ctx, func(q querier) (err error) {
		d.Summary, d.Found, err = find(ctx, q, id)
		if err != nil {
			return err
		}
		for _, read := range []func(context.Context, querier) error{
			d.readGenealogy, d.readWay, d.readAttempts, d.readJoints, d.readDecisions, d.readHolds, d.readAround,
		} {
			if err := read(ctx, q); err != nil {
				return fmt.Errorf("dossier of pack %s: %w", d.Pack, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.settle()
	d.findMissing()
	return d, nil
}

func (d *Dossier) readGenealogy(ctx context.Context, q querier) (err error) {
	d.Modules, err = list(ctx, q, func(m *Module) []any { return []any{&m.Number, &m.Name} },
		"SELECT number, name FROM modules WHERE pack_id = ? ORDER BY number", d.id)
	if err != nil {
		return err
	}
	type place struct {
		module int
		PlaceCell
	}
	cells, err := list(ctx, q, func(p *place) []any {
		return []any{
			&p.module, &p.Slot, &p.Group, &p.identifier,
			text[line.CellID]{&p.Cell},
			&p.Item,
			text[line.LotID]{&p.Lot},
			text[string]{&p.Placed},
			maybeAt{&p.PlacedAt},
			whole[int64]{&p.PlacedSeq},
		}
	}, `SELECT pc.module_no, pc.slot, pc.group_no, c.cell_id, c.code, c.item, l.name, pc.placed_cell, pc.placed_us, pc.placed_seq
		FROM pack_cells pc JOIN cells c USING (cell_id) LEFT JOIN lots l ON l.lot_id = pc.lot_id WHERE pc.pack_id = ? ORDER BY pc.slot`, d.id)
	if err != nil {
		return err
	}
	for _, c := range cells {
		if err := readCellHistory(ctx, q, &c.PlaceCell); err != nil {
			return err
		}
		for i := range d.Modules {
			if d.Modules[i].Number == c.module {
				d.Modules[i].Cells = append(d.Modules[i].Cells, c.PlaceCell)
			}
		}
	}
	d.Reservations, err = list(ctx, q, func(r *Reservation) []any {
		return []any{&r.Seq, at{&r.At}, &r.Strategy, fromJSON{&r.Spread}, &r.Bound, &r.Reason}
	}, "SELECT seq, at_us, strategy, spread, bound, reason FROM reservations WHERE pack_id = ? ORDER BY seq", d.id)
	if err != nil {
		return err
	}
	d.Lots, err = list(ctx, q, func(u *LotUse) []any {
		return []any{&u.Seq, text[line.StationID]{&u.Station}, &u.Item, text[line.LotID]{&u.Lot}, &u.Quantity, maybeAt{&u.Expiry}}
	}, `SELECT pl.seq, s.station, l.item, l.name, pl.quantity, (SELECT expiry_us FROM materials m WHERE m.lot_id = pl.lot_id
			AND m.seq < pl.seq ORDER BY m.seq DESC LIMIT 1)
		FROM pack_lots pl JOIN lots l USING (lot_id) JOIN steps s ON s.pack_id = pl.pack_id AND s.seq = pl.seq
		WHERE pl.pack_id = ? ORDER BY pl.seq, pl.ordinal`, d.id)
	return err
}

func (d *Dossier) readWay(ctx context.Context, q querier) (err error) {
	starts, err := list(ctx, q, func(v *Versions) []any { return []any{whole[uint16]{&v.Fence}, &v.Version} },
		"SELECT fence, version FROM line_starts WHERE seq <= ? ORDER BY seq DESC LIMIT 1", d.seq)
	if err != nil {
		return err
	}
	if len(starts) > 0 {
		d.Started = starts[0]
	}
	d.Moves, err = list(ctx, q, func(m *Move) []any {
		return []any{&m.Seq, at{&m.At}, text[line.StationID]{&m.Station}, text[line.StationID]{&m.To}}
	}, "SELECT seq, at_us, station, to_station FROM moves WHERE pack_id = ? ORDER BY seq", d.id)
	if err != nil {
		return err
	}
	d.Steps, err = list(ctx, q, func(s *Step) []any {
		return []any{
			&s.Seq,
			at{&s.At},
			text[line.StationID]{&s.Station},
			text[line.Kind]{&s.Step},
			&s.Build,
			text[line.Verdict]{&s.Verdict},
			fromJSON{&s.Codes},
			&s.Text, &s.Acts, &s.Clean,
			fromJSON{&s.NOK},
			text[line.Disposition]{&s.Next},
			whole[int64]{&s.Invalidated},
		}
	}, `SELECT seq, at_us, station, step, build, verdict, codes, text, acts, clean, nok, next, invalidated_seq
		FROM steps WHERE pack_id = ? ORDER BY seq`, d.id)
	return err
}

const attemptQuery = `SELECT a.seq, a.at_us, a.token, a.station, d.name, a.task, a.part, a.index_no, a.attempt, a.rework, a.params, a.recipe_hash,
	a.end_kind, a.end_seq, a.end_us, a.end_part, a.outcome, a.reason, a.verdict, a.code, a.text, a.effect_count, a.simulated, a.evidence
	FROM attempts a JOIN devices d USING (device_id) WHERE a.pack_id = ? ORDER BY a.seq`

const packMeasurements = "m.pack_id = ?"

func (d *Dossier) readAttempts(ctx context.Context, q querier) (err error) {
	d.Attempts, err = list(ctx, q, func(a *Attempt) []any {
		return []any{
			&a.Seq,
			at{&a.At},
			whole[line.Token]{&a.Token},
			text[line.StationID]{&a.Station},
			text[line.DeviceID]{&a.Device},
			whole[line.Task]{&a.Task},
			&a.Part, &a.Index, &a.Attempt, &a.Rework,
			fromJSON{&a.Params},
			&a.RecipeHash,
			text[string]{&a.End},
			whole[int64]{&a.EndSeq},
			maybeAt{&a.EndAt},
			text[string]{&a.EndPart},
			whole[line.Outcome]{&a.Outcome},
			whole[uint16]{&a.Reason},
			text[line.Verdict]{&a.Verdict},
			text[string]{&a.Code},
			text[string]{&a.Text},
			whole[uint32]{&a.EffectCount},
			flag{&a.Simulated},
			fromJSON{&a.Evidence},
		}
	}, attemptQuery, d.id)
	if err != nil {
		return err
	}
	readings, err := readMeasurements(ctx, q, packMeasurements, d.id)
	for i := range d.Attempts {
		a := &d.Attempts[i]
		a.Name = a.Task.String()
		a.Measurements = readings[a.EndSeq]
	}
	return err
}

func (d *Dossier) readJoints(ctx context.Context, q querier) error {
	type weld struct {
		joint int
		Weld
	}
	d.Joints = []Joint{}
	welds, err := list(ctx, q, func(w *weld) []any {
		return []any{
			&w.joint, &w.Seq,
			whole[line.Task]{&w.Task},
			&w.Attempt, &w.Rework,
			text[line.Verdict]{&w.Verdict},
			&w.Code,
			whole[int64]{&w.Superseded},
			text[string]{&w.Waveform},
			text[string]{&w.NoWaveform},
		}
	}, `SELECT joint, seq, task, attempt, rework, verdict, code, superseded_seq, waveform, no_waveform
		FROM joints WHERE pack_id = ? ORDER BY joint, seq`, d.id)
	for _, w := range welds {
		if n := len(d.Joints); n == 0 || d.Joints[n-1].Joint != w.joint {
			d.Joints = append(d.Joints, Joint{Joint: w.joint})
		}
		last := &d.Joints[len(d.Joints)-1]
		last.Welds = append(last.Welds, w.Weld)
	}
	return err
}

func (d *Dossier) readDecisions(ctx context.Context, q querier) (err error) {
	d.Reworks, err = list(ctx, q, func(r *Rework) []any {
		return []any{
			&r.Seq, at{&r.At}, text[line.Kind]{&r.Step}, fromJSON{&r.Indexes}, &r.Build, &r.By, &r.Why, fromJSON{&r.Invalidates},
		}
	}, `SELECT r.seq, r.at_us, r.step, r.indexes, r.build, r.decider, r.why,
			(SELECT json_group_array(i.step) FROM invalidations i WHERE i.pack_id = r.pack_id AND i.seq = r.seq)
		FROM reworks r WHERE r.pack_id = ? ORDER BY r.seq`, d.id)
	if err != nil {
		return err
	}
	d.Dispositions, err = list(ctx, q, func(p *Disposition) []any {
		return []any{
			&p.Seq, at{&p.At}, text[line.PackState]{&p.Disposition}, &p.Serial, &p.FirstPass, &p.Reason, fromJSON{&p.Evidence},
		}
	}, "SELECT seq, at_us, disposition, serial, first_pass, reason, evidence FROM dispositions WHERE pack_id = ? ORDER BY seq", d.id)
	if err != nil {
		return err
	}
	return d.readQuarantine(ctx, q)
}

func (d *Dossier) readHolds(ctx context.Context, q querier) error {
	subjects := map[string]bool{string(d.Pack): true}
	for _, m := range d.Modules {
		for _, c := range m.Cells {
			subjects[string(c.Lot)] = true
		}
	}
	for _, u := range d.Lots {
		subjects[string(u.Lot)] = true
	}
	delete(subjects, "")
	d.Holds = []Hold{}
	for subject := range subjects {
		holds, err := list(ctx, q, func(h *Hold) []any {
			return []any{
				&h.Seq, at{&h.At}, &h.Subject, &h.Reason, &h.By, maybeAt{&h.ReleasedAt}, text[string]{&h.ReleasedBy}, text[string]{&h.ReleasedReason},
			}
		}, "SELECT seq, at_us, subject, reason, holder, released_us, released_by, released_reason FROM holds WHERE subject = ?", subject)
		if err != nil {
			return err
		}
		d.Holds = append(d.Holds, holds...)
	}
	slices.SortFunc(d.Holds, func(a, b Hold) int { return cmp.Compare(a.Seq, b.Seq) })
	return nil
}

// visit is the time of a pack at a station, by journal entries.
type visit struct {
	station  line.StationID
	from, to int64
}

// visits pairs arrivals with departures. A pack that has not left is there until the end of the journal.
func (d *Dossier) visits() (all []visit) {
	for _, m := range d.Moves {
		if m.To == "" {
			all = append(all, visit{m.Station, m.Seq, math.MaxInt64})
		} else if n := len(all); n > 0 && all[n-1].station == m.Station {
			all[n-1].to = m.Seq
		}
	}
	return all
}
