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

// fewCuts are the cuts of a plain go test for each protocol; LINECTL_CUTS makes it more.
const fewCuts = 120

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
		books[protocol] = &book{total: many, rest: many, offsets: map[cut]bool{}}
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
	s.work(t, 10*time.Minute, func(line.Snapshot) bool {
		return books["modbus"].left() <= 0 && books["opcua"].left() <= 0 || time.Since(began) > time.Duration(many)*500*time.Millisecond
	})
	if s.line.Gone() {
		t.Fatalf("the supervisor has ended: %v; it said: %s", s.line.Outcome(), s.line.LastWords())
	}
	spent := time.Since(began).Round(time.Second)
	for _, b := range books {
		b.mu.Lock()
		b.rest = 0
		b.mu.Unlock()
	}
	if err := s.line.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	c := s.finish(t)
	for name, b := range books {
		t.Logf("%s: resets=%d at %d places, splits=%d half open=%d, request of %d and reply of %d bytes", name, b.done[reset], len(b.offsets), b.done[split], b.done[halfOpen], b.longest[0], b.longest[1])
		if b.done[reset] == 0 || b.done[split] == 0 || b.done[halfOpen] == 0 {
			t.Errorf("%s was hardly disturbed", name)
		}
	}
	t.Logf("cuts in %v: %v", spent, c)
}
