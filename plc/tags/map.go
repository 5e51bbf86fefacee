package tags

import (
	"fmt"

	"linectl/line"
)

// WordOrder is how a device lays a 32-bit number ABCD into two registers.
type WordOrder string

// The word orders found in the field.
const (
	ABCD WordOrder = "ABCD" // big-endian: the default
	CDAB WordOrder = "CDAB" // words swapped
	BADC WordOrder = "BADC" // bytes swapped within words
	DCBA WordOrder = "DCBA" // little-endian
)

// WordOrders lists them.
var WordOrders = []WordOrder{ABCD, CDAB, BADC, DCBA}

// ParseWordOrder reads a word order; empty means ABCD.
func ParseWordOrder(s string) (WordOrder, error) {
	if s == "" {
		return ABCD, nil
	}
	for _, o := range WordOrders {
		if string(o) == s {
			return o, nil
		}
	}
	return "", fmt.Errorf("unknown word order %q; known are ABCD, CDAB, BADC, DCBA", s)
}

func (o WordOrder) swapsWords() bool { return o == CDAB || o == DCBA }
func (o WordOrder) swapsBytes() bool { return o == BADC || o == DCBA }

// ModbusMap says where a device keeps its blocks.
type ModbusMap struct {
	Unit        byte      // unit identifier, 1-247
	CommandBase uint16    // first holding register of the command block, written by one FC16
	StatusBase  uint16    // first holding register of the status block, read by one FC03
	Order       WordOrder // of numbers of 32 and 64 bits

	Class line.DeviceClass // A, and empty: the blocks of the handshake; B and C: the plain blocks

	WaveformBase uint16 // first holding register of the waveform area, read by FC03 in pieces; 0 = the device offers none
}

// DefaultModbusMap is the map of the reference line: unit 1, command at 0, status at 1000, ABCD.
var DefaultModbusMap = ModbusMap{Unit: 1, CommandBase: 0, StatusBase: 1000, Order: ABCD}

// Face is how an OPC UA device offers the handshake.
type Face string

// The faces: a method with arguments and one variable a field, or the two blocks as ByteStrings.
const (
	FaceMethod Face = "method"
	FaceBlocks Face = "blocks"
)

// OPCUAMap says where a device keeps its handshake in the address space. Node ids are strings in the namespace.
type OPCUAMap struct {
	Namespace string // namespace URI, resolved to its index anew at every connect
	Object    string // the device's object: Object+".Execute", Object+".Status.<field>", Object+".CommandBlock", Object+".StatusBlock"
	Face      Face
	Order     WordOrder // of the blocks in FaceBlocks

	Class line.DeviceClass // A, and empty: as the face says; B and C: the plain blocks, "Object.CommandBlock", ".StatusBlock" and ".Execute"

	Waveform bool // the device offers the waveform area as a ByteString: Object+".Status.Waveform", or ".WaveformBlock" in FaceBlocks
}

// WaveformNode returns the name of the variable that holds the waveform area, below the object.
func (m OPCUAMap) WaveformNode() string {
	if m.Face == FaceBlocks {
		return ".WaveformBlock"
	}
	return ".Status.Waveform"
}

// DefaultNamespace is the namespace of the reference line's cells.
const DefaultNamespace = "urn:linectl:handshake"

// StatusFields names the variables under Object+".Status" of FaceMethod, in the order of the status block. Their OPC UA types:
// tokens UInt64; RetainId, BootEpoch, EffectCount, Permissives, Safety, Alarms, Sensors UInt32; PartId String;
// Values Float[24]; everything else UInt16. Magic (UInt32) proves the mapping at connect.
var StatusFields = []string{
	"Magic", "Heartbeat", "RetainId", "BootEpoch", "FenceHighest", "Floor", "InFlight", "Phase", "LastCompleted", "Outcome", "Reason",
	"PartId", "IndexEcho", "Values", "EffectCount", "IndexState", "RejectedToken", "RejectReason", "PackMLState", "UnitMode",
	"Permissives", "Safety", "Alarms", "FirstOutAlarm", "Sensors",
}

// ExecuteArguments names the input arguments of the method Execute, in order. Types: token UInt64; bootEpoch UInt32;
// recipeHash ByteString of 4 bytes; partId String; params Float[16]; the others UInt16. The method returns one UInt16:
// 0, or the reject reason. A good answer proves nothing more than that the device answered: read the status.
var ExecuteArguments = []string{"token", "fence", "bootEpoch", "opcode", "task", "flags", "partId", "index", "recipeHash", "params"}
