package nemesis

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"linectl/internal/process"
	"linectl/line"
)

// fewCuts are the resets and half open connections of a plain go test, at most, for each protocol; LINECTL_CUTS makes it more.
const fewCuts = 120

// all is how many it takes to reset a connection that speaks Modbus at every byte.
const all = 600

// protocolOf finds the protocol of the device at an address in a line.yaml.
func protocolOf(t *testing.T, body, address string) string {
	t.Helper()
	m := regexp.MustCompile(`protocol: (\w+)\n\s+address: ` + regexp.QuoteMeta(address) + `\b`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no device at %s", address)
	}
	return m[1]
}

// TestWiresAreCut puts a wire of our own between the supervisor and each device, and disturbs it at one byte after the other of a
// request and of its reply: the connection is reset, or stays half open, or the rest comes late. Whatever the device has heard and
// the supervisor has not, no act is done twice and none is lost.
func TestWiresAreCut(t *testing.T) {
	t.Parallel()
	many := number(t, "LINECTL_CUTS", fewCuts)
	s := newShop(t)
	body, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	plant := filepath.Join(s.dir, "plant.yaml") // the devices' own addresses
	if err := os.WriteFile(plant, body, 0o600); err != nil {
		t.Fatal(err)
	}
	books := map[string]*book{}
	for _, protocol := range []string{"modbus", "opcua"} {
		books[protocol] = newBook(many)
	}
	s.readdress(t, func(old string) string {
		w, err := newWire(t.Context(), old, books[protocolOf(t, string(body), old)])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.listener.Close() })
		return process.Loopback(w.listener)
	})
	supervisor := s.config
	s.config = plant
	s.startPlant(t)
	s.config = supervisor
	s.startLine(t)
	began := time.Now()
	s.work(t, 20*time.Minute, func(line.Snapshot) bool {
		return s.built >= 2 && books["modbus"].full() && books["opcua"].full() || time.Since(began) > time.Duration(many)*time.Second
	})
	if s.line.Gone() {
		t.Fatalf("the supervisor has ended: %v; it said: %s", s.line.Outcome(), s.line.LastWords())
	}
	spent := time.Since(began).Round(time.Second)
	for _, b := range books {
		b.close()
	}
	if err := s.line.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	c := s.finish(t)
	for name, b := range books {
		left := [hows]int{b.left(reset), b.left(split), b.left(halfOpen)}
		t.Logf("%s: request of %d and reply of %d bytes, resets=%d at every %d. of them from %d on, splits=%d, half open=%d at every %d., left=%v, resets of a session that is made=%d",
			name, b.longest[0], b.longest[1], b.done(reset), b.step(reset), b.first%b.step(reset), b.done(split), b.done(halfOpen), b.step(halfOpen), left, b.greeted)
		if b.done(reset) == 0 || b.done(split) == 0 || b.done(halfOpen) == 0 {
			t.Errorf("%s was hardly disturbed", name)
		}
		if many >= all && name == "modbus" && left[split]+left[reset] > 0 {
			t.Errorf("%s: places were left out: %v", name, left)
		}
	}
	t.Logf("cuts in %v: %v", spent, c)
}
