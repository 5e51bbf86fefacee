package opcua

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/gopcua/opcua/ua"

	"linectl/plc"
	"linectl/plc/tags"
)

// blocks is the face of a device without methods: two ByteStrings that hold the registers of the blocks, high byte first.
type blocks struct {
	command, status *ua.NodeID
	order           tags.WordOrder
}

// check asks that both nodes are there and that they hold ByteStrings.
func (b *blocks) check(ctx context.Context, c *conn) error {
	classes, err := c.values(ctx, "node classes", ua.AttributeIDNodeClass, b.command, b.status)
	if err != nil {
		return err
	}
	var problems []string
	for i, node := range []*ua.NodeID{b.command, b.status} {
		if !isClass(classes[i], ua.NodeClassVariable) {
			problems = append(problems, fmt.Sprintf("%s is no variable", node))
		}
	}
	if problems != nil {
		return c.mapping(problems)
	}
	return nil
}

func isClass(v any, want ua.NodeClass) bool {
	class, ok := v.(int32)
	return ok && ua.NodeClass(class) == want
}

func (b *blocks) read(ctx context.Context, c *conn) (tags.Status, error) {
	values, err := c.values(ctx, "status block", ua.AttributeIDValue, b.status)
	if err != nil {
		return tags.Status{}, err
	}
	block, ok := values[0].([]byte)
	if !ok || len(block) != 2*tags.StatusRegisters {
		return tags.Status{}, c.mapping([]string{fmt.Sprintf("%s is no ByteString of %d bytes", b.status, 2*tags.StatusRegisters)})
	}
	registers := make([]uint16, tags.StatusRegisters)
	for i := range registers {
		registers[i] = binary.BigEndian.Uint16(block[2*i:])
	}
	s, err := tags.DecodeStatus(registers, b.order)
	switch {
	case err == nil:
		return s, nil
	case plc.Classify(err) == plc.Configuration:
		return s, &plc.ConfigurationError{Address: c.where, Err: err, Remedy: "correct word_order or address of this device in line.yaml"}
	default:
		return s, fmt.Errorf("read status block at %s: %w", c.where, err)
	}
}

func (b *blocks) write(ctx context.Context, c *conn, cmd tags.Command) error {
	registers := cmd.Encode(b.order)
	block := make([]byte, 0, 2*len(registers))
	for _, r := range registers {
		block = binary.BigEndian.AppendUint16(block, r)
	}
	value, err := ua.NewVariant(block)
	if err != nil {
		return fmt.Errorf("write command block at %s: %w", c.where, err)
	}
	response, err := c.client.Write(ctx, &ua.WriteRequest{NodesToWrite: []*ua.WriteValue{{
		NodeID: b.command, AttributeID: ua.AttributeIDValue, Value: &ua.DataValue{EncodingMask: ua.DataValueValue, Value: value},
	}}})
	if err != nil {
		return fmt.Errorf("write command block at %s: %w", c.where, err)
	}
	if response == nil || len(response.Results) != 1 {
		return fmt.Errorf("write command block at %s: the number of answers is not that of the questions", c.where)
	}
	if code := response.Results[0]; code != ua.StatusOK {
		return c.refused("write command block", b.command, code)
	}
	return nil
}
