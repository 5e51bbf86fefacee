package opcua

import (
	"strings"
	"time"

	"linectl/line"
)

// shiftFields are the values of the line's present shift, of the questions that wait for a person, and of the computer.
var shiftFields = []field[struct{}]{
	{name: "ShiftName", kind: String, help: "The present shift.", value: func(s *line.Snapshot, _ struct{}) any { return s.Shift.Name }},
	{name: "ShiftBegan", kind: Moment, help: "When the shift began.", value: func(s *line.Snapshot, _ struct{}) any { return moment(s.Shift.Began) }},
	{name: "ShiftEnds", kind: Moment, help: "When the shift ends.", value: func(s *line.Snapshot, _ struct{}) any { return moment(s.Shift.Ends) }},
	{name: "ShiftPlan", kind: UInt32, help: "Packs that the takt allows from the start of the shift until now; 0 without a takt.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.Shift.Plan) }},
	{name: "ShiftGood", kind: UInt32, help: "Packs released in the shift.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.Shift.Good) }},
	{name: "ShiftNOK", kind: UInt32, help: "Packs scrapped or quarantined in the shift.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.Shift.NOK) }},
	{name: "ShiftFirstPass", kind: UInt32, help: "Packs released in the shift without a retest or rework.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.Shift.FirstPass) }},
	{name: "ShiftFirstPassYield", kind: Double, unit: percent, span: whole, help: "ShiftFirstPass of all packs that ended in the shift.", value: func(s *line.Snapshot, _ struct{}) any { return share(s.Shift.FirstPass, s.Shift.Good+s.Shift.NOK) }},
	{name: "Availability", kind: Double, unit: percent, span: whole, help: "Of the bottleneck station in the shift (ISO 22400-2); no value where it cannot be told.", value: func(s *line.Snapshot, _ struct{}) any { return figure(s.Shift.Availability) }},
	{name: "Effectiveness", kind: Double, unit: percent, span: whole, help: "Of the bottleneck station in the shift (ISO 22400-2); no value where it cannot be told.", value: func(s *line.Snapshot, _ struct{}) any { return figure(s.Shift.Effectiveness) }},
	{name: "QualityRatio", kind: Double, unit: percent, span: whole, help: "Of the bottleneck station in the shift (ISO 22400-2); no value where it cannot be told.", value: func(s *line.Snapshot, _ struct{}) any { return figure(s.Shift.Quality) }},
	{name: "OEE", kind: Double, unit: percent, span: whole, help: "Availability × Effectiveness × QualityRatio; no value where one of them cannot be told.", value: func(s *line.Snapshot, _ struct{}) any { return oee(s.Shift) }},
	{name: "LossStations", kind: String, array: true, help: "Where time was lost in the shift, the longest loss first; the other lists of Loss… have a place for each.", value: loss(func(l line.Loss) string { return string(l.Station) })},
	{name: "LossCauses", kind: Text, array: true, help: "What each loss was by.", value: loss(func(l line.Loss) string { return l.Cause })},
	{name: "LossOwn", kind: Bool, array: true, help: "False: starved or blocked, so another station's loss.", value: loss(func(l line.Loss) bool { return l.Own })},
	{name: "LossDurations", kind: Double, array: true, unit: seconds, span: day, help: "How long each loss was in all.", value: loss(func(l line.Loss) float64 { return l.For.Seconds() })},
	{name: "LossCounts", kind: UInt32, array: true, help: "How many times each came.", value: loss(func(l line.Loss) uint32 { return count(l.Times) })},

	{name: "Prompts", kind: String, array: true, help: "Questions that wait for a person, the oldest first; AnswerPrompt takes their names.", value: prompt(func(p line.PromptSnapshot) string { return p.Prompt })},
	{name: "PromptTexts", kind: Text, array: true, help: "The questions.", value: prompt(func(p line.PromptSnapshot) string { return p.Text })},
	{name: "PromptStations", kind: String, array: true, help: "Where each is asked.", value: prompt(func(p line.PromptSnapshot) string { return string(p.Station) })},
	{name: "PromptPacks", kind: String, array: true, help: "The pack that each is about; empty if none.", value: prompt(func(p line.PromptSnapshot) string { return string(p.Pack) })},
	{name: "PromptOptions", kind: String, array: true, help: "The answers that each takes, with | between them.", value: prompt(func(p line.PromptSnapshot) string { return strings.Join(p.Options, "|") })},
	{name: "PromptInputs", kind: Text, array: true, help: "What has to be scanned or typed with the answer; empty if nothing.", value: prompt(func(p line.PromptSnapshot) string { return p.Input })},
	{name: "PromptSince", kind: Moment, array: true, help: "Since when each waits.", value: prompt(func(p line.PromptSnapshot) time.Time { return p.Since })},

	{name: "TimeSynced", kind: Bool, help: "The clock of the computer follows a time source; no value where the computer does not say.", value: func(s *line.Snapshot, _ struct{}) any { return host(s, s.Host.ClockSynced) }},
	{name: "DatabaseHealthy", kind: Bool, help: "The record store takes records. Without it the line ends.", value: func(s *line.Snapshot, _ struct{}) any { return host(s, s.Host.StoreWrites) }},
	{name: "DiskFree", kind: Double, unit: gigabytes, span: &Range{0, 1e5}, help: "What is free where the records lie.", value: func(s *line.Snapshot, _ struct{}) any { return host(s, s.Host.DiskFree/1e9) }},
	{name: "DiskSize", kind: Double, unit: gigabytes, span: &Range{0, 1e5}, help: "The size of the disk where the records lie.", value: func(s *line.Snapshot, _ struct{}) any { return host(s, s.Host.DiskSize/1e9) }},
}

// figure returns a ratio in percent, or nothing where it cannot be told.
func figure(ratio float64) any {
	if ratio < 0 {
		return nil
	}
	return 100 * min(ratio, 1)
}

func oee(s line.ShiftSnapshot) any {
	if s.Availability < 0 || s.Effectiveness < 0 || s.Quality < 0 {
		return nil
	}
	return figure(s.Availability * s.Effectiveness * s.Quality)
}

func loss[V any](part func(line.Loss) V) func(*line.Snapshot, struct{}) any {
	return func(s *line.Snapshot, _ struct{}) any { return column(s.Shift.Losses, part) }
}

func prompt[V any](part func(line.PromptSnapshot) V) func(*line.Snapshot, struct{}) any {
	return func(s *line.Snapshot, _ struct{}) any { return column(s.Prompts, part) }
}

// host returns what the computer says, or nothing if it says nothing.
func host(s *line.Snapshot, v any) any {
	if !s.Host.Known {
		return nil
	}
	return v
}
