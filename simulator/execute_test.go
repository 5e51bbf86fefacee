package simulator

import (
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/awcullen/opcua/ua"

	"linectl/line"
	"linectl/plc/tags"
)

// TestExecuteTakesNothingButItsArguments gives the method what a careless or a hostile client may send.
func TestExecuteTakesNothingButItsArguments(t *testing.T) {
	good := func() []ua.Variant {
		return []ua.Variant{
			uint64(1), uint16(1), uint32(1), uint16(3), uint16(0), uint16(0), "", uint16(0), ua.ByteString("1234"), make([]float32, 16),
		}
	}
	for _, tt := range []struct {
		name   string
		change func([]ua.Variant) []ua.Variant
		want   ua.StatusCode
	}{
		{"all is well", func(v []ua.Variant) []ua.Variant { return v }, ua.Good},
		{"nothing", func([]ua.Variant) []ua.Variant { return nil }, ua.BadArgumentsMissing},
		{"one too many", func(v []ua.Variant) []ua.Variant { return append(v, uint16(1)) }, ua.BadTooManyArguments},
		{"token of another type", func(v []ua.Variant) []ua.Variant { v[0] = int64(1); return v }, ua.BadInvalidArgument},
		{"token null", func(v []ua.Variant) []ua.Variant { v[0] = nil; return v }, ua.BadInvalidArgument},
		{"long part", func(v []ua.Variant) []ua.Variant { v[6] = strings.Repeat("A", 33); return v }, ua.BadInvalidArgument},
		{"short hash", func(v []ua.Variant) []ua.Variant { v[8] = ua.ByteString("123"); return v }, ua.BadInvalidArgument},
		{"seventeen parameters", func(v []ua.Variant) []ua.Variant { v[9] = make([]float32, 17); return v }, ua.BadInvalidArgument},
		{"parameters of another type", func(v []ua.Variant) []ua.Variant { v[9] = make([]float64, 16); return v }, ua.BadInvalidArgument},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plant, err := New(Config{Devices: []DeviceConfig{{ID: "ST010.scanner", Station: "ST010", Kind: line.Receive}}}, "", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			o := &opcuaFace{faces: &Faces{plant: plant, log: slog.New(slog.DiscardHandler)}, Endpoint: Endpoint{Device: "ST010.scanner"}}
			if got := o.execute(tt.change(good())).StatusCode; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if tt.want != ua.Good && plant.Status(time.Now(), "ST010.scanner").FenceHighest != 0 {
				t.Error("the device took a command that was refused")
			}
		})
	}
}

// TestEveryStatusFieldHasItsType holds the face to what tags.StatusFields tells the client.
func TestEveryStatusFieldHasItsType(t *testing.T) {
	want := map[ua.NodeID][]string{
		ua.DataTypeIDUInt64: {"Floor", "InFlight", "LastCompleted", "RejectedToken"},
		ua.DataTypeIDUInt32: {"Magic", "RetainId", "BootEpoch", "EffectCount", "Permissives", "Safety", "Alarms", "Sensors"},
		ua.DataTypeIDString: {"PartId"}, ua.DataTypeIDFloat: {"Values"},
	}
	expected := map[string]ua.NodeID{}
	for id, names := range want {
		for _, n := range names {
			expected[n] = id
		}
	}
	for _, f := range tags.StatusFields {
		id, ok := expected[f]
		if !ok {
			id = ua.DataTypeIDUInt16
		}
		if got := fieldType(f); got != id {
			t.Errorf("%s is %v, want %v", f, got, id)
		}
	}
}

// BenchmarkAct is one joint from the command to its acknowledgement, the plant's own work only.
func BenchmarkAct(b *testing.B) {
	for _, kept := range []string{"memory", "files"} {
		b.Run(kept, func(b *testing.B) {
			dir := ""
			if kept == "files" {
				dir = b.TempDir()
			}
			now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
			const id = line.DeviceID("ST060.welder")
			plant, err := New(Config{Devices: []DeviceConfig{{ID: id, Station: "ST060", Kind: line.Weld}}, CellsPerLane: 1}, dir, now)
			if err != nil {
				b.Fatal(err)
			}
			defer plant.Close()
			plant.emit(Event{At: now, What: Effect, Station: "ST060", Task: line.TaskBindCarrier, Part: "EV-P1-000001"})
			tell := func(c tags.Command) {
				c.Fence, c.BootEpoch = 1, 1
				if r := plant.Command(now, id, c); r != 0 {
					b.Fatal(r)
				}
				now = now.Add(1500 * time.Millisecond)
			}
			tell(tags.Command{Op: tags.OpMachine, Task: 1})
			tell(tags.Command{Op: tags.OpMachine, Task: 2})
			weld := tags.Command{Op: tags.OpExecute, Task: uint16(line.TaskWeldLaser), Part: "EV-P1-000001", Flags: tags.FlagRework}
			for i, v := range []float64{2800, 0.12, 0.4e-3, 250, 0, 45e-3, 15} {
				weld.Params[i] = float32(v)
			}
			for i := range weld.Params[7:] {
				weld.Params[7+i] = float32(math.NaN())
			}
			b.ReportAllocs()
			for b.Loop() {
				weld.Token++
				weld.Index = uint16(weld.Token%200) + 1
				tell(weld)
				tell(tags.Command{Op: tags.OpAcknowledge, Token: weld.Token})
			}
		})
	}
}

// TestWhatIsNotGivenHasOneName holds that the truth names the same parameters alike whatever bits a protocol has for "not a number".
func TestWhatIsNotGivenHasOneName(t *testing.T) {
	var modbus, opcua act
	for i := range modbus.Params {
		modbus.Params[i], opcua.Params[i] = math.Float32frombits(0x7fc00000), math.Float32frombits(0xffc00000)
	}
	modbus.Params[0], opcua.Params[0] = 1, 1
	if a, b := modbus.paramsHash(), opcua.paramsHash(); a != b {
		t.Errorf("%s over Modbus, %s over OPC UA", a, b)
	}
	if modbus.paramsHash() == (&act{}).paramsHash() {
		t.Error("the name does not tell parameters apart")
	}
}
