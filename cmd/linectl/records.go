package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"linectl/hmi/opcua"
	"linectl/traceability"
)

// storeRecords reads the record store for the gateway. The store is opened at the first question and stays open: it may not be
// there yet when the gateway starts. It is never opened a second time in one process, because closing a database file drops the
// locks that the process holds on it.
type storeRecords struct {
	dir string

	mu     sync.Mutex
	reader *traceability.Reader
}

func (s *storeRecords) records() opcua.Records {
	return opcua.Records{Parts: s, Reports: s, Waveforms: s, History: s}
}

func (s *storeRecords) open() (*traceability.Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader != nil {
		return s.reader, nil
	}
	reader, err := traceability.OpenReader(s.dir)
	if err != nil {
		return nil, err
	}
	s.reader = reader
	return reader, nil
}

// Close ends the connections.
func (s *storeRecords) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader == nil {
		return nil
	}
	return s.reader.Close()
}

// FindParts implements opcua.PartRecords.
func (s *storeRecords) FindParts(ctx context.Context, text string, from uint32, limit int) (json.RawMessage, uint32, error) {
	return page(s, func(r *traceability.Reader) ([]traceability.Hit, int64, error) {
		hits, next, err := r.Search(ctx, text, int64(from), limit)
		if upper := strings.ToUpper(text); err == nil && len(hits) == 0 && upper != text {
			return r.Search(ctx, upper, int64(from), limit)
		}
		return hits, next, err
	})
}

// Part implements opcua.PartRecords.
func (s *storeRecords) Part(ctx context.Context, id string) (json.RawMessage, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	d, err := wholeDossier(ctx, r, strings.TrimSpace(id))
	if err != nil {
		return nil, noPack(ctx, r, id, err)
	}
	return json.Marshal(d)
}

// Waveform implements opcua.WaveformRecords.
func (s *storeRecords) Waveform(ctx context.Context, hash string) (*opcua.Waveform, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	w, err := readWaveform(ctx, r, hash)
	if err != nil {
		return nil, err
	}
	all := &opcua.Waveform{Interval: w.Curve.Interval, Channels: w.compared, OutsidePercent: math.NaN()}
	if w.OutsidePercent != nil {
		all.OutsidePercent = *w.OutsidePercent
	}
	return all, nil
}

// Shift implements opcua.ReportRecords.
func (s *storeRecords) Shift(ctx context.Context, from, to time.Time) (json.RawMessage, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	shift, err := r.Shift(ctx, from, to)
	if err != nil {
		return nil, err
	}
	return json.Marshal(shift)
}

// Orders implements opcua.ReportRecords.
func (s *storeRecords) Orders(ctx context.Context, from uint32, limit int) (json.RawMessage, uint32, error) {
	return page(s, func(r *traceability.Reader) ([]traceability.Order, int64, error) {
		return r.Orders(ctx, int64(from), limit)
	})
}

// Audit implements opcua.ReportRecords.
func (s *storeRecords) Audit(ctx context.Context, since, until time.Time, from uint32, limit int) (json.RawMessage, uint32, error) {
	return page(s, func(r *traceability.Reader) ([]traceability.Audit, int64, error) {
		return r.Audit(ctx, since, until, int64(from), limit)
	})
}

// page asks for one page and writes it as JSON.
func page[T any](s *storeRecords, ask func(*traceability.Reader) ([]T, int64, error)) (json.RawMessage, uint32, error) {
	r, err := s.open()
	if err != nil {
		return nil, 0, err
	}
	all, next, err := ask(r)
	if err != nil {
		return nil, 0, err
	}
	if next > math.MaxUint32 {
		return nil, 0, fmt.Errorf("the records are too many to go on from number %d", next)
	}
	text, err := json.Marshal(all)
	return text, uint32(next), err
}
