package opcua

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/gopcua/opcua/ua"

	"linectl/plc/tags"
)

// plainBlocks is the face of a device of class B or C: the plain blocks as ByteStrings, and the start bit as a Boolean of its own.
type plainBlocks struct {
	blocks
	execute *ua.NodeID
}

// check asks that the three nodes are there.
func (p *plainBlocks) check(ctx context.Context, c *conn) error {
	if err := p.blocks.check(ctx, c); err != nil {
		return err
	}
	classes, err := c.values(ctx, "node class", ua.AttributeIDNodeClass, p.execute)
	if err != nil {
		return err
	}
	if !isClass(classes[0], ua.NodeClassVariable) {
		return c.mapping([]string{fmt.Sprintf("%s is no variable", p.execute)})
	}
	return nil
}

func (p *plainBlocks) read(ctx context.Context, c *conn) (tags.Status, error) {
	return p.readBlock(ctx, c, tags.PlainStatusRegisters, tags.DecodePlainStatus)
}

// write writes the start bit with the block of a job, alone when it is taken down, and never with anything else.
func (p *plainBlocks) write(ctx context.Context, c *conn, cmd tags.Command) error {
	if cmd.Op == tags.OpAcknowledge {
		return c.writeNodes(ctx, []*ua.NodeID{p.execute}, false)
	}
	registers := cmd.EncodePlain(p.order)
	block := make([]byte, 0, 2*len(registers))
	for _, r := range registers {
		block = binary.BigEndian.AppendUint16(block, r)
	}
	if cmd.Op == tags.OpExecute {
		return c.writeNodes(ctx, []*ua.NodeID{p.command, p.execute}, block, true)
	}
	return c.writeNodes(ctx, []*ua.NodeID{p.command}, block)
}
