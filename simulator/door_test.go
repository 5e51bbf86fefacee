package simulator_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/goburrow/modbus"

	"linectl/line"
	"linectl/packml"
	"linectl/plc/tags"
	"linectl/simulator"
)

// knock sends one request to the plant's door.
func knock(t *testing.T, f *simulator.Faces, method, path, body string, answer any) int {
	t.Helper()
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	if err := json.Unmarshal(w.Body.Bytes(), answer); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
	}
	return w.Code
}

// A cable is pulled: the command is not heard. An answer is lost: the command was heard, and done once.
func TestWhatIsLostOnTheWire(t *testing.T) {
	layout := tags.DefaultModbusMap
	faces, _, address := servePlant(t, simulator.Endpoint{Device: "ST010.scanner", Protocol: simulator.Modbus, Modbus: layout})
	w := dialModbus(t, address, layout)
	epoch := w.read(t).BootEpoch
	for _, c := range []packml.Command{packml.CmdReset, packml.CmdStart} {
		w.write(t, tags.Command{Op: tags.OpMachine, Task: uint16(c), Fence: 1, BootEpoch: epoch})
		time.Sleep(20 * time.Millisecond)
	}
	execute := func(sequence uint64) error {
		c := job{task: line.TaskScanCell, params: []float64{1}}.command(line.NewToken(1, sequence))
		c.Fence, c.BootEpoch = 1, epoch
		h := modbus.NewTCPClientHandler(address)
		h.SlaveId, h.Timeout = layout.Unit, 100*time.Millisecond
		defer h.Close()
		block := c.Encode(layout.Order)
		_, err := modbus.NewClient(h).WriteMultipleRegisters(layout.CommandBase, tags.CommandRegisters, octets(block[:]))
		return err
	}
	var state simulator.FaultState
	for n, tt := range []struct {
		fault string
		heard bool
	}{{"drop-comms ST010.scanner for 400ms", false}, {"lost-ack ST010.scanner for 400ms", true}} {
		if code := knock(t, faces, "POST", "/v1/faults", `{"fault":"`+tt.fault+`"}`, &state); code != http.StatusOK {
			t.Fatal(code)
		}
		began := time.Now()
		token := line.NewToken(1, uint64(n+1))
		if err := execute(uint64(n + 1)); err == nil {
			t.Errorf("%s: it was answered", tt.fault)
		}
		err := errors.ErrUnsupported
		for err != nil && time.Since(began) < 5*time.Second { // until the wire is whole
			_, err = w.ReadHoldingRegisters(layout.StatusBase, tags.StatusRegisters)
		}
		st := w.read(t)
		if waited := time.Since(began); waited < 350*time.Millisecond {
			t.Errorf("%s: the device answered after %s", tt.fault, waited)
		}
		if heard := st.Floor == token; heard != tt.heard {
			t.Errorf("%s: heard %v, want %v", tt.fault, heard, tt.heard)
		}
	}
	if st := w.read(t); st.EffectCount != 1 {
		t.Errorf("%d effects of one command that was heard", st.EffectCount)
	}
}

func TestThePlantsDoor(t *testing.T) {
	faces, _, _ := servePlant(t, simulator.Endpoint{Device: "ST010.scanner", Protocol: simulator.Modbus, Modbus: tags.DefaultModbusMap})
	var list []simulator.FaultState
	if code := knock(t, faces, "GET", "/v1/faults", "", &list); code != http.StatusOK || len(list) != 0 {
		t.Errorf("%d: %+v", code, list)
	}
	var refused struct {
		Error string `json:"error"`
	}
	for body, says := range map[string]string{
		`{"fault":"guard-open"}`:       "a name and where",
		`{"fault":"guard-open ST999"}`: "no station or device",
		`{"fault":7}`:                  "cannot unmarshal number",
		`not json`:                     "invalid",
		`{"fault":"guard-open ` + strings.Repeat("x", 5000) + `"`: "too long",
	} {
		if code := knock(t, faces, "POST", "/v1/faults", body, &refused); code != http.StatusBadRequest || !strings.Contains(refused.Error, says) {
			t.Errorf("%.40s: %d %s", body, code, refused.Error)
		}
	}
	var state simulator.FaultState
	knock(t, faces, "POST", "/v1/faults", `{"fault":"guard-open ST010 for 1h"}`, &state)
	if state.ID != "F1" || state.Stage != "stands" || state.Fault.For != time.Hour {
		t.Errorf("%+v", state)
	}
	var n map[string]int
	knock(t, faces, "DELETE", "/v1/faults/guard-open", "", &n)
	if knock(t, faces, "GET", "/v1/faults", "", &list); n["cleared"] != 1 || len(list) != 1 || list[0].Stage != "over" {
		t.Errorf("cleared %v: %+v", n, list)
	}
}
