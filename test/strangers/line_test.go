package strangers

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"linectl/control"
	"linectl/examples"
	"linectl/internal/process"
	"linectl/internal/testbuild"
	"linectl/internal/testnet"
	"linectl/line"
	"linectl/plc/opcua"
)

// program is linectl, built once for all tests of this package.
var program string

func TestMain(m *testing.M) { os.Exit(testbuild.Main(m, &program)) }

// start runs a program until the test ends.
func start(t testing.TB, name, dir, file string, args ...string) *process.Process {
	t.Helper()
	p, err := process.Start(name, filepath.Join(dir, name+".log"), exec.CommandContext(context.Background(), file, args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// until waits for something, and fails when one of the processes that it needs has ended.
func until(t testing.TB, what string, most time.Duration, ok func() error, needs ...*process.Process) {
	t.Helper()
	var last error
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if last = ok(); last == nil {
			return
		}
		for _, p := range needs {
			if p.Gone() {
				t.Fatalf("%s: %s has ended: %v; it said: %s", what, p.Name, p.Outcome(), p.LastWords())
			}
		}
	}
	for _, p := range needs {
		t.Logf("%s said: %s", p.Name, p.LastWords())
	}
	t.Fatalf("never: %s: %v", what, last)
}

// linectl runs a command of the program to its end.
func linectl(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("linectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// shop is a line with its gateway, and the people and certificates of those who come to it.
type shop struct {
	dir, records, address string
	passwords             map[string]string
	known, unknown        credentials // of the trusted client, and of one that nobody knows
}

// credentials are a client's certificate and key, as it wants them.
type credentials struct {
	opcua.Identity
	certificate, private string // PEM files
}

func newCredentials(t testing.TB, dir, name string) credentials {
	t.Helper()
	identity, err := opcua.CreateIdentity("urn:test:"+name, name, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(identity.Key)
	if err != nil {
		t.Fatal(err)
	}
	c := credentials{Identity: identity, certificate: filepath.Join(dir, name+".pem"), private: filepath.Join(dir, name+".key")}
	for file, block := range map[string]*pem.Block{c.certificate: {Type: "CERTIFICATE", Bytes: identity.Certificate}, c.private: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, name+".der"), identity.Certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// newShop makes the directory of a line with the credentials, and trusts the known ones. The line does not run yet.
func newShop(t testing.TB) *shop {
	t.Helper()
	dir, err := os.MkdirTemp("", "st") // short: a socket's path goes below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &shop{dir: dir, records: filepath.Join(dir, "records"), address: testnet.FreeAddress(t), passwords: map[string]string{}}
	s.known, s.unknown = newCredentials(t, dir, "hmi"), newCredentials(t, dir, "stranger")
	linectl(t, "cert", "trust", filepath.Join(dir, "hmi.der"), "--data", s.records)
	return s
}

// socket is the control socket of the line.
func (s *shop) socket() string { return filepath.Join(s.records, "control", "linectl.sock") }

// open starts the virtual plant and the supervisor with its gateway, as the demo does, without the demo's operator: everybody is at
// rest. There are accounts for each role that a test needs.
func (s *shop) open(t testing.TB, args ...string) (plant, supervisor *process.Process) {
	t.Helper()
	s.lay(t)
	plant = s.simulate(t)
	supervisor = s.supervise(t, append([]string{"--gateway-listen", s.address, "--no-hmi"}, args...)...)
	for name, role := range map[string]line.Role{"operator": line.Operator, "leader": line.TeamLeader, "vera": line.Viewer, "quality": line.Quality} {
		s.person(t, name, role)
	}
	return plant, supervisor
}

var loopbackAddress = regexp.MustCompile(`address: 127\.0\.0\.1:[0-9]+`)

// lay writes the reference line, with ports that are free.
func (s *shop) lay(t testing.TB) {
	t.Helper()
	reference, err := fs.Sub(examples.FS, "reference")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s.dir, reference); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(s.config())
	if err != nil {
		t.Fatal(err)
	}
	body = loopbackAddress.ReplaceAllFunc(body, func([]byte) []byte { return []byte("address: " + testnet.FreeAddress(t)) })
	if err := os.WriteFile(s.config(), body, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) config() string { return filepath.Join(s.dir, "line.yaml") }

func (s *shop) simulate(t testing.TB) *process.Process {
	t.Helper()
	ready := filepath.Join(s.dir, "plant", "ready")
	p := start(t, "plant", s.dir, program, "simulate", "--config", s.config(), "--data", filepath.Join(s.dir, "plant"), "--speed", "100", "--seed", "1", "--ready", ready)
	until(t, "the plant is ready", time.Minute, func() error { _, err := os.Stat(ready); return err }, p)
	return p
}

func (s *shop) supervise(t testing.TB, args ...string) *process.Process {
	t.Helper()
	p := start(t, "run", s.dir, program, append([]string{"run", "--config", s.config(), "--data", s.records}, args...)...)
	c := control.Dial(s.socket())
	defer c.Close()
	until(t, "the supervisor answers", time.Minute, func() error {
		now, err := c.Snapshot(t.Context())
		if err == nil && len(now.Stations) == 0 {
			err = errors.New("the line has not begun")
		}
		return err
	}, p)
	return p
}

// demo starts the demo, which builds packs for ever, and waits until it has made its accounts and listens.
func (s *shop) demo(t testing.TB) *process.Process {
	t.Helper()
	p := start(t, "demo", s.dir, program, "demo", "--forever", "--speed", "60", "--data", s.dir, "--gateway-listen", s.address)
	until(t, "the demo has its accounts", 2*time.Minute, func() error {
		body, err := os.ReadFile(filepath.Join(s.dir, "demo-accounts.json"))
		if err != nil {
			return err
		}
		var accounts []struct{ User, Password string }
		if err := json.Unmarshal(body, &accounts); err != nil {
			return err
		}
		for _, a := range accounts {
			s.passwords[a.User] = a.Password
		}
		return nil
	}, p)
	return p
}

// person makes an account, as the owner of this computer.
func (s *shop) person(t testing.TB, name string, roles ...line.Role) {
	t.Helper()
	c := control.Dial(s.socket())
	defer c.Close()
	s.passwords[name] = "blue kettle on 7 wheels"
	until(t, "an account for "+name, 30*time.Second, func() error {
		reply, err := c.AddUser(t.Context(), "", "test", "test", line.AddUser{User: name, Roles: roles}, s.passwords[name])
		if err == nil && !reply.Accepted {
			err = errors.New(reply.Text)
		}
		return err
	})
}

const interop = "../interop"

// nodeProgram finds node, with the modules that the scripts need.
func nodeProgram(t testing.TB) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: node is not installed")
	}
	if _, err := os.Stat(filepath.Join(interop, "node_modules", "node-opcua")); err != nil {
		t.Skip("skipped: run npm install in test/interop first")
	}
	return node
}

// script is how a script of test/interop comes to the gateway.
type script struct {
	User, Policy, Mode string // the operator, the strongest policy and SignAndEncrypt unless said
	Password           string // the user's own unless said
	Credentials        *credentials
	Most               time.Duration
}

// node runs a script of test/interop and returns what it has seen.
func (s *shop) node(t testing.TB, file string, how script) map[string]any {
	t.Helper()
	node := nodeProgram(t)
	if how.User == "" {
		how.User = "operator"
	}
	if how.Password == "" {
		how.Password = s.passwords[how.User]
	}
	if how.Policy == "" {
		how.Policy = "Aes256_Sha256_RsaPss"
	}
	if how.Mode == "" {
		how.Mode = "SignAndEncrypt"
	}
	if how.Credentials == nil {
		how.Credentials = &s.known
	}
	if how.Most == 0 {
		how.Most = time.Minute
	}
	setting, err := json.Marshal(map[string]any{
		"endpoint": "opc.tcp://" + s.address, "user": how.User, "password": how.Password, "policy": how.Policy, "mode": how.Mode,
		"certificate": how.Credentials.certificate, "key": how.Credentials.private, "uri": how.Credentials.URI, "trust": filepath.Join(s.dir, "node"),
		"passwords": s.passwords,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), how.Most)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, file)
	cmd.Dir = interop
	cmd.Stdin = bytes.NewReader(setting)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", file, err, out)
	}
	_, text, _ := strings.Cut(string(out), "SEEN ")
	var seen map[string]any
	if err := json.Unmarshal([]byte(text), &seen); err != nil {
		t.Fatalf("%s: %v: %s", file, err, out)
	}
	return seen
}

// check compares what was seen with what is expected, and says each by its name. What is expected by a function is judged by it.
func check(t testing.TB, seen, want map[string]any) {
	t.Helper()
	for name, w := range want {
		got, there := seen[name]
		if ok, judged := w.(func(any) bool); judged {
			if !there || !ok(got) {
				t.Errorf("%s is %v", name, got)
			}
			continue
		}
		if fmt.Sprint(got) != fmt.Sprint(w) {
			t.Errorf("%s is %v, want %v", name, got, w)
		}
	}
	for name := range seen {
		if _, expected := want[name]; !expected {
			t.Errorf("%s is %v, and nothing was expected of it", name, seen[name])
		}
	}
}
