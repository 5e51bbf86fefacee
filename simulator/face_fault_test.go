package simulator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goburrow/modbus"

	"linectl/line"
	"linectl/plc/tags"
	"linectl/simulator"
)

// Over a real Modbus connection a torn block is torn, and an exception is the one that was asked for: 4 comes after a command was
// obeyed, 6 instead of it.
func TestTheModbusFaceFailsAsItIsTold(t *testing.T) {
	const device = "ST010.scanner"
	layout := tags.DefaultModbusMap
	faces, _, address := servePlant(t, simulator.Endpoint{Device: device, Protocol: simulator.Modbus, Modbus: layout})
	c := dialModbus(t, address, layout)
	inject := func(text string) {
		t.Helper()
		if err := faces.InjectForTest(text); err != nil {
			t.Fatal(err)
		}
	}
	read := func() (tags.Status, error) {
		b, err := c.ReadHoldingRegisters(layout.StatusBase, tags.StatusRegisters)
		if err != nil {
			return tags.Status{}, err
		}
		return tags.DecodeStatus(words(b), layout.Order)
	}
	before, err := read()
	if err != nil {
		t.Fatal(err)
	}

	inject("torn-block " + device + " for 200ms")
	if _, err := read(); !errors.Is(err, tags.ErrTorn) {
		t.Errorf("read %v, want a torn block", err)
	}
	time.Sleep(250 * time.Millisecond)
	if _, err := read(); err != nil {
		t.Error(err)
	}

	void := tags.Command{Token: line.NewToken(1, 7), Fence: 1, BootEpoch: before.BootEpoch, Op: tags.OpVoid}.Encode(layout.Order)
	for _, tt := range []struct {
		fault string
		code  byte
		floor line.Token
	}{{"modbus-exception " + device + " for 200ms by 6", 6, 0}, {"modbus-exception " + device + " for 200ms", 4, line.NewToken(1, 7)}} {
		inject(tt.fault)
		_, err := c.WriteMultipleRegisters(layout.CommandBase, tags.CommandRegisters, octets(void[:]))
		if e, is := errors.AsType[*modbus.ModbusError](err); !is || e.ExceptionCode != tt.code {
			t.Errorf("%s: %v", tt.fault, err)
		}
		time.Sleep(250 * time.Millisecond)
		if s, err := read(); err != nil || s.Floor != tt.floor {
			t.Errorf("%s: floor %v, want %v: %v", tt.fault, s.Floor, tt.floor, err)
		}
	}
}

// A device that speaks OPC UA answers no Modbus exception, and says so.
func TestAnExceptionNeedsModbus(t *testing.T) {
	layout := tags.OPCUAMap{Namespace: tags.DefaultNamespace, Object: "Scanner", Face: tags.FaceBlocks, Order: tags.ABCD}
	faces, _, _ := servePlant(t, simulator.Endpoint{Device: "ST010.scanner", Protocol: simulator.OPCUA, OPCUA: layout})
	if err := faces.InjectForTest("modbus-exception ST010.scanner for 1s"); err == nil || !strings.Contains(err.Error(), "does not speak Modbus") {
		t.Errorf("%v", err)
	}
	if err := faces.InjectForTest("torn-block ST010.scanner for 1s"); err != nil {
		t.Error(err)
	}
}
