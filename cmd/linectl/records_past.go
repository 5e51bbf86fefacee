package main

import (
	"context"
	"time"

	"linectl/hmi/opcua"
	"linectl/line"
	"linectl/packml"
	"linectl/traceability"
)

// seriesKinds are the histories of the gateway by their names in the store.
var seriesKinds = map[opcua.SeriesKind]traceability.SeriesKind{
	opcua.SeriesGood: traceability.ReleasedCount, opcua.SeriesNOK: traceability.NotOKCount, opcua.SeriesFirstPass: traceability.FirstPassCount,
	opcua.SeriesProcessed: traceability.ProcessedCount, opcua.SeriesDefective: traceability.DefectiveCount, opcua.SeriesState: traceability.StateSeries,
	opcua.SeriesToolUse: traceability.ToolUse, opcua.SeriesRemaining: traceability.Remaining, opcua.SeriesMeasured: traceability.Measured,
}

// Points implements opcua.HistoryRecords.
func (s *storeRecords) Points(ctx context.Context, of opcua.Series, from, to time.Time, skip, limit int) ([]opcua.Point, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	found, err := r.Points(ctx, traceability.Series{Kind: seriesKinds[of.Kind], Station: of.Station, Name: of.Name}, from, to, skip, limit)
	if err != nil {
		return nil, err
	}
	points := make([]opcua.Point, len(found))
	for i, p := range found {
		points[i] = opcua.Point{At: p.At, Value: p.Value}
		if of.Kind == opcua.SeriesState {
			state, err := packml.ParseState(p.Text)
			if err != nil {
				return nil, err
			}
			points[i].Value = float64(state)
		}
	}
	return points, nil
}

// Measured implements opcua.HistoryRecords.
func (s *storeRecords) Measured(ctx context.Context) ([]opcua.Measured, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	found, err := r.Characteristics(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]opcua.Measured, len(found))
	for i, c := range found {
		all[i] = opcua.Measured(c)
	}
	return all, nil
}

// AlarmSteps implements opcua.EventRecords.
func (s *storeRecords) AlarmSteps(ctx context.Context, station line.StationID, from, to time.Time, skip, limit int) ([]opcua.PastEvent, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	steps, err := r.AlarmSteps(ctx, station, from, to, skip, limit)
	if err != nil {
		return nil, err
	}
	events := make([]opcua.PastEvent, len(steps))
	for i, a := range steps {
		events[i] = opcua.PastEvent{Seq: uint64(a.Seq), At: a.At, Step: a.Step, Alarm: &line.AlarmSnapshot{ //nolint:gosec // from 1
			Alarm: a.Alarm, Station: a.Station, Occurrence: a.Occurrence, Since: a.Raised, Changed: a.At, Severity: a.Severity, Text: a.Text, Cause: a.Cause,
			Consequence: a.Consequence, Action: a.Action, Group: a.Group, Active: a.Active, Acknowledged: a.Acknowledged, Confirmed: a.Confirmed,
			Comment: a.Why, CommentBy: a.By,
		}}
	}
	return events, nil
}

// Requests implements opcua.EventRecords.
func (s *storeRecords) Requests(ctx context.Context, from, to time.Time, skip, limit int) ([]opcua.PastEvent, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	requests, err := r.Requests(ctx, from, to, skip, limit)
	if err != nil {
		return nil, err
	}
	events := make([]opcua.PastEvent, len(requests))
	for i, a := range requests {
		who := a.Account
		if who == "" {
			who = a.By
		}
		events[i] = opcua.PastEvent{Seq: uint64(a.Seq), At: a.At, Audit: &opcua.PastRequest{ //nolint:gosec // from 1
			Station: a.Station, User: who, Request: a.Request, Command: a.Command, Reply: a.Reply, Why: a.Why, Accepted: a.Accepted,
		}}
	}
	return events, nil
}
