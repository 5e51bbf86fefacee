package simulator

import (
	"encoding/binary"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"

	"linectl/plc/tags"
)

// addPlain offers a device of class B or C: its plain blocks as ByteStrings, and the start bit as a Boolean beside them. A job is
// the block and then the start bit, in one Write request: the one worker keeps to that order.
func (o *opcuaFace) addPlain(m *server.NamespaceManager, object ua.NodeID) {
	status := o.variable(object, o.OPCUA.Object+".StatusBlock", ua.DataTypeIDByteString, false, ua.AccessLevelsCurrentRead)
	status.SetReadValueHandler(func(*server.Session, ua.ReadValueID) ua.DataValue {
		now := time.Now()
		if o.faces.heard(o.Device) != nil {
			return ua.NewDataValue(nil, ua.BadNoCommunication, now, 0, now, 0)
		}
		o.head += 2
		block := o.faces.status(o.Device).EncodePlain(o.head, o.OPCUA.Order)
		o.faces.tear(o.Device, block[:])
		data := make([]byte, 0, 2*len(block))
		for _, w := range block {
			data = binary.BigEndian.AppendUint16(data, w)
		}
		return ua.NewDataValue(ua.ByteString(data), ua.Good, now, 0, now, 0)
	})
	command := o.variable(object, o.OPCUA.Object+".CommandBlock", ua.DataTypeIDByteString, false, ua.AccessLevelsCurrentWrite)
	command.SetWriteValueHandler(func(_ *server.Session, w ua.WriteValue) (ua.DataValue, ua.StatusCode) {
		return w.Value, o.plainCommand(w)
	})
	execute := o.variable(object, o.OPCUA.Object+".Execute", ua.DataTypeIDBoolean, false, ua.AccessLevelsCurrentWrite)
	execute.SetWriteValueHandler(func(_ *server.Session, w ua.WriteValue) (ua.DataValue, ua.StatusCode) {
		return w.Value, o.plainStart(w)
	})
	mustAdd(m, status)
	mustAdd(m, command)
	mustAdd(m, execute)
}

// plainCommand takes a block: one that is a job waits for the start bit, anything else is done at once.
func (o *opcuaFace) plainCommand(w ua.WriteValue) ua.StatusCode {
	o.job = nil
	data, ok := w.Value.Value.(ua.ByteString)
	if !ok || len(data) != 2*tags.PlainCommandRegisters || w.IndexRange != "" {
		return ua.BadOutOfRange
	}
	words := make([]uint16, tags.PlainCommandRegisters)
	for i := range words {
		words[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
	}
	if o.faces.heard(o.Device) != nil {
		return ua.BadNoCommunication
	}
	if c, err := tags.DecodePlainCommand(words, o.OPCUA.Order); err == nil && c.Op == tags.OpExecute {
		o.job = words
		return ua.Good
	}
	o.faces.plainBlock(o.Device, words, o.OPCUA.Order, false)
	return o.answered()
}

// plainStart takes the start bit: up with the job that was written just before it, or down.
func (o *opcuaFace) plainStart(w ua.WriteValue) ua.StatusCode {
	up, ok := w.Value.Value.(bool)
	job := o.job
	o.job = nil
	switch {
	case !ok || w.IndexRange != "":
		return ua.BadTypeMismatch
	case o.faces.heard(o.Device) != nil:
		return ua.BadNoCommunication
	case !up:
		o.faces.lowerStart(o.Device)
	case job == nil:
		return ua.BadInvalidState // a start without a job
	default:
		o.faces.plainBlock(o.Device, job, o.OPCUA.Order, true)
	}
	return o.answered()
}

// answered is the answer, unless a fault of the catalogue keeps it back.
func (o *opcuaFace) answered() ua.StatusCode {
	if o.faces.heard(o.Device) != nil {
		return ua.BadNoCommunication
	}
	return ua.Good
}
