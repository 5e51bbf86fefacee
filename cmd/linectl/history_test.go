package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"linectl/line"
)

// series reads a whole history in pieces, as times and values.
func (b *hmiBench) series(t *testing.T, c *gopcua.Client, name string, pieces uint32) []string {
	t.Helper()
	all := []string{}
	var point []byte
	for {
		res, err := c.HistoryReadRawModified(t.Context(), []*ua.HistoryReadValueID{{NodeID: b.node(t, c, name), DataEncoding: &ua.QualifiedName{}, ContinuationPoint: point}},
			&ua.ReadRawModifiedDetails{StartTime: time.Now().Add(-24 * time.Hour), EndTime: time.Now().Add(time.Hour), NumValuesPerNode: pieces})
		if err != nil {
			t.Fatal(err)
		}
		r := res.Results[0]
		if r.StatusCode == ua.StatusGoodNoData {
			return all
		}
		if r.StatusCode != ua.StatusOK {
			t.Fatalf("history of %s: %v", name, r.StatusCode)
		}
		for _, v := range r.HistoryData.Value.(*ua.HistoryData).DataValues {
			all = append(all, fmt.Sprintf("%d %v", v.SourceTimestamp.UnixMicro(), v.Value.Value()))
		}
		if point = r.ContinuationPoint; len(point) == 0 {
			return all
		}
	}
}

// plain asks the database file by SQL of the test's own, from the journal alone.
func (b *hmiBench) plain(t *testing.T, query string, args ...any) []string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(b.data, "records.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := []string{}
	for rows.Next() {
		var at int64
		var value any
		if err := rows.Scan(&at, &value); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d %v", at, value))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

const ofJournal = " FROM journal j, json_each(CAST(j.body AS TEXT), '$.measurements') m WHERE j.kind = 'act-done' AND j.station = ? AND m.value ->> '$.name' = ? AND m.value ->> '$.value' IS NOT NULL ORDER BY j.at_us, j.seq, m.key"

// TestHistoryEqualsTheJournal reads histories over the wire and compares them with the journal itself, while the line goes on, and
// over a restart of the gateway.
func TestHistoryEqualsTheJournal(t *testing.T) {
	b := newRecordBench(t)
	g := b.gateway(t)
	c := b.await(t)
	compare := func(c *gopcua.Client) {
		t.Helper()
		for name, want := range map[string][]string{
			"ST060.Measured.weldPower": b.plain(t, "SELECT j.at_us, m.value ->> '$.value'"+ofJournal, "ST060", "weldPower"),
			"ST100.Measured.torque":    b.plain(t, "SELECT j.at_us, m.value ->> '$.value'"+ofJournal, "ST100", "torque"),
			"ST060.Processed":          b.plain(t, "SELECT at_us, ROW_NUMBER() OVER (ORDER BY at_us, seq) FROM journal WHERE kind = 'step-done' AND station = 'ST060'"),
			"Line.Good":                b.plain(t, "SELECT at_us, ROW_NUMBER() OVER (ORDER BY at_us, seq) FROM journal WHERE kind = 'pack-disposed' AND CAST(body AS TEXT) ->> '$.disposition' = 'released'"),
			"Line.NOK":                 {},
		} {
			got := b.series(t, c, name, 7)
			if len(want) == 0 && name != "Line.NOK" {
				t.Errorf("the journal has nothing of %s: no test", name)
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s has %d values, the journal %d:\n%s\n---\n%s", name, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		states := b.series(t, c, "ST060.StateCurrent", 0)
		if n := b.plain(t, "SELECT COUNT(*), '' FROM journal WHERE kind = 'state-changed' AND station = 'ST060'"); fmt.Sprintf("%d ", len(states)) != n[0] {
			t.Errorf("%d states, the journal has %s", len(states), n[0])
		}
	}
	last := b.plain(t, "SELECT j.at_us, m.value ->> '$.value'"+ofJournal, "ST060", "weldPower")
	v := b.shown(t, c, "ST060.Measured.weldPower")
	compare(c)
	if got := fmt.Sprintf("%d %v", v.SourceTimestamp.UnixMicro(), v.Value.Value()); got != last[len(last)-1] {
		t.Errorf("the last result is %s, want %s", got, last[len(last)-1])
	}
	if remaining := b.series(t, c, "ST040.compression-pad.Remaining", 0); len(remaining) < 2 {
		t.Errorf("what remained of the pads: %v", remaining)
	}
	for range 5 { // the line goes on: its operator resets stations while histories are read
		b.call(t, c, "ST060", "ST060.Reset")
		b.call(t, c, "ST060", "ST060.Stop")
		compare(c)
	}
	b.pastEvents(t, c)
	if err := g.Stop(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	b.gateway(t)
	c = b.await(t)
	b.shown(t, c, "ST060.Measured.weldPower")
	compare(c)
}

// shown waits until a value is there: the gateway asks the records for the last results when it has seen the line.
func (b *hmiBench) shown(t *testing.T, c *gopcua.Client, name string) *ua.DataValue {
	t.Helper()
	v, err := b.read(t, c, name)
	for end := time.Now().Add(10 * time.Second); err != nil || v.Value == nil || v.Value.Value() == nil; v, err = b.read(t, c, name) {
		if time.Now().After(end) {
			t.Fatalf("%s is not shown: %v %v", name, v, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return v
}

// pastEvents reads the alarms of the demo's run, and for the auditor what people asked for.
func (b *hmiBench) pastEvents(t *testing.T, c *gopcua.Client) {
	t.Helper()
	read := func(c *gopcua.Client, where ...*ua.ContentFilterElement) (found []string) {
		path := func(name string) *ua.SimpleAttributeOperand {
			return &ua.SimpleAttributeOperand{TypeDefinitionID: ua.NewNumericNodeID(0, id.BaseEventType), BrowsePath: []*ua.QualifiedName{{Name: name}}, AttributeID: ua.AttributeIDValue}
		}
		res, err := c.HistoryReadEvent(t.Context(), []*ua.HistoryReadValueID{{NodeID: ua.NewNumericNodeID(0, id.Server), DataEncoding: &ua.QualifiedName{}}}, &ua.ReadEventDetails{
			StartTime: time.Now().Add(-24 * time.Hour), EndTime: time.Now().Add(time.Hour),
			Filter: &ua.EventFilter{SelectClauses: []*ua.SimpleAttributeOperand{path("EventType"), path("Message"), path("ClientUserId")}, WhereClause: &ua.ContentFilter{Elements: where}},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := res.Results[0]
		if r.HistoryData == nil || r.HistoryData.Value == nil {
			t.Fatalf("event history: %v", r.StatusCode)
		}
		for _, e := range r.HistoryData.Value.(*ua.HistoryEvent).Events {
			found = append(found, fmt.Sprint(e.EventFields[0].NodeID().IntID(), " ", e.EventFields[1].Value().(*ua.LocalizedText).Text, " ", e.EventFields[2].Value()))
		}
		return found
	}
	alarms := read(c)
	if n := b.plain(t, "SELECT COUNT(*), '' FROM journal WHERE kind IN ('alarm-raised', 'alarm-cleared', 'alarm-suppressed', 'alarm-unsuppressed')"); fmt.Sprintf("%d ", len(alarms)) != n[0] {
		t.Errorf("%d events of alarms, the journal has %s: %q", len(alarms), n[0], alarms)
	}
	if strings.Contains(fmt.Sprint(alarms), fmt.Sprint(id.AuditUpdateMethodEventType)) {
		t.Error("an operator reads the audit")
	}
	admin := b.person(t, "aisha", line.Admin)
	if all := read(admin); len(all) <= len(alarms) || !strings.Contains(strings.Join(all, "\n"), fmt.Sprint(id.AuditUpdateMethodEventType, " Stop ST060")) {
		t.Errorf("an admin reads %d events: %q", len(all), all)
	}
}

// person adds somebody with a role and logs them in.
func (b *hmiBench) person(t *testing.T, name string, role line.Role) *gopcua.Client {
	t.Helper()
	b.add(t, name, role)
	c, err := b.dialAs(t, name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
