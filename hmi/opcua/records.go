package opcua

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"linectl/line"
)

// Bounds of what is read from the records in one call.
const (
	recordTimeout = 3 * time.Second
	maxRecords    = 500       // rows of one answer
	maxPiece      = 512 << 10 // bytes of one answer; a client's message may hold 2 MB and more than the text
	maxSpan       = 32 * 24 * time.Hour
	keptTexts     = 8               // long answers that are kept for whoever reads on
	keptFor       = 2 * time.Minute // and for how long
)

// PartRecords answers from the records what is known of parts. The answers are JSON. An error is one for people: it says what
// is missing and what to do.
type PartRecords interface {
	// FindParts returns packs by any identity, the newest first, and the number to go on with, 0 when there are no more.
	FindParts(ctx context.Context, text string, from uint32, limit int) (found json.RawMessage, next uint32, err error)
	// Part returns everything that is known of one pack.
	Part(ctx context.Context, id string) (json.RawMessage, error)
}

// ReportRecords answers from the records what happened over a span of time.
type ReportRecords interface {
	// Shift counts what happened from a time until before another.
	Shift(ctx context.Context, from, to time.Time) (json.RawMessage, error)
	// Orders returns the orders, the newest first.
	Orders(ctx context.Context, from uint32, limit int) (orders json.RawMessage, next uint32, err error)
	// Audit returns the requests of people, the newest first.
	Audit(ctx context.Context, since, until time.Time, from uint32, limit int) (requests json.RawMessage, next uint32, err error)
}

// Records is the way to the record store. It never writes.
type Records struct {
	Parts     PartRecords
	Reports   ReportRecords
	Waveforms WaveformRecords
	History   HistoryRecords // nil: the last results before the gateway's start are not shown
}

var (
	limitArgument  = Argument{"Limit", UInt32, "Rows at most, up to 500. 0 means 100."}
	offsetArgument = Argument{"Offset", UInt32, "0 at first, then the Next of the answer before."}
	auditors       = []line.Role{line.Quality, line.Admin}
)

// recordOutputs are the outputs of every method that reads the records.
func recordOutputs(json string) []Argument {
	return []Argument{
		{json, String, "The answer as JSON; empty if there is none."},
		{"Next", UInt32, "Offset of the rest; 0 when this was all."},
		{"Text", Text, "Why there is no answer, and what to do."},
	}
}

// DeclareRecords adds the methods that read the records. What past events tell is followed only if it comes before Run.
func (g *Gateway) DeclareRecords(r Records) error {
	g.mu.Lock()
	g.history = r.History
	g.mu.Unlock()
	return g.space.Declare(append(recordMethods(r), readWaveform(r.Waveforms))...)
}

func recordMethods(r Records) []Node {
	kept := &longTexts{}
	text := Argument{"Text", String, "A pack, serial, module, cell, lot, order or product; the beginning of a pack's id is enough. Empty means every pack."}
	from, to := Argument{"From", Moment, "Begin, UTC."}, Argument{"To", Moment, "End, UTC, not included. At most 32 days after the begin."}
	method := func(name, help, out string, roles []line.Role, in []Argument, read func(context.Context, []any) (json.RawMessage, uint32, error)) Method {
		return Method{
			Browse: Browse{ID: Own("Line." + name), Parent: Own("Line"), Name: name, Help: help}, Roles: roles, In: in, Out: recordOutputs(out), Reads: true,
			Call: func(ctx context.Context, _ Caller, args []any) ([]any, Status) {
				ctx, cancel := context.WithTimeout(ctx, recordTimeout)
				defer cancel()
				answer, next, err := read(ctx, args)
				switch {
				case ctx.Err() != nil && err != nil:
					return []any{"", uint32(0), "the records did not answer within 3 s; ask for less"}, Refused
				case err != nil:
					return []any{"", uint32(0), err.Error()}, Refused
				}
				return []any{string(answer), next, ""}, Done
			},
		}
	}
	return []Node{
		method("FindParts", "Finds packs by any identity, the newest first.", "PartsJson", line.Roles, []Argument{text, limitArgument, offsetArgument},
			func(ctx context.Context, a []any) (json.RawMessage, uint32, error) {
				return r.Parts.FindParts(ctx, a[0].(string), a[2].(uint32), rows(a[1]))
			}),
		method("ReadPart", "Everything that is known of one pack, as linectl trace pack --json prints it. A long text comes in pieces.", "DossierJson", line.Roles,
			[]Argument{{"PartId", String, "A pack, serial, module or cell."}, offsetArgument},
			func(ctx context.Context, a []any) (json.RawMessage, uint32, error) {
				return kept.piece(a[0].(string), a[1].(uint32), time.Now(), func() (json.RawMessage, error) { return r.Parts.Part(ctx, a[0].(string)) })
			}),
		method("ReadShift", "What was made, what was not good, what stood and what it was lost to in a span of time.", "ShiftJson", line.Roles, []Argument{from, to},
			func(ctx context.Context, a []any) (json.RawMessage, uint32, error) {
				since, until, err := span(a[0], a[1])
				if err != nil {
					return nil, 0, err
				}
				answer, err := r.Reports.Shift(ctx, since, until)
				return answer, 0, err
			}),
		method("ReadOrders", "The orders, the newest first.", "OrdersJson", line.Roles, []Argument{limitArgument, offsetArgument},
			func(ctx context.Context, a []any) (json.RawMessage, uint32, error) {
				return r.Reports.Orders(ctx, a[1].(uint32), rows(a[0]))
			}),
		method("ReadAudit", "What people asked for in a span of time, the newest first.", "AuditJson", auditors, []Argument{from, to, limitArgument, offsetArgument},
			func(ctx context.Context, a []any) (json.RawMessage, uint32, error) {
				since, until, err := span(a[0], a[1])
				if err != nil {
					return nil, 0, err
				}
				return r.Reports.Audit(ctx, since, until, a[3].(uint32), rows(a[2]))
			}),
	}
}

// rows is how many rows a caller wants.
func rows(limit any) int {
	n := limit.(uint32)
	if n == 0 {
		return 100
	}
	return int(min(n, maxRecords))
}

// span checks a caller's span of time. An end in the future means now.
func span(from, to any) (since, until time.Time, err error) {
	since, until = from.(time.Time).UTC(), to.(time.Time).UTC()
	if now := time.Now().UTC(); until.After(now) {
		until = now
	}
	switch {
	case !since.Before(until):
		return since, until, fmt.Errorf("from %s to %s is no span of time that has passed", since.Format(time.RFC3339), until.Format(time.RFC3339))
	case until.Sub(since) > maxSpan:
		return since, until, errors.New("a span of more than 32 days is not read at once; ask for less")
	}
	return since, until, nil
}

// longTexts keeps answers that are longer than one piece, so that whoever reads on gets the rest of the same text, whatever was
// written meanwhile.
type longTexts struct {
	mu   sync.Mutex
	kept []longText // the newest last
}

type longText struct {
	id   string
	text []byte
	at   time.Time
}

// piece returns the piece of a text from an offset on, and the offset of the next. At offset 0 the text is read anew.
func (l *longTexts) piece(id string, offset uint32, now time.Time, read func() (json.RawMessage, error)) (json.RawMessage, uint32, error) {
	id = strings.TrimSpace(id)
	var text []byte
	if offset == 0 {
		fresh, err := read()
		if err != nil {
			return nil, 0, err
		}
		if text = fresh; len(text) > maxPiece {
			l.keep(longText{id, text, now})
		}
	} else if text = l.find(id, now); uint64(offset) >= uint64(len(text)) || !utf8.RuneStart(text[offset]) {
		return nil, 0, fmt.Errorf("no piece of %s begins at %d; begin again with Offset 0", id, offset)
	}
	rest := text[offset:]
	if len(rest) <= maxPiece {
		return rest, 0, nil
	}
	end := maxPiece
	for !utf8.RuneStart(rest[end]) { // a text is sent as UTF-8: no piece ends inside a character
		end--
	}
	return rest[:end], offset + uint32(end), nil //nolint:gosec // the whole is far below 4 GB
}

func (l *longTexts) keep(t longText) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = slices.DeleteFunc(l.kept, func(old longText) bool { return old.id == t.id || t.at.Sub(old.at) > keptFor })
	l.kept = append(l.kept, t)
	if len(l.kept) > keptTexts {
		l.kept = slices.Delete(l.kept, 0, 1)
	}
}

func (l *longTexts) find(id string, now time.Time) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.kept {
		if t.id == id && now.Sub(t.at) <= keptFor {
			return t.text
		}
	}
	return nil
}
