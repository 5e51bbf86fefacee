package traceability

import (
	"context"
	"math"
	"time"

	"linectl/line"
)

// Audit is one request of a person with all that was recorded of it.
type Audit struct {
	Action
	Request string      `json:"request"`
	Pack    line.PackID `json:"pack,omitempty"`
	Origin  line.Origin `json:"origin,omitempty"`
	Roles   []line.Role `json:"roles"`
}

const auditQuery = `SELECT a.seq, a.at_us, a.station, COALESCE(p.name, ''), a.request, a.asker, a.why, a.command, a.accepted, a.reply, a.account, a.origin, a.roles,
	a.old_value, a.new_value FROM actions a INDEXED BY actions_at LEFT JOIN packs p ON p.pack_id = a.pack_id
	WHERE a.at_us >= ? AND a.at_us < ? AND a.seq < ? ORDER BY a.seq DESC LIMIT ?`

// Audit returns the requests from since until before until, the newest first, limit at most. before is where to go on, 0 at
// first; the number that comes back is the before of the next page, 0 when there is none.
func (r *Reader) Audit(ctx context.Context, since, until time.Time, before int64, limit int) (all []Audit, next int64, err error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	all, err = list(ctx, r.db, auditFields, auditQuery, since.UnixMicro(), until.UnixMicro(), before, limit+1)
	if err != nil {
		return nil, 0, explain(r.dir, err)
	}
	if len(all) > limit {
		all = all[:limit]
		next = all[limit-1].Seq
	}
	return all, next, nil
}

const requestQuery = `SELECT a.seq, a.at_us, a.station, COALESCE(p.name, ''), a.request, a.asker, a.why, a.command, a.accepted, a.reply, a.account, a.origin, a.roles,
	a.old_value, a.new_value FROM actions a INDEXED BY actions_at LEFT JOIN packs p ON p.pack_id = a.pack_id WHERE a.at_us >= ? AND a.at_us <= ? `

// Requests returns the requests between two times, both included: from the earlier on, or backwards where from is after to. It
// leaves out the first skip and returns limit at most.
func (r *Reader) Requests(ctx context.Context, from, to time.Time, skip, limit int) ([]Audit, error) {
	low, high, order := micros(from), micros(to), "ORDER BY a.at_us, a.seq LIMIT ? OFFSET ?"
	if from.After(to) {
		low, high, order = high, low, "ORDER BY a.at_us DESC, a.seq DESC LIMIT ? OFFSET ?"
	}
	all, err := list(ctx, r.db, auditFields, requestQuery+order, low, high, limit, skip)
	if err != nil {
		return nil, explain(r.dir, err)
	}
	return all, nil
}

func auditFields(a *Audit) []any {
	return []any{
		&a.Seq,
		at{&a.At},
		text[line.StationID]{&a.Station},
		text[line.PackID]{&a.Pack},
		&a.Request, &a.By, &a.Why, &a.Command, &a.Accepted, &a.Reply,
		&a.Account,
		text[line.Origin]{&a.Origin},
		fromJSON{&a.Roles},
		&a.Old, &a.New,
	}
}
