package strangers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/control"
	"linectl/line"
	"linectl/packml"
)

// recorder stands between a gateway and its supervisor and writes down what the supervisor says. The truth of a test is this, and
// nothing that the gateway has made of it.
type recorder struct {
	socket string
	mu     sync.Mutex
	said   []said
}

// said is what was true of the watched values at a moment, by the names of their nodes.
type said struct {
	at     time.Time
	values map[string]string
}

// newRecorder listens on a socket of its own and passes everything on.
func newRecorder(t testing.TB, s *shop) *recorder {
	t.Helper()
	r := &recorder{socket: filepath.Join(s.dir, "recorder", "r.sock")}
	l, err := control.Listen(t.Context(), r.socket)
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(q *httputil.ProxyRequest) { q.SetURL(&url.URL{Scheme: "http", Host: "linectl"}) },
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // a supervisor that was killed ends its answers in the middle
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", s.socket())
		}},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ModifyResponse: func(res *http.Response) error {
			if res.Request.URL.Path == "/v1/snapshots" {
				in, out := io.Pipe()
				res.Body = &tee{res.Body, io.TeeReader(res.Body, out), out}
				go r.listen(in)
			}
			return nil
		},
	}
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return r
}

// tee passes a body on and copies it.
type tee struct {
	io.Closer
	io.Reader
	out *io.PipeWriter
}

func (t *tee) Close() error { _ = t.out.Close(); return t.Closer.Close() }

func (r *recorder) listen(in io.Reader) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var s line.Snapshot
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			continue // cut off in the middle: the gateway cannot read it either
		}
		if s.At.IsZero() {
			continue // the supervisor is there, and says nothing of its line yet
		}
		r.mu.Lock()
		r.said = append(r.said, said{s.At, truths(s)})
		r.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, in)
}

// truths are the values of the watched nodes, as their documentation says that they follow from what the supervisor says.
func truths(s line.Snapshot) map[string]string {
	v := map[string]string{"Line.Good": plain(float64(s.Good)), "Line.JournalSeq": plain(float64(s.Seq)), "Line.CellsReceived": plain(float64(s.Cells.Received))}
	for _, t := range s.Stations {
		state, err := packml.ParseState(t.State)
		if err != nil {
			panic(err)
		}
		id := string(t.Station) + "."
		v[id+"State"], v[id+"StateCurrent"], v[id+"ReasonText"], v[id+"PartId"] = t.State, plain(float64(state)), t.Reason, t.Part
		v[id+"StepDone"], v[id+"Waiting"], v[id+"ToolUse"] = plain(float64(t.Done)), plain(float64(t.Waiting)), plain(t.ToolUse)
	}
	return v
}

// plain writes a value as a client in any language has it: all numbers are alike.
func plain(v any) string {
	switch r := reflect.ValueOf(v); {
	case v == nil:
		return ""
	case r.CanFloat():
		return strconv.FormatFloat(r.Float(), 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// names are the watched nodes.
func (r *recorder) names() (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.said) > 0 {
		for name := range r.said[0].values {
			names = append(names, name)
		}
	}
	return names
}

// judge says what is wrong with a value that was shown as Good, or nothing. It must be what the supervisor said at its source
// timestamp, and it must still have been so lately when it came. JavaScript knows whole milliseconds only.
func (r *recorder) judge(v shown) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	exact, lately := false, false
	var near []string
	for i := len(r.said) - 1; i >= 0 && (!exact || !lately); i-- {
		s := r.said[i]
		if !exact && s.at.Sub(v.source).Abs() <= time.Millisecond {
			near = append(near, s.values[v.name])
			exact = s.values[v.name] == v.value
		}
		lately = lately || s.values[v.name] == v.value && (v.came.Sub(s.at) < stillTrue || i == len(r.said)-1)
	}
	switch {
	case !exact && len(near) == 0:
		return fmt.Sprintf("%s was shown %s as %q of %v, a moment of which the supervisor has said nothing; it spoke from %v to %v", v.client, v.name, v.value, v.source, r.said[0].at, r.said[len(r.said)-1].at)
	case !exact:
		return fmt.Sprintf("%s was shown %s as %q of %v, the supervisor had said %q", v.client, v.name, v.value, v.source, strings.Join(near, ", "))
	case !lately:
		return fmt.Sprintf("%s was shown %s as %q at %v; that was not so any more for %v", v.client, v.name, v.value, v.came, stillTrue)
	}
	return ""
}

// stillTrue is how old the truth of a Good value may be: two seconds of silence, and the time to deliver it on a busy machine.
const stillTrue = 8 * time.Second
