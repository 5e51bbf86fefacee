package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
)

// prompt is a question that waits for a person, with what each answer asks of the line: commands that the person could have given
// as well. What stands in Input becomes their reason where they need one and the request has none.
type prompt struct {
	line.PromptSnapshot
	answers map[string]func(input string) []line.Command
}

// option adds an answer.
func (p *prompt) option(name string, commands func(input string) []line.Command) {
	p.Options = append(p.Options, name)
	if p.answers == nil {
		p.answers = map[string]func(string) []line.Command{}
	}
	p.answers[name] = commands
}

// command adds an answer that is one command.
func (p *prompt) command(name string, c line.Command) {
	p.option(name, func(string) []line.Command { return []line.Command{c} })
}

// reason is what is typed with an answer for which somebody must stand.
const reason = "reason"

// noExpiry is the last day of a part of which nobody has said that it ages.
var noExpiry = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// prompts lists the questions that wait, the oldest first.
func (l *Line) prompts(now time.Time) []prompt {
	var list []prompt
	for _, s := range l.stations {
		list = append(list, l.decision(s)...)
		list = append(list, l.serialParts(now, s)...)
		list = append(list, l.missing(now, s)...)
		list = append(list, l.unfound(s)...)
		list = append(list, l.failedMaster(s)...)
		list = append(list, l.wornTool(s)...)
	}
	slices.SortStableFunc(list, func(a, b prompt) int { return a.Since.Compare(b.Since) })
	return list
}

func (l *Line) promptSnapshots(now time.Time) []line.PromptSnapshot {
	var list []line.PromptSnapshot
	for _, p := range l.prompts(now) {
		list = append(list, p.PromptSnapshot)
	}
	return list
}

// decision asks what becomes of the pack at the bench.
func (l *Line) decision(s *station) []prompt {
	v := s.Visit()
	if s.cfg.Kind != line.Bench || v == nil || s.Closed() {
		return nil
	}
	p := l.packs[v.Pack]
	if p == nil || p.disposed() || p.state != line.InProcess {
		return nil
	}
	q := prompt{PromptSnapshot: line.PromptSnapshot{
		Prompt: fmt.Sprintf("%s/decide/%s/%d", s.ID, p.id, p.build), Station: s.ID, Pack: p.id, Input: reason, Since: s.figures.arrived,
		Text: fmt.Sprintf("%s lies at the bench: %s. What becomes of it?", p.id, p.text),
	}}
	_, err := l.reworkOf(p)
	if err == nil {
		q.command("rework", line.DecideRework{Pack: p.id})
	} else {
		q.Text = fmt.Sprintf("%s lies at the bench: %s. It can only be scrapped: %v", p.id, p.text, err)
	}
	q.command("scrap", line.DecideRework{Pack: p.id, Scrap: true})
	return []prompt{q}
}

// serialParts asks for the parts by serial that the next pack of a station takes.
func (l *Line) serialParts(now time.Time, s *station) []prompt {
	var list []prompt
	if s.stuck == "" || s.wants == nil {
		return nil
	}
	p := s.wants
	for _, m := range p.recipe.Materials {
		if m.Kind != s.cfg.Kind || m.Level != "serial" || l.lacksMaterial(now, s, m) == nil {
			continue
		}
		q := prompt{PromptSnapshot: line.PromptSnapshot{
			Prompt: fmt.Sprintf("%s/serial/%s/%s/%d", s.ID, m.Item, p.id, p.build), Station: s.ID, Pack: p.id, Input: "serial of " + m.Item, Since: s.wantedAt,
			Text: fmt.Sprintf("%s takes %s at %s: scan its serial", p.id, m.Item, s.ID),
		}}
		q.option("scanned", func(input string) []line.Command {
			return []line.Command{line.LoadMaterial{Station: s.ID, Item: m.Item, Lot: line.LotID(input), Quantity: m.Quantity, Expiry: noExpiry}}
		})
		list = append(list, q)
	}
	return list
}

// missing asks about a part that was sent here and has not come.
func (l *Line) missing(now time.Time, s *station) []prompt {
	if !s.missesPart(now) {
		return nil
	}
	part := s.infeed[0]
	q := prompt{PromptSnapshot: line.PromptSnapshot{
		Prompt: fmt.Sprintf("%s/missing/%s", s.ID, part), Station: s.ID, Input: reason, Since: s.empty,
		Text: fmt.Sprintf("%s was sent to %s and has not come. Look for it on the conveyor; is it gone?", part, s.ID),
	}}
	if p := l.packs[line.PackID(part)]; p != nil {
		q.Pack, q.Prompt = p.id, fmt.Sprintf("%s/%d", q.Prompt, p.build)
	}
	q.command("write off", line.WriteOff{Station: s.ID, Part: part})
	return []prompt{q}
}

// askAfter is how often in a row a robot must be sent for a cell in vain before a person is asked: once it may only have missed it.
const askAfter = 2

// unfound asks about a cell of the set that the robot does not take. No other cell takes its place, for the set was matched as a whole,
// and a stack that was begun is not undone.
func (l *Line) unfound(s *station) []prompt {
	cell, lane, times := s.Unfound()
	if times < askAfter || s.State() != packml.Held {
		return nil
	}
	p := l.packs[s.Visit().Pack]
	q := prompt{PromptSnapshot: line.PromptSnapshot{
		Prompt: fmt.Sprintf("%s/cell/%s/%d", s.ID, cell, times), Station: s.ID, Pack: p.id, Input: reason, Since: s.figures.since,
		Text: fmt.Sprintf("The robot of %s has been sent for cell %s of %s in vain, %d times. Look for it in lane %d; is it gone? To write it off scraps the pack.",
			s.ID, cell, p.id, times, lane),
	}}
	q.command("write off", line.WriteOff{Station: s.ID, Part: string(cell)})
	q.command("look again", line.Machine{Target: string(s.ID), Command: packml.CmdUnhold.String()})
	return []prompt{q}
}

// failedMaster asks what follows from a check against the reference part that was not good.
func (l *Line) failedMaster(s *station) []prompt {
	log := &s.figures.masters
	if !log.bad() || s.State() != packml.Held {
		return nil
	}
	q := prompt{PromptSnapshot: line.PromptSnapshot{
		Prompt: fmt.Sprintf("%s/master/%d", s.ID, log.failed), Station: s.ID, Since: log.at,
		Text: fmt.Sprintf("The reference part of %s did not measure as it must: %s. See to instrument and reference part, then measure again.", s.ID, log.why()),
	}}
	if packs := l.holdable(s); len(packs) > 0 {
		q.Input = reason
		q.Text = fmt.Sprintf("The reference part of %s did not measure as it must: %s. Packs measured since the last good check are in doubt: %s.",
			s.ID, log.why(), someOf(texts(packs)))
		q.option("hold the suspects", func(string) []line.Command {
			var holds []line.Command
			for _, p := range packs {
				holds = append(holds, line.Hold{Subject: string(p)})
			}
			return holds
		})
	}
	q.command("measure again", line.Machine{Target: string(s.ID), Command: packml.CmdUnhold.String()})
	return []prompt{q}
}

// wornTool asks for the service of a tool for which its station holds.
func (l *Line) wornTool(s *station) []prompt {
	r := l.runs(s)
	if r == nil || s.State() != packml.Held || !s.HasTool() || s.ServicePending() != "" {
		return nil
	}
	t := r.Process(s.cfg.Kind).Tool
	why := worn(s, r, s.Visit() != nil)
	if why == "" {
		return nil
	}
	q := prompt{PromptSnapshot: line.PromptSnapshot{
		Prompt: fmt.Sprintf("%s/tool/%s/%d", s.ID, t.Name, s.figures.services+1), Station: s.ID, Since: s.figures.since,
		Text: fmt.Sprintf("At %s the %s. What was done?", s.ID, why),
	}}
	for _, action := range []string{t.Action, "replace"} {
		if l.tool(s, action) == t.Name && !slices.Contains(q.Options, action) {
			q.command(action, line.ServiceTool{Station: s.ID, Action: action})
		}
	}
	return []prompt{q}
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = string(t)
	}
	return out
}

// findPrompt finds a question that waits. The error says that it does not, and which do.
func (l *Line) findPrompt(now time.Time, id string) (prompt, error) {
	var waiting []string
	for _, p := range l.prompts(now) {
		if p.Prompt == id {
			return p, nil
		}
		waiting = append(waiting, p.Prompt)
	}
	if len(waiting) == 0 {
		return prompt{}, fmt.Errorf("the question %s does not wait: it was answered, or has settled itself; none waits now", id)
	}
	return prompt{}, fmt.Errorf("the question %s does not wait: it was answered, or has settled itself; waiting now: %s", id, someOf(waiting))
}

// answerPrompt does what the commands do that the answer stands for: with the same permission, the same refusals and the same
// records. It says them in words, so that the audit shows what was really asked for.
func (l *Line) answerPrompt(now time.Time, c line.AnswerPrompt, q line.Request) (words string, do doing) {
	words = fmt.Sprintf("answer %s with %s", c.Prompt, c.Option)
	refuse := func(err error) (string, doing) { return words, func() (string, error) { return "", err } }
	p, err := l.findPrompt(now, c.Prompt)
	if err != nil {
		return refuse(err)
	}
	answer, known := p.answers[c.Option]
	input := strings.TrimSpace(c.Input)
	switch {
	case !known:
		return refuse(fmt.Errorf("%q is no answer to %s; answers are %s", c.Option, c.Prompt, strings.Join(p.Options, ", ")))
	case p.Input != "" && p.Input != reason && input == "":
		return refuse(fmt.Errorf("%s wants the %s with its answer", c.Prompt, p.Input))
	case p.Input == reason && q.Why == "":
		q.Why = input
	}
	var all []doing
	var said []string
	for _, command := range answer(input) {
		one := q
		one.Command = command
		text, do := l.command(now, one)
		said, all = append(said, text), append(all, func() (string, error) {
			if err := l.permit(one); err != nil {
				return "", err
			}
			return do()
		})
	}
	return words + ": " + strings.Join(said, "; "), func() (string, error) { return together(all) }
}

// together does one thing after the other and stops at the first that is refused, saying what was done before it.
func together(all []doing) (string, error) {
	var done []string
	for _, do := range all {
		text, err := do()
		if err != nil && len(done) > 0 {
			return "", errors.Join(fmt.Errorf("done: %s; then refused", strings.Join(done, "; ")), err)
		}
		if err != nil {
			return "", err
		}
		done = append(done, text)
	}
	return strings.Join(done, "; "), nil
}

// presentPrompt says how that stands which a question is about, for the audit.
func (l *Line) presentPrompt(c line.AnswerPrompt) string {
	parts := strings.SplitN(c.Prompt, "/", 4)
	if len(parts) < 3 {
		return ""
	}
	s := l.byID[line.StationID(parts[0])]
	if s == nil {
		return ""
	}
	switch parts[1] {
	case "decide":
		return l.present(line.DecideRework{Pack: line.PackID(parts[2])})
	case "serial":
		return l.present(line.LoadMaterial{Station: s.ID, Item: parts[2]})
	case "missing", "cell":
		return l.present(line.WriteOff{Station: s.ID, Part: parts[2]})
	case "tool":
		return fmt.Sprintf("%s used %.6g", parts[2], s.ToolUse(parts[2]))
	}
	return s.State().String() + ", " + s.masterWords()
}
