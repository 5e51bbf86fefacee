package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"linectl/line"
	"linectl/traceability"
)

// writeDossier shows one pack on one or two pages: what it is, what was done to it, what is not good and what is missing.
// Single readings that are OK are left to --json.
func writeDossier(out io.Writer, d *traceability.Dossier) error {
	mark := ""
	if d.Simulated {
		mark = "  [SIMULATED]"
	}
	fmt.Fprintf(out, "%s  %s%s\n", d.Pack, d.State, mark)
	fmt.Fprintf(out, "found by %s\n", d.Found)
	fmt.Fprintf(out, "product %s revision %s, recipe %.12s, order %s number %d\n", d.Product, d.Revision, d.RecipeHash, d.Order, d.Number)
	fmt.Fprintf(out, "serial %s, first pass %s, build state %d, began %s, took %s, software %s\n", dash(d.Serial), yes(d.FirstPass), d.Build, stamp(d.Begun), took(d.Summary), d.Started.Version)
	for _, e := range d.Dispositions {
		fmt.Fprintf(out, "%s: %s (entry %d)\n", e.Disposition, e.Reason, e.Seq)
	}
	for _, r := range d.Reservations {
		fmt.Fprintf(out, "cells: %s (%s)\n", r.Reason, r.Strategy)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	dossierSteps(w, d)
	dossierCells(w, d)
	dossierNotGood(w, d)
	dossierWelds(w, d)
	dossierPeople(w, d)
	if err := w.Flush(); err != nil {
		return err
	}
	if len(d.Missing) == 0 {
		_, err := fmt.Fprintln(out, "\nnothing mandatory is missing")
		return err
	}
	_, err := fmt.Fprintf(out, "\nMISSING\n  %s\n", strings.Join(d.Missing, "\n  "))
	return err
}

func dossierSteps(w io.Writer, d *traceability.Dossier) {
	fmt.Fprintln(w, "\nSTEP\tSTATION\tBUILD\tVERDICT\tACTS\tAT\tNOTE")
	for _, s := range d.Steps {
		note := s.Text
		if s.Invalidated > 0 {
			note = strings.TrimSpace(fmt.Sprintf("no longer counts (rework, entry %d) %s", s.Invalidated, note))
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\t%s\t%s\n", s.Step, s.Station, s.Build, s.Verdict, s.Acts, stamp(s.At), note)
	}
}

func dossierCells(w io.Writer, d *traceability.Dossier) {
	fmt.Fprintln(w, "\nMODULE\tSLOT\tGROUP\tCELL\tLOT\tOCV\tACIR\tCAPACITY")
	for _, m := range d.Modules {
		for _, c := range m.Cells {
			code := c.Placed
			if code == "" {
				code = string(c.Cell) + " (not placed)"
			}
			ocv, acir, capacity := "-", "-", "-"
			if n := len(c.Gradings); n > 0 {
				g := c.Gradings[n-1]
				ocv, acir = reading(g.Measurements, "ocv"), reading(g.Measurements, "acir")
				capacity = line.Format(g.CapacityAh, "Ah")
			}
			fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", m.Number, c.Slot, c.Group, code, c.Lot, ocv, acir, capacity)
		}
	}
	if len(d.Lots) > 0 {
		fmt.Fprintln(w, "\nMATERIAL\tLOT\tAT\tUSED")
		for _, l := range d.Lots {
			fmt.Fprintf(w, "%s\t%s\t%s\t%.4g\n", l.Item, l.Lot, l.Station, l.Quantity)
		}
	}
}

// reading returns one measurement in words.
func reading(list []line.Measurement, name string) string {
	for _, m := range list {
		if m.Name == name && m.Value != nil {
			return line.Format(*m.Value, m.Unit)
		}
	}
	return "-"
}

// dossierNotGood shows every act that was repeated, not OK, refused or never explained.
func dossierNotGood(w io.Writer, d *traceability.Dossier) {
	fmt.Fprintln(w, "\nACT\tAT\tINDEX\tATTEMPT\tEND\tVERDICT\tWHY")
	counted := map[line.StationID]int{}
	var order []line.StationID
	shown := 0
	for _, a := range d.Attempts {
		if counted[a.Station]++; counted[a.Station] == 1 {
			order = append(order, a.Station)
		}
		if a.End == "done" && (a.Verdict == line.OK || a.Verdict == "") && a.Attempt <= 1 && !a.Rework {
			continue
		}
		shown++
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", a.Name, a.Station, a.Index, a.Attempt, dash(a.End), dash(string(a.Verdict)), dash(andDecided(a.Text, a.Decided)))
	}
	switch {
	case len(d.Attempts) == 0:
		fmt.Fprintln(w, "no act yet")
		return
	case shown == 0:
		fmt.Fprintln(w, "every act was good the first time")
	}
	var totals []string
	for _, s := range order {
		totals = append(totals, fmt.Sprintf("%s %d", s, counted[s]))
	}
	fmt.Fprintf(w, "%d acts in all: %s; %d joints\n", len(d.Attempts), strings.Join(totals, ", "), len(d.Joints))
}

// andDecided puts what people have decided behind what was known before.
func andDecided(known, decided string) string {
	return strings.TrimPrefix(strings.TrimSuffix(known+"; "+decided, "; "), "; ")
}

// dossierWelds shows every weld with the name of its waveform.
func dossierWelds(w io.Writer, d *traceability.Dossier) {
	if len(d.Joints) == 0 {
		return
	}
	fmt.Fprintln(w, "\nJOINT\tWELD\tATTEMPT\tVERDICT\tWAVEFORM")
	for _, j := range d.Joints {
		for _, weld := range j.Welds {
			waveform := dash(weld.Waveform)
			if weld.NoWaveform != "" {
				waveform = "missing: " + weld.NoWaveform
			}
			fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s\n", j.Joint, weld.Task, weld.Attempt, dash(andDecided(string(weld.Verdict), weld.Decided)), waveform)
		}
	}
}

// dossierQuarantine shows who has said what of it while it lay in quarantine, and how it was shown who they are.
func dossierQuarantine(w io.Writer, d *traceability.Dossier) {
	if len(d.Quarantine) == 0 {
		return
	}
	fmt.Fprintln(w, "\nQUARANTINE\tWHAT\tBY\tSHOWN BY\tAT\tWHY")
	for _, q := range d.Quarantine {
		what, proof := string(q.Decision), string(q.Proof)
		if q.Saw != "" {
			what = string(q.Saw)
		}
		if proof == "" {
			proof = "name only"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", q.Word, what, q.By, proof, stamp(q.At), q.Why)
	}
}

func dossierPeople(w io.Writer, d *traceability.Dossier) {
	dossierQuarantine(w, d)
	if len(d.Reworks) > 0 {
		fmt.Fprintln(w, "\nREWORK\tINDEXES\tBUILD\tBY\tWHY\tREPEATS")
		for _, r := range d.Reworks {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", r.Step, dash(spans(r.Indexes)), r.Build, r.By, r.Why, words(r.Invalidates))
		}
	}
	if len(d.Holds) > 0 {
		fmt.Fprintln(w, "\nHOLD\tBY\tREASON\tRELEASED BY")
		for _, h := range d.Holds {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", h.Subject, h.By, h.Reason, dash(h.ReleasedBy))
		}
	}
	if len(d.Alarms) > 0 {
		fmt.Fprintln(w, "\nALARM\tAT\tSEVERITY\tTEXT")
		for _, a := range d.Alarms {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", a.Alarm, stamp(a.At), a.Severity, a.Text)
			for _, c := range a.Actions {
				fmt.Fprintf(w, "  %s\t%s\t\t%s\n", c.Action, stamp(c.At), strings.TrimSpace(c.By+" "+c.Why))
			}
		}
	}
}

// spans writes numbers with their runs drawn together: 3, 6-32.
func spans(numbers []int) string {
	var list []string
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		span := fmt.Sprint(numbers[i])
		if last > i {
			span = fmt.Sprintf("%s-%d", span, numbers[last])
		}
		list, i = append(list, span), last+1
	}
	return strings.Join(list, ", ")
}
