package opcua

import (
	"context"
	"fmt"
	"time"

	"linectl/line"
)

// resultSpace is the namespace of OPC 40001-101, whose ResultMetaDataType names what we show of a result.
const resultSpace = "http://opcfoundation.org/UA/Machinery/Result/"

// resultNodes show the last result of a station, a field a node: the structure itself is not offered.
func resultNodes(station string) []Node {
	root := Own(station + ".LastResult")
	field := func(name string, kind Kind, help string) Node {
		return Variable{Browse: Browse{ID: Own(root.Text + "." + name), Parent: root, Space: resultSpace, Name: name, Help: help}, Kind: kind}
	}
	return []Node{
		Object{Browse: Browse{ID: root, Parent: Own(station), Name: "LastResult", Help: "The last step that was finished here while the gateway was running."}},
		field("ResultId", String, "Number of the journal entry."), field("PartId", String, "The part."), field("StepId", String, "What was done."),
		field("CreationTime", Moment, "When it was judged."), field("IsSimulated", Bool, "True when any device of the station is virtual."),
		field("ResultEvaluation", Int32, "0 undefined, 1 OK, 2 not OK, 3 not decidable."),
		field("ResultEvaluationDetails", Text, "Why it is not OK."),
	}
}

// result is what is kept of a finished step.
type result struct {
	seq  uint64
	at   time.Time
	step line.StepDone
}

func resultValues(station string, r result, simulated bool, q Quality) []Value {
	v := func(name string, value any) Value { return Value{Own(station + ".LastResult." + name), value, q, r.at} }
	return []Value{
		v("ResultId", fmt.Sprint(r.seq)), v("PartId", r.step.Part), v("StepId", string(r.step.Step)), v("CreationTime", r.at), v("IsSimulated", simulated),
		v("ResultEvaluation", evaluation(r.step.Verdict)), v("ResultEvaluationDetails", r.step.Text),
	}
}

// evaluation is a verdict as ResultEvaluationEnum numbers it.
func evaluation(v line.Verdict) int32 {
	switch v {
	case line.OK:
		return 1
	case line.NOK:
		return 2
	case line.Unknown:
		return 3
	}
	return 0
}

// follow reads the journal from where the first snapshot stood, through all restarts of the supervisor: a result is a fact,
// and no snapshot has it.
func (g *Gateway) follow(ctx context.Context) {
	for ctx.Err() == nil {
		g.mu.Lock()
		from := g.read
		g.mu.Unlock()
		if from > 0 {
			err := g.line.Events(ctx, from, g.note)
			if ctx.Err() == nil {
				g.log.Debug("journal stream ended", "err", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// note keeps a finished step as its station's last result.
func (g *Gateway) note(e line.Entry) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.read = e.Seq + 1
	step, ok := e.Fact.(line.StepDone)
	if !ok || !g.built[e.Station] {
		return nil
	}
	g.results[e.Station] = result{e.Seq, e.At, step}
	return nil
}
