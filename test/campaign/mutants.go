package campaign

// Mutant is one mistake that a programmer could make in the product: a piece of a file, and what stands there instead. The files
// themselves are never touched: the compiler is given another text for them.
type Mutant struct {
	Name     string
	File     string // from the root of the module
	Old, New string // Old stands in the file exactly once
}

// Quick are mutants that a few trials find. make test looks for them, make sim for all.
var Quick = []string{"any result is taken for the open act's", "an act that runs is given up at once", "the result of another part is taken"}

// Mutants are the mistakes that a campaign must find.
var Mutants = []Mutant{
	{"a device that has forgotten is believed", "plc/rules.go", "case s.RetainID != retainID:", "case false && s.RetainID != retainID:"},
	{"idle without a result counts as not begun", "plc/rules.go", "case line.PhaseIdle:\n\t\treturn doubtful,", "case line.PhaseIdle:\n\t\treturn notAccepted,"},
	{"interrupted counts as not begun", "plc/rules.go", "case line.PhaseInterrupted:\n\t\treturn doubtful,", "case line.PhaseInterrupted:\n\t\treturn notAccepted,"},
	{"any result is taken for the open act's", "plc/rules.go", "s.LastCompleted == token:", "s.LastCompleted != 0:"},
	{"an act that runs is given up at once", "plc/judge.go", "case running:\n\t\treturn false\n\tcase doubtful:\n\t\treturn h.unknown(now, out, why)", "case running:\n\t\treturn h.unknown(now, out, why)\n\tcase doubtful:\n\t\treturn h.unknown(now, out, why)"},

	{"the result of another part is taken", "stations/act.go", `if a.Part != "" && r.Part != a.Part {`, `if false && a.Part != "" && r.Part != a.Part {`},
	{"the device's own NOK is ignored", "stations/act.go", "j.Verdict, j.Text = line.NOK, fmt.Sprintf(\"%s: device says NOK", "j.Verdict, j.Text = line.OK, fmt.Sprintf(\"%s: device says NOK"},
	{"limits do not count", "stations/act.go", "j.Verdict = j.Verdict.Worse(m.Verdict)", "_ = j.Verdict.Worse(m.Verdict)"},
	{"values are numbered one too high", "stations/act.go", "index += i", "index += i + 1"},
	{"values are rounded", "stations/act.go", "a.Limits[k].Measure(index, v), true", "a.Limits[k].Measure(index, math.Round(v*1e4)/1e4), true"},
	{"what was not measured is OK", "stations/act.go", "if !measured {", "if !measured || m.Value == nil {"},
	{"an act of unknown outcome is recorded as done", "stations/run.go", "if m.act.Task.Spec().Repeatable || m.act.Task == line.TaskRelease {", "if true {"},
	{"an act that nobody knows of is passed over", "stations/machine.go", "m.visit.quarantine(f)", "_ = f"},
	{"a mark is made again when it was not good", "stations/visit.go", "v.attempt-v.unknown <= a.retests(done.Measurements)", "v.attempt-v.unknown <= 1+a.retests(done.Measurements)"},
	{"a restart forgets what was open", "stations/state.go", "func (m *Machine) Resume(now time.Time) {\n", "func (m *Machine) Resume(now time.Time) {\n\tm.next = nil\n"},
	{"the intent does not say which memory it was for", "stations/run.go", "RetainID: d.Status.RetainID, Effects", "RetainID: 0, Effects"},
	{"the intent does not say which recipe", "stations/run.go", "in.RecipeHash = m.visit.Recipe.Hash", "in.RecipeHash = \"\""},

	{"a token is given out twice", "supervisor/line.go", "line.NewToken(l.fence, l.sequence+1)", "line.NewToken(l.fence, max(l.sequence, 1))"},
	{"a request that comes twice is done twice", "supervisor/answer.go", "if known, ok := l.answered.find(q.Account, q.ID); ok {", "if known, ok := l.answered.find(q.Account, q.ID); ok && known.Request == \"\" {"},
	{"a rejected cell goes into the pool", "supervisor/cells.go", "good: f.Verdict == line.OK}", "good: true}"},
	{"a cell stays in the pool when it is taken", "supervisor/cells.go", "s.pool = append(s.pool[:i:i], s.pool[i+1:]...)", "s.pool = append(s.pool[:0:0], s.pool...)"},
	{"a code that was there before is let in", "supervisor/cells.go", "_, ok := c.seen[codeHash(code)]\n\treturn ok", "_, ok := c.seen[codeHash(code)]\n\treturn ok && code == \"\""},
	{"a pack of unknown state is released", "supervisor/flow.go", "case done.Verdict == line.Unknown:\n\t\tend.Disposition = line.Quarantined", "case done.Verdict == line.Unknown:\n\t\tend.Disposition = line.Released"},
	{"a pack that is not good goes on", "supervisor/flow.go", "case p.blame != \"\" && (last.verdict == line.NOK", "case false && p.blame != \"\" && (last.verdict == line.NOK"},
	{"a serial is issued twice", "supervisor/apply.go", "l.serials[prefix]++", "l.serials[prefix] = 1"},
	{"a pack that was disposed of is worked on", "supervisor/apply.go", "v.Pass = p.disposed()", "v.Pass = false"},
	{"what a rework makes invalid still counts", "supervisor/pack.go", "delete(p.steps, k)\n", "_ = k\n"},
	{"a state of PackML is skipped", "packml/table.go", "{CmdStart, []State{Idle}, Starting}", "{CmdStart, []State{Idle}, Execute}"},
	{"an alarm is raised while it stands", "alarms/watch.go", "if b.Active(id) {", "if b.Active(id) && now.IsZero() {"},
}
