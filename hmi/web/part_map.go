package web

import (
	"context"
	"net/url"
	"strconv"

	"linectl/line"
)

// The ways in which a joint stands on the map. All but fine have a shape and a letter.
const (
	jointFine    = "fine"
	jointNOK     = "nok"
	jointUnknown = "unknown"
	jointRework  = "rework"  // it was not good, or was welded again, and is good now
	jointMissing = "missing" // no weld is on record
)

// The map's measures, in its own units. A mark is at least 24 CSS pixels wide where the map is 640 wide.
const (
	mapColumns = 26
	mapStep    = 40
	mapLeft    = 110
)

// jointMap shows every joint of a pack: a row for each module, or more where a module has many.
type jointMap struct {
	Marks         []mark
	Rows          []mapRow
	Width, Height int
	Count         map[string]int
	Odd           []mark // all that are not simply fine
}

// mark is one joint on the map.
type mark struct {
	Joint int
	Look  string
	Tries int
	X, Y  int
	Path  string
	Now   bool
	Row   string
}

type mapRow struct {
	Y     int
	Label string
}

// mapJoints lays out the joints. The records number them through the whole pack; as the recipe gives every module as many, the
// n-th share of them is that of module n.
func mapJoints(d *dossier) *jointMap {
	if len(d.Joints) == 0 {
		return nil
	}
	per := len(d.Joints)
	if n := len(d.Modules); n > 0 && per%n == 0 {
		per /= n
	}
	columns := min(per, mapColumns)
	lines := (per + columns - 1) / columns // of a module
	m := &jointMap{Width: mapLeft + columns*mapStep, Count: map[string]int{}}
	inspected := inspections(d)
	for i, j := range d.Joints {
		module, at := i/per, i%per
		k := mark{
			Joint: j.Joint, Look: lookOf(j, inspected[j.Joint]), Tries: len(j.Welds),
			X: mapLeft + at%columns*mapStep, Y: (module*lines+at/columns)*mapStep + module*6,
			Path: "/part?" + url.Values{"id": {d.Pack}, "joint": {strconv.Itoa(j.Joint)}}.Encode() + "#joint",
		}
		if at%columns == 0 {
			row := mapRow{Y: k.Y}
			last := min(at+columns, per) - at
			row.Label = strconv.Itoa(j.Joint) + "–" + strconv.Itoa(j.Joint+last-1)
			if at == 0 && len(d.Modules) > 0 {
				row.Label = "M" + strconv.Itoa(module+1) + "  " + row.Label
			}
			m.Rows = append(m.Rows, row)
		}
		m.Height = k.Y + mapStep + 4
		m.Count[k.Look]++
		m.Marks = append(m.Marks, k)
		if k.Look != jointFine {
			m.Odd = append(m.Odd, k)
		}
	}
	return m
}

// inspected is what was measured at a joint after its weld.
type inspected struct {
	bad  bool // ever
	last map[string]line.Verdict
}

// inspections collects, for each joint, what its measurements say of it.
func inspections(d *dossier) map[int]*inspected {
	all := map[int]*inspected{}
	for _, a := range d.Attempts {
		if !inspects(a) {
			continue
		}
		for _, m := range a.Measurements {
			if m.Verdict == "" {
				continue
			}
			one := all[m.Index]
			if one == nil {
				one = &inspected{last: map[string]line.Verdict{}}
				all[m.Index] = one
			}
			one.bad = one.bad || m.Verdict != line.OK
			one.last[m.Name] = m.Verdict
		}
	}
	return all
}

func inspects(a attemptRecord) bool {
	return a.Task == int(line.TaskJointResistance) || a.Task == int(line.TaskVision)
}

func welds(a attemptRecord) bool {
	return a.Task >= int(line.TaskWeldLaser) && a.Task <= int(line.TaskWeldUltrasonic)
}

func lookOf(j jointRecord, in *inspected) string {
	if len(j.Welds) == 0 {
		return jointMissing
	}
	worst, bad := line.Verdict(j.Welds[len(j.Welds)-1].Verdict), len(j.Welds) > 1
	if in != nil {
		bad = bad || in.bad
		for _, one := range in.last {
			worst = worst.Worse(one)
		}
	}
	switch {
	case worst == line.Unknown || worst == "":
		return jointUnknown
	case worst == line.NOK:
		return jointNOK
	case bad:
		return jointRework
	}
	return jointFine
}

// joint is one joint with everything that was done to it.
type joint struct {
	mark
	Before, After string // where the neighbours are
	Acts          []jointAct
}

// jointAct is one weld of a joint, or one look at it.
type jointAct struct {
	attemptRecord
	Weld *weldRecord
	Rows []figure
	Wave *curve
	Why  string // why there is no waveform
}

// figure is one measured value as recorded.
type figure struct {
	Name, Value, Limits, Verdict, Code string
}

// curvesAtOnce is how many welds of a joint are drawn, the latest ones.
const curvesAtOnce = 3

// lookAt tells everything of one joint; nil if there is no such joint.
func (p *part) lookAt(ctx context.Context, ask asker, v *View, n int) *joint {
	if p.Map == nil {
		return nil
	}
	at := -1
	for i := range p.Map.Marks {
		if p.Map.Marks[i].Joint == n {
			at = i
			p.Map.Marks[i].Now = true
		}
	}
	if at < 0 {
		return nil
	}
	j := &joint{mark: p.Map.Marks[at]}
	if at > 0 {
		j.Before = p.Map.Marks[at-1].Path
	}
	if at+1 < len(p.Map.Marks) {
		j.After = p.Map.Marks[at+1].Path
	}
	record := p.Joints[at]
	for _, a := range p.Attempts {
		act := jointAct{attemptRecord: a}
		for i := range record.Welds {
			if welds(a) && record.Welds[i].Seq == a.EndSeq {
				act.Weld = &record.Welds[i]
			}
		}
		if act.Weld == nil && !inspects(a) {
			continue
		}
		for _, m := range a.Measurements {
			if act.Weld != nil || m.Index == n {
				act.Rows = append(act.Rows, figure{m.Name, measured(m), within(m), string(m.Verdict), m.Code})
			}
		}
		if act.Weld == nil {
			if len(act.Rows) == 0 {
				continue
			}
			act.Verdict, act.Code, act.Text = worstOf(act.Rows), "", "" // of this joint, not of those beside it
		}
		j.Acts = append(j.Acts, act)
	}
	left := curvesAtOnce
	for i := len(j.Acts) - 1; i >= 0; i-- {
		if a := &j.Acts[i]; a.Weld != nil {
			a.show(ctx, ask, v, left > 0)
			left--
		}
	}
	return j
}

func worstOf(rows []figure) string {
	worst := line.Verdict("")
	for _, r := range rows {
		worst = worst.Worse(line.Verdict(r.Verdict))
	}
	return string(worst)
}

// show gets the waveform of a weld, or says why there is none to see.
func (a *jointAct) show(ctx context.Context, ask asker, v *View, wanted bool) {
	switch {
	case a.Weld.NoWaveform != "":
		a.Why = a.Weld.NoWaveform
	case a.Weld.Waveform == "":
		a.Why = v.T("none is on record")
	case !wanted:
		a.Why = v.T("only the last {} welds are drawn", curvesAtOnce)
	default:
		w, err := ask.waveform(ctx, a.Weld.Waveform)
		if err != nil {
			a.Why = v.T(err.Error())
			return
		}
		a.Wave = w.draw()
	}
}
