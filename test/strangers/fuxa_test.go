package strangers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"linectl/control"
	"linectl/hmi/load"
	hmi "linectl/hmi/opcua"
	"linectl/internal/process"
	"linectl/internal/testnet"
)

const fuxaModules = "../fuxa/node_modules"

// fuxa is a web SCADA by other people, which knows of us only the address of an OPC UA server and a user.
type fuxa struct {
	url string
	*process.Process
}

// startFUXA starts it with nothing configured. Its certificates lie in the test's directory.
func startFUXA(t testing.TB, s *shop) *fuxa {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: node is not installed")
	}
	main, err := filepath.Abs(filepath.Join(fuxaModules, "@frangoteam", "fuxa", "main.js"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(main); err != nil {
		t.Skip("skipped: run npm install in test/fuxa first (300 MB)")
	}
	home := filepath.Join(s.dir, "fuxa")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	_, port, _ := net.SplitHostPort(testnet.FreeAddress(t))
	f := &fuxa{"http://127.0.0.1:" + port, start(t, "fuxa", s.dir, node, main, "--port", port, "--userDir", home)}
	until(t, "FUXA answers", 2*time.Minute, func() error { return f.ask(http.MethodGet, "/api/project", nil, nil) }, f.Process)
	return f
}

func (f *fuxa) ask(method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	r, err := http.NewRequest(method, f.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	c := http.Client{Timeout: 20 * time.Second}
	res, err := c.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, said)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(said, out)
}

// fuxaTags are what the screen shows, by the id of the tag: the name and the type of a node.
var fuxaTags = map[string][2]string{
	"seq": {"Line.JournalSeq", "Double"}, "good": {"Line.Good", "UInt32"}, "name": {"Line.Name", "String"}, "connected": {"Line.Connected", "Boolean"},
	"state": {"ST060.StateCurrent", "Int32"}, "part": {"ST060.PartId", "String"}, "received": {"Line.CellsReceived", "UInt32"},
}

// configure makes a project with one device, the gateway, whose namespace has an index.
func (f *fuxa) configure(s *shop, user string, index uint16) error {
	security := map[string]any{
		"mode": map[string]any{"securityMode": 3, "securityPolicy": "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"}, "uid": user, "pwd": s.passwords[user],
	}
	tags := map[string]any{}
	for id, node := range fuxaTags {
		tags[id] = map[string]any{"id": id, "name": id, "type": node[1], "address": fmt.Sprintf("ns=%d;s=%s", index, node[0]), "daq": map[string]any{"enabled": false}}
	}
	var project map[string]any
	if err := f.ask(http.MethodGet, "/api/project", nil, &project); err != nil {
		return err
	}
	project["devices"] = map[string]any{"d1": map[string]any{
		"id": "d1", "name": "line", "type": "OPCUA", "enabled": true, "polling": 500, "property": map[string]any{"address": "opc.tcp://" + s.address}, "tags": tags,
	}}
	if err := f.ask(http.MethodPost, "/api/project", project, nil); err != nil { // it forgets what was said of the device before
		return err
	}
	return f.ask(http.MethodPost, "/api/device", map[string]any{"params": map[string]any{"query": "security", "name": "d1", "value": security}}, nil)
}

// values are what FUXA shows now, as texts; a tag without a value is left out.
func (f *fuxa) values() (map[string]string, error) {
	var ids []string
	for id := range fuxaTags {
		ids = append(ids, id)
	}
	q, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	var list []struct {
		ID    string
		Value any
	}
	if err := f.ask(http.MethodGet, "/api/getTagValue?ids="+url.QueryEscape(string(q)), nil, &list); err != nil {
		return nil, err
	}
	have := map[string]string{}
	for _, v := range list {
		if v.Value != nil {
			have[v.ID] = plain(v.Value)
		}
	}
	return have, nil
}

// TestFUXAShowsTheLine lets FUXA show the line that the demo builds, over the gateway's death and back. The way in is the user's: the
// first attempt is refused, and linectl cert trust lets it in.
func TestFUXAShowsTheLine(t *testing.T) {
	s := newShop(t)
	f := startFUXA(t, s)
	demo := s.demo(t)
	c := control.Dial(s.socket())
	defer c.Close()
	index := s.namespace(t)
	if err := f.configure(s, "operator", index); err != nil {
		t.Fatal(err)
	}
	trusted := regexp.MustCompile(`(?m)^([0-9a-f]{12,})\b.*rejected.*$`)
	until(t, "FUXA's certificate is refused", time.Minute, func() error {
		if trusted.FindStringSubmatch(linectl(t, "cert", "list", "--data", s.records)) == nil {
			return errors.New(linectl(t, "cert", "list", "--data", s.records))
		}
		return nil
	}, f.Process, demo)
	linectl(t, "cert", "trust", trusted.FindStringSubmatch(linectl(t, "cert", "list", "--data", s.records))[1], "--data", s.records)
	shows := func() error { // what it shows lies between what the supervisor said three seconds ago and what it says now
		before, err := c.Snapshot(t.Context())
		if err != nil {
			return err
		}
		time.Sleep(3 * time.Second) // it asks itself twice a second what it was told
		have, err := f.values()
		if err != nil {
			return err
		}
		now, err := c.Snapshot(t.Context())
		if err != nil {
			return err
		}
		if have["name"] != now.Line || have["connected"] != "true" {
			return fmt.Errorf("it shows %v", have)
		}
		for id, of := range map[string]func(b bool) float64{
			"seq":      func(b bool) float64 { return float64(pick(b, before, now).Seq) },
			"good":     func(b bool) float64 { return float64(pick(b, before, now).Good) },
			"received": func(b bool) float64 { return float64(pick(b, before, now).Cells.Received) },
		} {
			var v float64
			if _, err := fmt.Sscan(have[id], &v); err != nil || v < of(true) || v > of(false) {
				return fmt.Errorf("%s is %s, the supervisor says %v to %v", id, have[id], of(true), of(false))
			}
		}
		return nil
	}
	until(t, "FUXA shows the line", 2*time.Minute, shows, f.Process, demo)
	had, err := f.values()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	killGateway(t, demo)
	until(t, "FUXA shows the line again", 2*time.Minute, shows, f.Process, demo)
	took := time.Since(began)
	until(t, "the line has moved on, on FUXA's screen too", 2*time.Minute, func() error {
		now, err := f.values()
		if err == nil && now["seq"] == had["seq"] {
			err = fmt.Errorf("the journal stands at %s", had["seq"])
		}
		return err
	}, f.Process, demo)
	t.Logf("FUXA shows the line again %v after the gateway was killed", took.Round(100*time.Millisecond))
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// namespace finds the index of the line's namespace, as whoever configures FUXA does by browsing.
func (s *shop) namespace(t testing.TB) uint16 {
	t.Helper()
	var index uint16
	until(t, "the namespace is there", time.Minute, func() error {
		c, err := load.Server{
			URL: "opc.tcp://" + s.address, User: "operator", Password: s.passwords["operator"], URI: s.known.URI, Certificate: s.known.Certificate,
			Key: s.known.Key, Space: hmi.LineSpace,
		}.Dial(t.Context())
		if err != nil {
			return err
		}
		defer c.Close()
		index = c.Node("Line").Namespace()
		return nil
	})
	return index
}

// killGateway kills the gateway that the demo's supervisor keeps, and lets it be started again.
func killGateway(t testing.TB, demo *process.Process) {
	t.Helper()
	for _, pid := range below(t, demo.Command.Process.Pid) {
		said, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && bytes.Contains(said, []byte("\x00gateway\x00")) {
			p, err := os.FindProcess(pid)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Kill(); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("the demo has no gateway")
}

// below lists the processes that a process has started, and those that they have.
func below(t testing.TB, pid int) (all []int) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tasks {
		body, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has just ended
		}
		for field := range bytes.FieldsSeq(body) {
			var child int
			if _, err := fmt.Sscan(string(field), &child); err != nil {
				t.Fatal(err)
			}
			all = append(append(all, child), below(t, child)...)
		}
	}
	return all
}
