package campaign

// Mutant is one mistake that a programmer could make in the product: a piece of a file, and what stands there instead. The files
// themselves are never touched: the compiler is given another text for them.
type Mutant struct {
	Name     string
	File     string    // from the root of the module
	Old, New string    // Old stands in the file exactly once
	Also     [2]string // another piece of the same file and what stands there instead
}

// Quick are mutants that a few trials find. make test looks for them, make sim for all.
var Quick = []string{
	"any result is taken for the open act's", "an act that runs is given up at once", "the result of another part is taken",
	"a request that comes twice is done twice", "the intent does not say which recipe",
}

// none is no other piece.
var none [2]string

// Mutants are the mistakes that a campaign must find.
var Mutants = []Mutant{
	{"idle without a result counts as not begun", "plc/rules.go", "case line.PhaseIdle:\n\t\treturn doubtful,", "case line.PhaseIdle:\n\t\treturn notAccepted,", none},
	{"interrupted counts as not begun", "plc/rules.go", "case line.PhaseInterrupted:\n\t\treturn doubtful,", "case line.PhaseInterrupted:\n\t\treturn notAccepted,", none},
	{"any result is taken for the open act's", "plc/rules.go", "s.LastCompleted == token:", "s.LastCompleted != 0:", none},
	{"an act that runs is given up at once", "plc/judge.go", "case running:\n\t\treturn false\n\tcase doubtful:\n\t\treturn h.unknown(now, out, why)", "case running:\n\t\treturn h.unknown(now, out, why)\n\tcase doubtful:\n\t\treturn h.unknown(now, out, why)", none},

	{"an act is void before it is on record that it is given up", "plc/judge.go", "\th.open.doubt = &doubt\n", "", none},
	{"the result of another part is taken", "stations/act.go", `if a.Part != "" && r.Part != a.Part {`, `if false && a.Part != "" && r.Part != a.Part {`, none},
	{"the device's own NOK is ignored", "stations/act.go", "j.Verdict, j.Text = line.NOK, fmt.Sprintf(\"%s: device says NOK", "j.Verdict, j.Text = line.OK, fmt.Sprintf(\"%s: device says NOK", none},
	{"limits do not count", "stations/act.go", "j.Verdict = j.Verdict.Worse(m.Verdict)", "_ = j.Verdict.Worse(m.Verdict)", none},
	{"values are numbered one too high", "stations/act.go", "index += i", "index += i + 1", none},
	{"values are rounded", "stations/act.go", "a.Limits[k].Measure(index, v), true", "a.Limits[k].Measure(index, float64(int64(v*1e4))/1e4), true", none},
	{"what was not measured is OK", "stations/act.go", "if !measured {", "if !measured || m.Value == nil {", none},
	{"an act that nobody knows of is passed over", "stations/machine.go", "m.visit.quarantine(f)", "_ = f", none},
	{"a mark is made again when it was not good", "stations/visit.go", "v.attempt-v.unknown <= a.retests(done.Measurements)", "v.attempt-v.unknown <= 1+a.retests(done.Measurements)", none},
	{"a restart forgets what was open", "stations/state.go", "func (m *Machine) Resume(now time.Time) {\n", "func (m *Machine) Resume(now time.Time) {\n\tm.next = nil\n", none},
	{"the intent does not say which recipe", "stations/run.go", "in.RecipeHash = m.visit.Recipe.Hash", "in.RecipeHash = \"\"", none},

	{"a token is given out twice", "supervisor/line.go", "line.NewToken(l.fence, l.sequence+1)", "line.NewToken(l.fence, max(l.sequence, 1))", none},
	{"a request that comes twice is done twice", "supervisor/answer.go", "if known, ok := l.answered.find(q.Account, q.ID); ok {", "if known, ok := l.answered.find(q.Account, q.ID); ok && known.Request == \"\" {", none},
	{"a rejected cell goes into the pool", "supervisor/cells.go", "good: f.Verdict == line.OK}", "good: true}", none},
	{"a cell stays in the pool when it is taken", "supervisor/cells.go", "s.pool = append(s.pool[:i:i], s.pool[i+1:]...)", "_ = i", none},
	{"a pack of unknown state is released", "supervisor/flow.go", "case done.Verdict == line.Unknown:\n\t\tend.Disposition = line.Quarantined", "case done.Verdict == line.Unknown:\n\t\tend.Disposition = line.Released", none},
	{"every pack that is not good is quarantined", "supervisor/flow.go", "case done.Verdict == line.Unknown:\n\t\tend.Disposition", "case done.Verdict != line.OK:\n\t\tend.Disposition", none},
	{"a pack that is not good goes on", "supervisor/flow.go", "case p.blame != \"\" && (last.verdict == line.NOK", "case false && p.blame != \"\" && (last.verdict == line.NOK", none},
	{"a serial is issued twice", "supervisor/apply.go", "l.serials[prefix]++", "l.serials[prefix] = 1", none},
	{"a state of PackML is skipped", "packml/table.go", "{CmdStart, []State{Idle}, Starting}", "{CmdStart, []State{Idle}, Execute}", none},
	{"an alarm is raised while it stands", "alarms/watch.go", "if b.Active(id) {", "if b.Active(id) && now.IsZero() {", none},

	{"an intent is not committed", "supervisor/line.go", "l.out.Records = append(l.out.Records, r)", "if _, is := r.Fact.(line.Intent); !is {\n\t\tl.out.Records = append(l.out.Records, r)\n\t}", none},
	{"an act begins before its intent is durable", "supervisor/line.go", "l.out.Jobs = append(l.out.Jobs, j)", "if j.Op == line.Execute {\n\t\tl.out.Stops = append(l.out.Stops, j)\n\t\treturn\n\t}\n\tl.out.Jobs = append(l.out.Jobs, j)", none},
	{"a device is told of an end before it is on record", "supervisor/line.go", "l.out.Jobs = append(l.out.Jobs, j)", "if j.Op == line.Acknowledge {\n\t\tl.out.Stops = append(l.out.Stops, j)\n\t\treturn\n\t}\n\tl.out.Jobs = append(l.out.Jobs, j)", none},
	{"a pack is released without the end-of-line test", "stations/endofline.go", "range v.Recipe.EOL {", "range v.Recipe.EOL[:0] {", none},
	{"a step of the end-of-line test is left out", "stations/endofline.go", `if s.NotRequired != ""`, `if s.Step == 5 || s.NotRequired != ""`, none},
	{"a verdict is made by a stale token", "plc/rules.go", "s.LastCompleted == token:", "s.LastCompleted != 0 && s.Phase == line.PhaseIdle || s.LastCompleted == token:", [2]string{"Token: s.LastCompleted, Outcome", "Token: h.open.token, Outcome"}},
	{"an act goes on with a new token after a restart", "stations/run.go", "m.parked, m.since = false, now\n", "again := *m.next\n\tagain.Token = m.host.Token()\n\tm.host.Record(line.Record{At: now, Station: m.ID, Pack: m.pack(), Fact: again})\n\tm.parked, m.since = false, now\n", none},
	{"an alarm counts as seen after a restart", "supervisor/apply.go", "l.meter.Begin(r.At)\n", "l.meter.Begin(r.At)\n\t\tfor _, a := range l.alarms.All() {\n\t\t\tl.meter.Follow(&l.alarms, line.Record{At: r.At, Station: a.Station, Fact: line.AlarmAcknowledged{Alarm: a.Alarm}})\n\t\t}\n", none},
	{"somebody inspects before the act is void", "supervisor/quarantine.go", "if waits := l.voided(p); waits != \"\" {\n\t\treturn \"\", errors.New(waits)\n\t}\n\tf := line.QuarantineInspected", "if waits := l.voided(p); waits == \"nothing\" {\n\t\treturn \"\", errors.New(waits)\n\t}\n\tf := line.QuarantineInspected", none},
	{"one person decides alone on quarantine", "supervisor/quarantine.go", "if strings.EqualFold(strings.TrimSpace(first.By), strings.TrimSpace(q.By)) {", "if strings.EqualFold(strings.TrimSpace(p.quarantine.inspected.By), strings.TrimSpace(q.By)) {", none},
	{"the fence is the device's", "plc/handshake.go", "c.Fence, c.BootEpoch = h.fence, h.last.BootEpoch", "c.Fence, c.BootEpoch = max(h.last.FenceHighest, 1), h.last.BootEpoch", none},
	{"a guard that is open is not looked at", "stations/device.go", "if d.Up && d.Status.Permissives&allPermissives == allPermissives &&", "if d.Up &&", none},
	{"every weld is flagged as rework", "stations/weld.go", "a.Rework = v.Only != nil", "a.Rework = true", none},
	{"what a person has asked for is not recorded", "supervisor/answer.go", "l.audited(now, q, words, before, reply)\n", "_, _ = words, before\n", none},
	{"a scrapped pack leaves as good", "supervisor/flow.go", "case p.disposed():\n\t\treturn line.Quarantine", "case p.disposed():\n\t\treturn line.Shipped", none},
}
