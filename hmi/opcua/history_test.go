package opcua_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"linectl/hmi/opcua"
	"linectl/internal/testnet"
	"linectl/line"
)

// memory keeps points as the record store does.
type memory map[opcua.Series][]opcua.Point

func (m memory) Points(_ context.Context, s opcua.Series, from, to time.Time, skip, limit int) ([]opcua.Point, error) {
	low, high := from, to
	if from.After(to) {
		low, high = to, from
	}
	var in []opcua.Point
	for _, p := range m[s] {
		if !p.At.Before(low) && !p.At.After(high) {
			in = append(in, p)
		}
	}
	if from.After(to) {
		slices.Reverse(in)
	}
	in = in[min(skip, len(in)):]
	return in[:min(limit, len(in))], nil
}

func (m memory) Measured(context.Context) ([]opcua.Measured, error) { return nil, nil }

func second(n float64) time.Time { return at.Add(time.Duration(n * float64(time.Second))) }

// fickle gives nora a role at her first login only.
type fickle struct {
	door
	logins atomic.Int32
}

func (f *fickle) Authenticate(ctx context.Context, user, password, source string) (opcua.Login, error) {
	l, err := f.door.Authenticate(ctx, user, password, source)
	if user == "nora" && f.logins.Add(1) == 1 {
		l.Roles = []line.Role{line.Viewer}
	}
	return l, err
}

// pastBench serves a stepped counter with 1, 2, 3 … at seconds 1, 2, 3 … 10, and results 10, 20 … 100 at the same times.
func pastBench(t *testing.T) (*bench, *gopcua.Client) {
	t.Helper()
	counter, results := opcua.Series{Kind: opcua.SeriesGood}, opcua.Series{Kind: opcua.SeriesMeasured, Name: "energy"}
	m := memory{}
	for n := 1; n <= 10; n++ {
		m[counter] = append(m[counter], opcua.Point{At: second(float64(n)), Value: float64(n)})
		m[results] = append(m[results], opcua.Point{At: second(float64(n)), Value: 10 * float64(n)})
	}
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), func(o *opcua.Options) { o.History, o.Logins = m, &fickle{} })
	part := func(name string) opcua.Browse {
		return opcua.Browse{ID: opcua.Own("Thing." + name), Parent: opcua.Own("Thing"), Name: name}
	}
	if err := b.server.Declare(
		opcua.Object{Browse: opcua.Browse{ID: opcua.Own("Thing"), Name: "Thing"}, Events: true},
		opcua.Variable{Browse: part("Good"), Kind: opcua.UInt32, History: &counter}, opcua.Variable{Browse: part("Energy"), Kind: opcua.Double, History: &results},
		opcua.Variable{Browse: part("Plain"), Kind: opcua.Double},
	); err != nil {
		t.Fatal(err)
	}
	b.server.Publish(opcua.Value{ID: opcua.Own("Thing.Good"), Value: uint32(10), Quality: opcua.Good, At: at})
	b.serve(t)
	return b, b.mustDial(t, login{})
}

func of(t *testing.T, c *gopcua.Client, name string, point ...[]byte) []*ua.HistoryReadValueID {
	t.Helper()
	v := &ua.HistoryReadValueID{NodeID: node(t, c, name), DataEncoding: &ua.QualifiedName{}}
	if len(point) > 0 {
		v.ContinuationPoint = point[0]
	}
	return []*ua.HistoryReadValueID{v}
}

// written writes values as 1@1.5 with their status where it is not plain Good.
func written(t *testing.T, r *ua.HistoryReadResult) string {
	t.Helper()
	if r.HistoryData == nil || r.HistoryData.Value == nil {
		return r.StatusCode.Error()
	}
	if len(r.HistoryData.Value.(*ua.HistoryData).DataValues) == 0 {
		return r.StatusCode.Error()
	}
	var parts []string
	for _, v := range r.HistoryData.Value.(*ua.HistoryData).DataValues {
		text := "-"
		if v.Value != nil && v.Value.Value() != nil {
			text = fmt.Sprint(v.Value.Value())
		}
		text += fmt.Sprintf("@%g", v.SourceTimestamp.Sub(at).Seconds())
		if v.Status != ua.StatusOK {
			text += fmt.Sprintf("/%x", uint32(v.Status))
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

func past(t *testing.T, c *gopcua.Client, name string, start, end time.Time, n uint32, bounds bool) (string, []byte) {
	t.Helper()
	res, err := c.HistoryReadRawModified(t.Context(), of(t, c, name), &ua.ReadRawModifiedDetails{StartTime: start, EndTime: end, NumValuesPerNode: n, ReturnBounds: bounds})
	if err != nil {
		t.Fatal(err)
	}
	return written(t, res.Results[0]), res.Results[0].ContinuationPoint
}

// TestAnySpaceReadsHistories is the contract of histories, by OPC 10000-11.
func TestAnySpaceReadsHistories(t *testing.T) {
	t.Parallel()
	b, c := pastBench(t)
	const noBound = "/80d70000"
	t.Run("raw", func(t *testing.T) {
		for _, r := range []struct {
			start, end float64
			n          uint32
			bounds     bool
			want       string
		}{
			{2, 5, 0, false, "2@2 3@3 4@4"}, // the end is not included
			{5, 2, 0, false, "5@5 4@4 3@3"}, // backwards, in both senses
			{1.5, 3.5, 0, false, "2@2 3@3"},
			{1.5, 3.5, 0, true, "1@1 2@2 3@3 4@4"}, // the values beside
			{3.5, 1.5, 0, true, "4@4 3@3 2@2 1@1"},
			{2, 4, 0, true, "2@2 3@3 4@4"}, // values on the bounds are the bounds
			{-5, 1.5, 0, true, "-@-5" + noBound + " 1@1 2@2"},
			{9.5, 20, 0, true, "9@9 10@10 -@20" + noBound},
			{20, 30, 0, false, ua.StatusGoodNoData.Error()},
			{3, 3, 0, false, "3@3"},
		} {
			got, point := past(t, c, "Thing.Good", second(r.start), second(r.end), r.n, r.bounds)
			if got != r.want || len(point) > 0 {
				t.Errorf("%g to %g, bounds %v: %s, want %s", r.start, r.end, r.bounds, got, r.want)
			}
		}
		if got, _ := past(t, c, "Thing.Good", second(7), time.Time{}, 2, false); got != "7@7 8@8" {
			t.Errorf("from 7 on, two: %s", got)
		}
		if got, _ := past(t, c, "Thing.Good", time.Time{}, second(7), 2, false); got != "7@7 6@6" {
			t.Errorf("back from 7, two: %s", got)
		}
		if got, _ := past(t, c, "Thing.Good", time.Time{}, second(7), 0, false); !strings.Contains(got, "BadInvalidTimestampArgument") {
			t.Errorf("without an end and a number: %s", got)
		}
	})
	t.Run("in pieces", func(t *testing.T) { historyInPieces(t, b, c) })
	t.Run("at times", func(t *testing.T) {
		for name, want := range map[string]string{
			"Thing.Good":   "1@1 1@1.5/402 10@10 10@10.5/402 -@0/809b0000",
			"Thing.Energy": "10@1 15@1.5/402 100@10 100@10.5/40a40402 -@0/809b0000",
		} {
			res, err := c.HistoryReadAtTime(t.Context(), of(t, c, name), &ua.ReadAtTimeDetails{ReqTimes: []time.Time{second(1), second(1.5), second(10), second(10.5), second(0)}})
			if err != nil {
				t.Fatal(err)
			}
			if got := written(t, res.Results[0]); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	})
	t.Run("aggregates", func(t *testing.T) { historyAggregates(t, c) })
	t.Run("told truthfully", func(t *testing.T) {
		for name, want := range map[string][2]any{"Thing.Good": {byte(5), true}, "Thing.Plain": {byte(1), false}} {
			level, historizing := attribute(t, c, node(t, c, name), ua.AttributeIDAccessLevel), attribute(t, c, node(t, c, name), ua.AttributeIDHistorizing)
			if level.Value.Value() != want[0] || historizing.Value.Value() != want[1] {
				t.Errorf("%s: access level %v, historizing %v", name, level.Value.Value(), historizing.Value.Value())
			}
		}
		if v := attribute(t, c, ua.NewNumericNodeID(0, id.HistoryServerCapabilities_AccessHistoryDataCapability), ua.AttributeIDValue); v.Value.Value() != true {
			t.Error("the capability is not told")
		}
		if got, _ := past(t, c, "Thing.Plain", second(1), second(2), 0, false); !strings.Contains(got, "BadHistoryOperationUnsupported") {
			t.Errorf("a value without a history: %s", got)
		}
		if got, _ := past(t, c, "Thing.NoSuch", second(1), second(2), 0, false); !strings.Contains(got, "BadNodeIDUnknown") {
			t.Errorf("no such node: %s", got)
		}
	})
	t.Run("nobody without a role", func(t *testing.T) {
		nora := login{user: "nora", password: "nora-password"}
		nobody := b.mustDial(t, nora) // she has a role at first
		if _, err := b.dial(t, nora); err == nil {
			t.Error("without a role somebody can read what the namespaces are")
		}
		res, err := nobody.HistoryReadRawModified(t.Context(), of(t, c, "Thing.Good"), &ua.ReadRawModifiedDetails{StartTime: second(1), EndTime: second(2)})
		if err != nil || res.Results[0].StatusCode != ua.StatusBadUserAccessDenied {
			t.Errorf("somebody without a role reads %v %v", res.Results[0].StatusCode, err)
		}
	})
}

func historyInPieces(t *testing.T, b *bench, c *gopcua.Client) {
	details := &ua.ReadRawModifiedDetails{StartTime: second(1.5), EndTime: second(7.5), NumValuesPerNode: 3, ReturnBounds: true}
	var pieces []string
	var point []byte
	for {
		res, err := c.HistoryReadRawModified(t.Context(), of(t, c, "Thing.Good", point), details)
		if err != nil {
			t.Fatal(err)
		}
		pieces = append(pieces, written(t, res.Results[0]))
		if point = res.Results[0].ContinuationPoint; len(point) == 0 {
			break
		}
	}
	if got := strings.Join(pieces, " | "); got != "1@1 2@2 3@3 | 4@4 5@5 6@6 | 7@7 8@8" {
		t.Errorf("in pieces: %s", got)
	}
	_, point = past(t, c, "Thing.Good", second(1), second(9), 2, false)
	other := b.mustDial(t, login{user: "vera", password: "vera-password"})
	read := func(c *gopcua.Client, name string, release bool) ua.StatusCode {
		req := &ua.HistoryReadRequest{
			TimestampsToReturn: ua.TimestampsToReturnBoth, NodesToRead: of(t, c, name, point), ReleaseContinuationPoints: release,
			HistoryReadDetails: &ua.ExtensionObject{
				TypeID: ua.NewFourByteExpandedNodeID(0, id.ReadRawModifiedDetails_Encoding_DefaultBinary), EncodingMask: ua.ExtensionObjectBinary,
				Value: &ua.ReadRawModifiedDetails{StartTime: second(1), EndTime: second(9), NumValuesPerNode: 2},
			},
		}
		var status ua.StatusCode
		err := c.Send(t.Context(), req, func(r ua.Response) error {
			status = r.(*ua.HistoryReadResponse).Results[0].StatusCode
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	if s := read(other, "Thing.Good", false); s != ua.StatusBadContinuationPointInvalid {
		t.Errorf("another session reads on: %v", s)
	}
	if s := read(c, "Thing.Good", true); s != ua.StatusOK {
		t.Errorf("release: %v", s)
	}
	if s := read(c, "Thing.Good", false); s != ua.StatusBadContinuationPointInvalid {
		t.Errorf("a released point: %v", s)
	}
	last := ""
	for range 20 {
		last, _ = past(t, c, "Thing.Good", second(1), second(9), 2, false)
	}
	if !strings.Contains(last, "BadNoContinuationPoints") {
		t.Errorf("twenty readings that nobody ends: %s", last)
	}
}

func historyAggregates(t *testing.T, c *gopcua.Client) {
	read := func(start, end, interval float64, kind uint32) string {
		res, err := c.HistoryReadProcessed(t.Context(), of(t, c, "Thing.Energy"), &ua.ReadProcessedDetails{
			StartTime: second(start), EndTime: second(end), ProcessingInterval: interval * 1000, AggregateType: []*ua.NodeID{ua.NewNumericNodeID(0, kind)},
			AggregateConfiguration: &ua.AggregateConfiguration{UseServerCapabilitiesDefaults: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		return written(t, res.Results[0])
	}
	for _, a := range []struct {
		start, end, interval float64
		kind                 uint32
		want                 string
	}{
		{1, 11, 5, id.AggregateFunction_Average, "30@1/401 80@6/401"},
		{1, 11, 5, id.AggregateFunction_Minimum, "10@1/401 60@6/401"},
		{1, 11, 5, id.AggregateFunction_Maximum, "50@1/401 100@6/401"},
		{1, 11, 5, id.AggregateFunction_Count, "5@1/401 5@6/401"},
		{1, 11, 0, id.AggregateFunction_Count, "10@1/401"},
		{1, 9, 5, id.AggregateFunction_Maximum, "50@1/401 80@6/405"}, // the second interval is cut short
		{9, 19, 5, id.AggregateFunction_Average, "95@9/401 -@14/809b0000"},
		{9, 19, 5, id.AggregateFunction_Count, "2@9/401 0@14/401"},
		{11, 1, 5, id.AggregateFunction_Average, "80@11/401 30@6/401"}, // backwards: the earlier end is included
		{1, 11, 5, id.AggregateFunction_Range, "BadAggregateNotSupported"},
		{1, 1, 5, id.AggregateFunction_Count, "BadAggregateInvalidInputs"},
	} {
		if got := read(a.start, a.end, a.interval, a.kind); got != a.want && !strings.Contains(got, a.want) {
			t.Errorf("aggregate %d of %g to %g: %s, want %s", a.kind, a.start, a.end, got, a.want)
		}
	}
}
