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
	return b.readBlock(ctx, c, tags.StatusRegisters, tags.DecodeStatus)
}

// readBlock reads the status block of a layout.
func (b *blocks) readBlock(ctx context.Context, c *conn, n int, decode func([]uint16, tags.WordOrder) (tags.Status, error)) (tags.Status, error) {
	values, err := c.values(ctx, "status block", ua.AttributeIDValue, b.status)
	if err != nil {
		return tags.Status{}, err
	}
	block, ok := values[0].([]byte)
	if !ok || len(block) != 2*n {
		return tags.Status{}, c.mapping([]string{fmt.Sprintf("%s is no ByteString of %d bytes", b.status, 2*n)})
	}
	registers := make([]uint16, n)
	for i := range registers {
		registers[i] = binary.BigEndian.Uint16(block[2*i:])
	}
	s, err := decode(registers, b.order)
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
	return c.writeNodes(ctx, []*ua.NodeID{b.command}, block)
}

// writeNodes writes a value into each node in one Write request, in this order.
func (c *conn) writeNodes(ctx context.Context, nodes []*ua.NodeID, values ...any) error {
	request := &ua.WriteRequest{}
	for i, node := range nodes {
		value, err := ua.NewVariant(values[i])
		if err != nil {
			return fmt.Errorf("write command block at %s: %w", c.where, err)
		}
		request.NodesToWrite = append(request.NodesToWrite, &ua.WriteValue{
			NodeID: node, AttributeID: ua.AttributeIDValue, Value: &ua.DataValue{EncodingMask: ua.DataValueValue, Value: value},
		})
	}
	response, err := c.client.Write(ctx, request)
	if err != nil {
		return fmt.Errorf("write command block at %s: %w", c.where, err)
	}
	if response == nil || len(response.Results) != len(nodes) {
		return fmt.Errorf("write command block at %s: the number of answers is not that of the questions", c.where)
	}
	for i, code := range response.Results {
		if code != ua.StatusOK {
			return c.refused("write command block", nodes[i], code)
		}
	}
	return nil
}
