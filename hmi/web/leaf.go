package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

// Times and bounds of what is read from the records.
const (
	leafKept   = 10 * time.Second // a page that was just read is not read again for its stream
	leafRetry  = 2 * time.Second  // after an answer that is none
	leafPaint  = time.Second      // a page of records is long: it is painted no more often
	maxLeaves  = 4                // of one session
	maxPieces  = 64               // of one long answer
	leafPieces = 20 * time.Second // for all pieces of it
)

// leaf is what a page has read from the records, at one moment and in one language. What is in it does not live: it is written out
// once, and stands in the page beside what does.
type leaf struct {
	Data any           // of the page's Read
	Why  string        // why there is nothing
	At   time.Time     // when it was read
	Body template.HTML // of the page's template "leaf"
}

// elsewhere is the answer of a Read that sends the browser to another page of ours.
type elsewhere string

func (e elsewhere) Error() string { return "see " + string(e) }

// asker asks the gateway's methods that read from the records, as the person who is logged in.
type asker interface {
	// whole reads an answer that may come in pieces. Its last input is where to go on; it is set here.
	whole(ctx context.Context, into any, method string, in ...any) error
	// page reads a part of a list, and returns where to go on, 0 at its end.
	page(ctx context.Context, into any, method string, in ...any) (next uint32, err error)
	waveform(ctx context.Context, hash string) (*waveform, error)
	// server returns what the gateway says of itself.
	server(ctx context.Context) (*serverStatus, error)
}

var errNotHere = errors.New("the gateway is not heard yet; this is tried again by itself")

// ask calls a method that only reads.
func (l *link) ask(ctx context.Context, name string, in ...any) ([]*ua.Variant, error) {
	l.mu.RLock()
	client, m := l.client, l.methods[name]
	l.mu.RUnlock()
	if client == nil || m == nil {
		return nil, errNotHere
	}
	variants := make([]*ua.Variant, len(in))
	for i, v := range in {
		variants[i] = ua.MustVariant(v)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	r, err := client.Call(ctx, &ua.CallMethodRequest{ObjectID: m.object, MethodID: m.id, InputArguments: variants})
	if err != nil || r == nil {
		return nil, errNotHere
	}
	if r.StatusCode == ua.StatusOK {
		return r.OutputArguments, nil
	}
	if n := len(r.OutputArguments); n > 0 {
		if t, ok := r.OutputArguments[n-1].Value().(*ua.LocalizedText); ok && t.Text != "" {
			return nil, errors.New(t.Text) //nolint:err113 // the gateway's words for people
		}
	}
	return nil, fmt.Errorf("the gateway does not answer this: %w", r.StatusCode)
}

func (l *link) page(ctx context.Context, into any, method string, in ...any) (next uint32, err error) {
	answer, next, err := l.piece(ctx, method, in...)
	if err != nil {
		return 0, err
	}
	return next, understand([]byte(answer), into)
}

func understand(answer []byte, into any) error {
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("the answer of the records is not understood: %w", err)
	}
	return nil
}

// piece returns JSON, or a part of it, and where to go on.
func (l *link) piece(ctx context.Context, method string, in ...any) (answer string, next uint32, err error) {
	out, err := l.ask(ctx, method, in...)
	if err != nil {
		return "", 0, err
	}
	if len(out) < 2 {
		return "", 0, errNotHere
	}
	answer, _ = out[0].Value().(string)
	next, _ = out[1].Value().(uint32)
	return answer, next, nil
}

func (l *link) whole(ctx context.Context, into any, method string, in ...any) error {
	ctx, cancel := context.WithTimeout(ctx, leafPieces)
	defer cancel()
	var answer bytes.Buffer
	for offset, n := uint32(0), 0; n < maxPieces; n++ {
		piece, next, err := l.piece(ctx, method, append(slices.Clip(in), offset)...)
		if err != nil {
			return err
		}
		answer.WriteString(piece)
		if offset = next; next == 0 {
			return understand(answer.Bytes(), into)
		}
	}
	return errors.New("the answer is too long for this screen")
}

func (l *link) waveform(ctx context.Context, hash string) (*waveform, error) {
	out, err := l.ask(ctx, "Line.ReadWaveform", hash)
	if err != nil {
		return nil, err
	}
	if len(out) < 7 {
		return nil, errNotHere
	}
	w := &waveform{Outside: math.NaN()}
	w.Names, _ = out[0].Value().([]string)
	w.Units, _ = out[1].Value().([]string)
	w.Interval, _ = out[2].Value().(float64)
	w.Samples, _ = out[3].Value().([]float64)
	w.Low, _ = out[4].Value().([]float64)
	w.High, _ = out[5].Value().([]float64)
	w.Outside, _ = out[6].Value().(float64)
	return w, nil
}

func (l *link) server(ctx context.Context) (*serverStatus, error) {
	l.mu.RLock()
	client := l.client
	l.mu.RUnlock()
	if client == nil {
		return nil, errNotHere
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request := &ua.ReadRequest{TimestampsToReturn: ua.TimestampsToReturnNeither}
	for _, n := range []uint32{
		id.Server_ServerStatus_State, id.Server_ServerStatus_StartTime, id.Server_ServerStatus_BuildInfo_SoftwareVersion, id.Server_ServerStatus_BuildInfo_ProductName,
	} {
		request.NodesToRead = append(request.NodesToRead, &ua.ReadValueID{NodeID: ua.NewNumericNodeID(0, n), AttributeID: ua.AttributeIDValue})
	}
	r, err := client.Read(ctx, request)
	if err != nil || len(r.Results) != len(request.NodesToRead) {
		return nil, errNotHere
	}
	s := &serverStatus{}
	if v := r.Results[0].Value; v != nil {
		n, _ := v.Value().(int32)
		s.State = strings.TrimPrefix(ua.ServerState(n).String(), "ServerState")
	}
	if v := r.Results[1].Value; v != nil {
		s.Started, _ = v.Value().(time.Time)
	}
	for i, to := range []*string{&s.Version, &s.Product} {
		if v := r.Results[2+i].Value; v != nil {
			*to, _ = v.Value().(string)
		}
	}
	return s, nil
}

// read reads what a page shows of the records and writes it out.
func (s *Server) read(ctx context.Context, o *session, page *Page, arg string, where *url.URL) (*leaf, error) {
	v := s.view(o, page, arg, where, time.Now())
	o.link.see(func(m *Model) { v.Model = m.still() })
	f := &leaf{At: v.Now}
	data, err := page.Read(ctx, o.link, v)
	_, away := errors.AsType[elsewhere](err)
	switch {
	case away:
		return nil, err
	case err != nil:
		f.Why = v.T(err.Error())
		return f, nil
	}
	f.Data, v.D = data, data
	var b bytes.Buffer
	if err := s.templates[page.Name].ExecuteTemplate(&b, "leaf", v); err != nil {
		return nil, fmt.Errorf("page %s: %w", page.Name, err)
	}
	f.Body = template.HTML(b.String()) //nolint:gosec // made by html/template just now
	return f, nil
}

// leaves keeps what a session has just read, so that a page and its stream show the same.
type leaves struct {
	mu   sync.Mutex
	list []keptLeaf
}

type keptLeaf struct {
	key  string
	leaf *leaf
}

func (l *leaves) find(key string, now time.Time) *leaf {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.list {
		if k.key == key && now.Sub(k.leaf.At) < leafKept {
			return k.leaf
		}
	}
	return nil
}

func (l *leaves) keep(key string, f *leaf) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, keptLeaf{key, f})
	if len(l.list) > maxLeaves {
		l.list = append([]keptLeaf(nil), l.list[1:]...)
	}
}

// turn returns what a page shows of the records: what was just read, or what is read now. It is nil for a page that reads nothing.
func (s *Server) turn(ctx context.Context, o *session, page *Page, arg string, where *url.URL) (*leaf, error) {
	if page.Read == nil {
		return nil, nil //nolint:nilnil // there is none
	}
	key := o.language() + " " + where.Path + "?" + where.RawQuery
	if f := o.leaves.find(key, time.Now()); f != nil && f.Why == "" {
		return f, nil
	}
	f, err := s.read(ctx, o, page, arg, where)
	if err == nil {
		o.leaves.keep(key, f)
	}
	return f, err
}

// follow holds the newest leaf of a page while its stream lasts. It never makes the stream wait.
func (s *Server) follow(ctx context.Context, o *session, page *Page, arg string, where *url.URL) *atomic.Pointer[leaf] {
	var newest atomic.Pointer[leaf]
	if page.Read == nil {
		return &newest
	}
	first := make(chan struct{})
	var once sync.Once
	go func() {
		f, err := s.turn(ctx, o, page, arg, where)
		for {
			if err == nil && (f.Why == "" || newest.Load() == nil || newest.Load().Why != "") {
				newest.Store(f) // an answer that is none takes nothing from the screen: what it shows says when it was read
			}
			once.Do(func() { close(first) })
			pause := page.Again
			if err != nil || f.Why != "" {
				pause = leafRetry
			}
			if pause <= 0 {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(max(pause, leafRetry)):
			}
			f, err = s.read(ctx, o, page, arg, where)
		}
	}()
	select {
	case <-first:
	case <-time.After(leafRetry): // the page lives without it meanwhile
	}
	return &newest
}
