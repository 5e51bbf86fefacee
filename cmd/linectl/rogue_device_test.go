package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/line"
)

// wireTap stands between the supervisor and one device: it passes everything on, or answers itself.
type wireTap struct {
	net.Listener
	device string

	mu     sync.Mutex
	answer func(net.Conn) // nil: pass on
	open   []net.Conn
}

// turn makes the tap answer itself from now on, or pass on again, and ends what was open.
func (w *wireTap) turn(answer func(net.Conn)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
	for _, c := range w.open {
		_ = c.Close()
	}
	w.open = nil
}

func (w *wireTap) serve() {
	for {
		c, err := w.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		answer := w.answer
		w.open = append(w.open, c)
		w.mu.Unlock()
		go func() {
			defer func() { _ = c.Close() }()
			if answer != nil {
				answer(c)
				return
			}
			device, err := net.Dial("tcp", w.device)
			if err != nil {
				return
			}
			defer func() { _ = device.Close() }()
			go func() {
				defer func() { _ = c.Close() }()
				_, _ = io.Copy(c, device)
			}()
			_, _ = io.Copy(device, c)
		}()
	}
}

// says reads something and answers with each of the messages in turn, and then with nothing.
func says(messages ...[]byte) func(net.Conn) {
	return func(c net.Conn) {
		b := make([]byte, 1<<16)
		for _, m := range messages {
			if _, err := c.Read(b); err != nil {
				return
			}
			if _, err := c.Write(m); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, c)
	}
}

// TestARogueDeviceStopsOneStationOnly puts something hostile in the place of the welding robot while packs are built. It has not
// the device's key. The supervisor says that the device is lost, keeps every other, and goes on with it when it is back;
// the records agree with what the plant has done.
func TestARogueDeviceStopsOneStationOnly(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "lr")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &demo{out: io.Discard, dir: dir, speed: 60, seed: 1, began: time.Now(), config: filepath.Join(dir, demoConfig), truth: filepath.Join(dir, demoPlant, "truth.jsonl")}
	if err := layDemo(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	files, err := loadLine(d.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.startPlant(t.Context()); err != nil {
		t.Fatal(err)
	}
	tap := tapDevice(t, d.config, "ST060.robot") // the plant has read the true address
	if err := d.startLine(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.stop() }) // stopped already unless the test failed
	op := newOperator([]line.AddOrder{{Product: "ESS-P2", Quantity: 3}}, files.recipes)
	build(t, d, op, 5*time.Second)
	all, lost := devices(d.last)
	if len(lost) > 0 || d.last.Seq == 0 {
		t.Fatalf("lost from the beginning: %v", lost)
	}
	endless := func(c net.Conn) {
		b := make([]byte, 1<<16)
		_, err := c.Read(b)
		if err == nil {
			_, err = c.Write(message("ACKF", put(nil, 0, 65535, 65535, 0, 0)))
		}
		for err == nil {
			_, err = c.Write(append(put([]byte("MSGC"), 65535), make([]byte, 65527)...))
		}
	}
	for name, answer := range map[string]func(net.Conn){
		"nothing":        says(),
		"garbage":        says([]byte(strings.Repeat("garbage ", 1000))),
		"no buffers":     says(message("ACKF", put(nil, 0, 0, 0, 0, 0))),
		"huge buffers":   says(message("ACKF", put(nil, 0, -1, -1, -1, -1)), put([]byte("OPNF"), -1)),
		"endless chunks": endless,
		"hangs up":       func(net.Conn) {},
	} {
		t.Run(name, func(t *testing.T) {
			eventually(t, "all devices are there", func() bool { look(t, d, op); up, _ := devices(d.last); return up == all })
			tap.turn(answer)
			eventually(t, "the robot is lost", func() bool {
				look(t, d, op)
				_, lost := devices(d.last)
				return lost["ST060.robot"] != ""
			})
			build(t, d, op, time.Second)
			look(t, d, op)
			up, lost := devices(d.last)
			if up != all-1 || lost["ST060.robot"] == "" {
				t.Errorf("%d of %d devices are up, lost are %v", up, all, lost)
			}
			t.Logf("the robot is lost: %s", lost["ST060.robot"])
			if d.line.Gone() {
				t.Fatalf("the supervisor has ended: %s", d.line.LastWords())
			}
			tap.turn(nil)
			build(t, d, op, time.Second)
		})
	}
	build(t, d, op, 0)
	eventually(t, "all devices are there again", func() bool { look(t, d, op); up, _ := devices(d.last); return up == all })
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	records := filepath.Join(dir, demoRecords)
	report, err := verifyRecords(t.Context(), records)
	if err != nil || len(report.OpenIntents) > 0 {
		t.Errorf("%v; open: %+v", err, report.OpenIntents)
	}
	c, err := compareTruth(t.Context(), records, d.truth)
	if err != nil || len(c.differ) > 0 || c.joints == 0 {
		t.Errorf("%v; %d joints; records and plant differ: %s", err, c.joints, strings.Join(c.differ, "\n"))
	}
	t.Logf("%d cells, %d joints agree", c.cells, c.joints)
}

// look takes a snapshot, also of a line that has nothing more to do.
func look(t *testing.T, d *demo, op *operator) {
	t.Helper()
	build(t, d, op, 50*time.Millisecond)
	s, err := d.client.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.last = s
}

// devices returns how many answer, and why the others do not.
func devices(s line.Snapshot) (up int, lost map[line.DeviceID]string) {
	lost = map[line.DeviceID]string{}
	for i := range s.Stations {
		for _, d := range s.Stations[i].Devices {
			if d.Up {
				up++
			} else {
				lost[d.Device] = d.Reason
			}
		}
	}
	return up, lost
}

// tapDevice writes the address of a tap into line.yaml, where that of the device stood.
func tapDevice(t *testing.T, config, device string) *wireTap {
	t.Helper()
	cfg, err := readConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	tap := &wireTap{}
	cfg.devices(func(s *Station, d *Device) {
		if string(s.ID)+"."+string(d.Role) == device {
			tap.device = d.Address
		}
	})
	if tap.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tap.Close() })
	body, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(body), "address: "+tap.device, "address: "+tap.Addr().String(), 1)
	if err := os.WriteFile(config, []byte(changed), 0o600); err != nil || changed == string(body) {
		t.Fatalf("%s does not stand in %s: %v", device, config, err)
	}
	go tap.serve()
	return tap
}
