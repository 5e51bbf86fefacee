package traceability

import (
	"slices"
	"strings"
	"testing"

	"linectl/line"
)

// A release that the raw results do not carry is found, whatever the disposition says.
func TestReleaseIsRecomputed(t *testing.T) {
	drop := func(match func(line.Record) bool) func(*history) {
		return func(h *history) { h.records = slices.DeleteFunc(h.records, match) }
	}
	for name, c := range map[string]struct {
		spoil func(*history)
		want  string // part of a problem; empty: the evidence holds
	}{
		"sound": {func(*history) {}, ""},
		"step left out": {drop(func(r line.Record) bool {
			s, ok := r.Fact.(line.StepDone)
			return ok && s.Step == line.Assemble
		}), "step assemble: no result that counts"},
		"step not repeated after rework": {drop(func(r line.Record) bool {
			s, ok := r.Fact.(line.StepDone)
			return ok && s.Step == line.Inspect && s.Build == 2
		}), "step inspect: no result that counts"},
		"joint never welded": {drop(func(r line.Record) bool {
			a, ok := r.Fact.(line.ActDone)
			return ok && a.Task == line.TaskWeldLaser && a.Index == 11
		}), "joint 11 is missing"},
		"joint welded twice": {func(h *history) {
			h.act("ST060.welder", "ESS-P2-000001", "ESS-P2-000001", line.TaskWeldLaser, 12, 2, line.OK)
		}, "joint 12 has 2 accepted welds"},
		"last test not good": {func(h *history) {
			h.act("ST130.tester", "ESS-P2-000001", "ESS-P2-000001", line.EOLStep(5), 5, 2, line.NOK)
		}, "insulation resistance 5 at ST130"},
		"cell never graded": {drop(func(r line.Record) bool {
			g, ok := r.Fact.(line.CellGraded)
			return ok && strings.HasSuffix(string(g.Cell), "0003")
		}), "slot 3"},
		"slot never filled": {drop(func(r line.Record) bool {
			a, ok := r.Fact.(line.ActDone)
			return ok && a.Task == line.TaskStackCell && a.Index == 4
		}), `slot 4: cell 04QCE76314400JC2R0000004 chosen, "" placed`},
		"act of unknown outcome": {func(h *history) {
			h.add("ST100", "ESS-P2-000001", line.ActQuarantined{Token: 77, Device: "ST100.plc", Task: line.TaskFasten, Index: 2})
		}, `fasten screw 2 at ST100 ended "quarantined"`},
		"act accepted by two people":                {func(h *history) { accepted(h, "fasten screw 2 accepted as done by amna and sana") }, ""},
		"accepted, and the release does not say so": {func(h *history) { accepted(h) }, "the disposition does not say: fasten screw 2 accepted as done by amna and sana"},
		"release says that an act was accepted which was not": {func(h *history) {
			h.add("", "ESS-P2-000001", line.PackDisposed{Disposition: line.Released, Serial: "S", Evidence: []string{"fasten screw 2 accepted as done by amna and sana"}})
		}, "step fasten screw 2 accepted as done by amna and sana: no result that counts"},
		"release without serial": {func(h *history) {
			h.add("", "ESS-P2-000001", line.PackDisposed{Disposition: line.Released, Evidence: []string{"weld"}})
		}, "without a serial"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory()
			h.pack(1, 7)
			c.spoil(h)
			s := h.stored(t, t.TempDir())
			e, err := s.Reader().ReleaseEvidence(t.Context(), "ESS-P2-000001")
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(e.Problems, "\n")
			if c.want == "" && all != "" || !strings.Contains(all, c.want) {
				t.Errorf("problems:\n%s\nwant %q", all, c.want)
			}
			report, err := s.Reader().Verify(t.Context())
			if err != nil || (len(report.Problems) == 0) != (c.want == "") || report.Released == 0 {
				t.Errorf("verify: %+v, %v", report, err)
			}
		})
	}
}

// One cell in two packs is found in both.
func TestCellInTwoPacksIsFound(t *testing.T) {
	h := newHistory()
	h.pack(1, 0)
	h.cells = 0 // The second pack gets the same codes.
	h.pack(2, 0)
	s := h.stored(t, t.TempDir())
	e, err := s.Reader().ReleaseEvidence(t.Context(), "ESS-P2-000001")
	if err != nil || !strings.Contains(strings.Join(e.Problems, "\n"), "is in pack ESS-P2-000002 too") {
		t.Errorf("problems %q, %v", e.Problems, err)
	}
}

// accepted gives a screw up, lets two people take it as done, and releases the pack anew with the evidence of before and some more.
func accepted(h *history, more ...string) {
	const pack = line.PackID("ESS-P2-000001")
	last := slices.IndexFunc(h.records, func(r line.Record) bool {
		d, is := r.Fact.(line.PackDisposed)
		return is && r.Pack == pack && d.Disposition == line.Released
	})
	released := h.records[last].Fact.(line.PackDisposed)
	h.records = slices.Delete(h.records, last, last+1)
	h.tokens++
	token := line.NewToken(1, h.tokens)
	h.add("ST100", pack, line.Intent{Token: token, Device: "ST100.plc", Task: line.TaskFasten, Index: 2})
	h.add("ST100", pack, line.ActQuarantined{Token: token, Device: "ST100.plc", Task: line.TaskFasten, Index: 2})
	h.add("ST100", pack, line.PackDisposed{Disposition: line.Quarantined})
	h.add("ST100", pack, line.QuarantineInspected{Token: token, Saw: line.SeenDone, Remark: "tight", By: "omar"})
	h.add("ST100", pack, line.QuarantineProposed{Decision: line.DecisionAccept, By: "amna", Why: "tight"})
	h.add("ST100", pack, line.QuarantineDecided{Decision: line.DecisionAccept, Token: token, Task: line.TaskFasten, Index: 2, ProposedBy: "amna", By: "sana", Why: "agreed"})
	released.Evidence = append(slices.Clone(released.Evidence), more...)
	h.add("ST140", pack, released)
}
