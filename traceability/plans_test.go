package traceability

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The questions that people wait for are answered through keys, at a size at which the planner could choose otherwise:
// 300 packs, 4,800 cells, 9,000 joints, 90,000 values. No table that grows with production may be scanned.
func TestPlansArePinned(t *testing.T) {
	h := newHistory()
	for n := 1; n <= 300; n++ {
		h.pack(n, n%10)
	}
	s := h.stored(t, t.TempDir())
	if _, err := s.reader.List(t.Context(), Filter{}); err != nil {
		t.Fatal(err)
	}
	listing, listArgs := listQuery(Filter{State: "released", Limit: 20})
	grows := regexp.MustCompile(`SCAN (journal|packs|modules|cells|lots|receipts|gradings|pack_cells|attempts|measurements|joints|steps|moves|positions|alarms|actions|attempts|state_changes|dispositions|materials|tools|a|c|d|m|o|pc|pl|s|mine|other)\b`)
	for _, q := range []struct {
		name, query string
		args        []any
		want        string // a line that the plan must have
	}{
		{"find", findQuery, []any{"x", "x", "x", "x"}, "pack_cells_cell (cell_id=?)"},
		{"pack", summarySelect + " WHERE p.pack_id = ?", []any{1}, "SEARCH p USING INTEGER PRIMARY KEY"},
		{"attempts", attemptQuery, []any{1}, "SEARCH a USING PRIMARY KEY (pack_id=?)"},
		{
			"measurements", "SELECT " + measurementColumns + " FROM measurements m JOIN characteristics c USING (characteristic_id) WHERE " + packMeasurements +
				" ORDER BY m.pack_id, m.seq, m.ordinal",
			[]any{1},
			"SEARCH m USING PRIMARY KEY (pack_id=?)",
		},
		{"waveform", waveformQuery, []any{"x"}, "SEARCH j USING INDEX joints_waveform (waveform=?)"},
		{"list", listing, listArgs, "SEARCH p USING INTEGER PRIMARY KEY (rowid>?)"},
		{"where-used", whereUsedQuery, []any{"x", "x"}, "SEARCH pc USING INDEX pack_cells_lot (lot_id=?)"},
		{"statistics", statisticsQuery, []any{"ST060", "weldPower", 0, 1}, "SEARCH m USING COVERING INDEX measurements_characteristic (characteristic_id=? AND at_us>? AND at_us<?)"},
		{"alarm actions", alarmActionQuery, []any{"x", 1, 1, "x", 1}, "SEARCH alarm_actions USING INDEX alarm_actions_alarm (alarm=?"},
		{"search", hitQuery, []any{"x", "y", 9, 10}, "SEARCH packs USING COVERING INDEX sqlite_autoindex_packs_1 (name>? AND name<?)"},
		{"search by lot", hitQuery, []any{"x", "y", 9, 10}, "SEARCH pc USING COVERING INDEX pack_cells_lot (lot_id=? AND pack_id<?)"},
		{"search by order", hitQuery, []any{"x", "y", 9, 10}, "SEARCH p USING COVERING INDEX packs_order (order_id=? AND rowid<?)"},
		{"search by product", productQuery, []any{"x", 9, 10}, "SEARCH packs USING INTEGER PRIMARY KEY (rowid<?)"},
		{"orders", orderQuery, []any{9, 10}, "SEARCH p USING INDEX packs_order (order_id=?)"},
		{"audit", auditQuery, []any{0, 1, 9, 10}, "SEARCH a USING INDEX actions_at (at_us>? AND at_us<?)"},
		{"products of a shift", shiftProducts, []any{0, 1}, "SEARCH p USING INDEX packs_disposed (disposed_us>? AND disposed_us<?)"},
		{"begun in a shift", shiftBegun, []any{0, 1}, "SEARCH packs USING COVERING INDEX packs_at (at_us>? AND at_us<?)"},
		{"not good in a shift", shiftNOK, []any{0, 1}, "SEARCH attempts USING INDEX attempts_not_good (end_us>? AND end_us<?)"},
		{"steps of a shift", shiftSteps, []any{"x", 0, 1}, "SEARCH steps USING INDEX steps_station (station=? AND at_us>? AND at_us<?)"},
		{"alarms of a shift", shiftAlarms, []any{0, 1}, "SEARCH alarms USING INDEX alarms_at (at_us>? AND at_us<?)"},
		{"states of a shift", stateQuery, []any{"x", 0, 1}, "SEARCH state_changes USING PRIMARY KEY (station=? AND at_us>? AND at_us<?)"},
		{"state before a shift", stateStart, []any{"x", 0}, "SEARCH state_changes USING PRIMARY KEY (station=? AND at_us<?)"},
		{"points of a measurement", fmt.Sprintf(actPoints, "DESC"), []any{"x", 0, 1, 2, 3, "y"}, "SEARCH m USING COVERING INDEX measurements_characteristic (characteristic_id=? AND at_us>? AND at_us<?)"},
		{"points of a state", fmt.Sprintf(statePoints, "ASC"), []any{"x", 0, 1, 2, 3}, "SEARCH state_changes USING PRIMARY KEY (station=? AND at_us>? AND at_us<?)"},
		{"points of a tool", fmt.Sprintf(toolPoints, "ASC"), []any{"x", 0, 1, 2, 3}, "SEARCH m USING COVERING INDEX measurements_characteristic (characteristic_id=? AND at_us>? AND at_us<?)"},
		{"points of a counter", fmt.Sprintf(countedRange, "steps", "station = ?1", "ASC"), []any{"x", 0, 1, 2, 3}, "SEARCH steps USING COVERING INDEX steps_station (station=? AND at_us>? AND at_us<?)"},
		{"count before", fmt.Sprintf(countedBefore, "steps", "station = ?1"), []any{"x", 0}, "SEARCH steps USING COVERING INDEX steps_station (station=? AND at_us<?)"},
		{"packs before", fmt.Sprintf(countedBefore, "dispositions", "disposition = 'released' AND ?1 IS NOT NULL"), []any{"x", 0}, "SEARCH dispositions USING COVERING INDEX dispositions_at (at_us<?)"},
		{"loads", loadsQuery, []any{"x", "y", 0, 1}, "SEARCH materials USING COVERING INDEX materials_item (station=? AND item=? AND at_us<?)"},
		{"uses", usesQuery, []any{1, "x", 0}, "SEARCH pl USING INDEX pack_lots_lot (lot_id=?)"},
		{"last results", characteristicsQuery, nil, "SEARCH m USING PRIMARY KEY (pack_id=? AND seq=? AND ordinal=?)"},
		{"alarm steps", alarmStepQuery, []any{0, 1, ""}, "SEARCH alarms USING INDEX alarms_cleared_at (cleared_us>? AND cleared_us<?)"},
		{"requests", requestQuery + "ORDER BY a.at_us, a.seq LIMIT ? OFFSET ?", []any{0, 1, 2, 3}, "SEARCH a USING INDEX actions_at (at_us>? AND at_us<?)"},
		{"doubles", doubleQuery, []any{1, 1}, "SEARCH other USING INDEX pack_cells_cell (cell_id=?)"},
	} {
		t.Run(q.name, func(t *testing.T) {
			type step struct {
				id, parent, unused int
				detail             string
			}
			steps, err := list(t.Context(), s.reader.db, func(s *step) []any { return []any{&s.id, &s.parent, &s.unused, &s.detail} },
				"EXPLAIN QUERY PLAN "+q.query, q.args...)
			if err != nil {
				t.Fatal(err)
			}
			plan := ""
			for _, s := range steps {
				plan += s.detail + "\n"
			}
			if !strings.Contains(plan, q.want) || grows.MatchString(plan) {
				t.Errorf("want %q and no scan of what grows in the plan:\n%s", q.want, plan)
			}
		})
	}
	t.Run("speed", func(t *testing.T) {
		begin := time.Now()
		for n := 1; n <= 10; n++ {
			if _, err := s.reader.Pack(t.Context(), fmt.Sprintf("ESS-P2-%06d", n*29)); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("a dossier takes %s", time.Since(begin)/10)
		if took := time.Since(begin) / 10; took > 300*time.Millisecond { // Q1 asks for 3 s.
			t.Errorf("a dossier takes %s", took)
		}
		begin = time.Now()
		report, err := s.reader.Verify(t.Context())
		if err != nil || len(report.Problems) != 0 || report.Released != 300 {
			t.Fatalf("%+v, %v", report, err)
		}
		t.Logf("verification of %d entries takes %s", report.Entries, time.Since(begin))
	})
}
