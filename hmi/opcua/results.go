package opcua

import (
	"context"
	"fmt"
	"time"

	"linectl/line"
)

// resultSpace is the namespace of OPC 40001-101, whose ResultMetaDataType names what we show of a result.
const resultSpace = "http://opcfoundation.org/UA/Machinery/Result/"

// resultNodes show the last result of a station twice: a field a node, for HMIs that read no structures, and as OPC 40001-101 has it.
func resultNodes(station string) []Node {
	root, results := Own(station+".LastResult"), Own(station+".ResultManagement")
	field := func(name string, kind Kind, help string) Node {
		return Variable{Browse: Browse{ID: Own(root.Text + "." + name), Parent: root, Space: resultSpace, Name: name, Help: help}, Kind: kind}
	}
	last := Own(results.Text + ".Results.LastResult")
	return []Node{
		Object{Browse: Browse{ID: root, Parent: Own(station), Name: "LastResult", Help: "The last step that was finished here while the gateway was running."}},
		field("ResultId", String, "Number of the journal entry."), field("PartId", String, "The part."), field("StepId", String, "What was done."),
		field("ProductId", String, "The product."), field("JobId", String, "The order."),
		field("CreationTime", Moment, "When it was judged."), field("IsSimulated", Bool, "True when any device of the station is virtual."),
		field("ResultEvaluation", Int32, "0 undefined, 1 OK, 2 not OK, 3 not decidable."),
		field("ResultEvaluationDetails", Text, "Why it is not OK."),
		Object{Browse: Browse{ID: results, Parent: Own(station), Name: "ResultManagement", Help: "After OPC 40001-101."}, Type: resultID(1004)},
		Object{Browse: Browse{ID: Own(results.Text + ".Results"), Parent: results, Space: resultSpace, Name: "Results"}, Folder: true},
		Variable{
			Browse: Browse{ID: last, Parent: Own(results.Text + ".Results"), Name: "LastResult", Help: "Without ResultContent: the record store has the readings."},
			Type:   resultID(2001), Kind: Structured, Data: resultID(3008),
		},
		Variable{Browse: Browse{ID: Own(last.Text + ".ResultMetaData"), Parent: last, Space: resultSpace, Name: "ResultMetaData"}, Kind: Structured, Data: resultID(3007)},
	}
}

// result is what is kept of a finished step.
type result struct {
	seq  uint64
	at   time.Time
	step line.StepDone
}

func resultValues(station string, r result, what, job string, simulated bool, q Quality) []Value {
	v := func(name string, value any) Value { return Value{Own(station + ".LastResult." + name), value, q, r.at} }
	id := fmt.Sprint(r.seq)
	meta := Record{id, simulated, string(r.step.Step), r.step.Part, what, job, r.at, evaluation(r.step.Verdict), r.step.Text}
	last := station + ".ResultManagement.Results.LastResult"
	return []Value{
		v("ResultId", id), v("PartId", r.step.Part), v("StepId", string(r.step.Step)), v("ProductId", what), v("JobId", job), v("CreationTime", r.at),
		v("IsSimulated", simulated), v("ResultEvaluation", evaluation(r.step.Verdict)), v("ResultEvaluationDetails", r.step.Text),
		{Own(last), Record{meta}, q, r.at},
		{Own(last + ".ResultMetaData"), meta, q, r.at},
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

// note keeps a finished step as its station's last result, and ends the sessions of an account that has changed.
func (g *Gateway) note(e line.Entry) error {
	switch f := e.Fact.(type) {
	case line.RoleChanged:
		g.space.EndSessions(f.User, e.At)
	case line.UserDisabled:
		g.space.EndSessions(f.User, e.At)
	case line.PasswordChanged:
		g.space.EndSessions(f.User, e.At)
	case line.CertificateBound:
		g.space.EndSessions(f.User, e.At)
	default:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.read = e.Seq + 1
	if act, ok := e.Fact.(line.ActDone); ok {
		return g.noteAct(e, act)
	}
	step, ok := e.Fact.(line.StepDone)
	if !ok || !g.built[e.Station] {
		return nil
	}
	g.results[e.Station] = result{e.Seq, e.At, step}
	return nil
}
