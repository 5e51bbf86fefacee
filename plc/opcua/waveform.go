package opcua

import (
	"context"
	"fmt"

	"github.com/gopcua/opcua/ua"

	"linectl/plc/tags"
)

// waveformConn is a conn to a device that offers the waveforms of its acts.
type waveformConn struct{ *conn }

// Piece reads the waveform area, which is one ByteString, from a byte on.
func (c *waveformConn) Piece(ctx context.Context, at, _ int) ([]byte, error) {
	values, err := c.values(ctx, "waveform", ua.AttributeIDValue, c.waveform)
	if err != nil {
		return nil, err
	}
	area, ok := values[0].([]byte)
	if !ok {
		return nil, c.mapping([]string{fmt.Sprintf("%s is no ByteString", c.waveform)})
	}
	if at < 0 || at >= len(area) {
		return nil, fmt.Errorf("read waveform at %s: %w", c.where, tags.ErrTornWaveform)
	}
	return area[at:], nil
}

// checkWaveform asks that the variable is there, if the tag map names one.
func (c *conn) checkWaveform(ctx context.Context) error {
	if c.waveform == nil {
		return nil
	}
	classes, err := c.values(ctx, "node class", ua.AttributeIDNodeClass, c.waveform)
	if err != nil {
		return err
	}
	if !isClass(classes[0], ua.NodeClassVariable) {
		return c.mapping([]string{fmt.Sprintf("%s is no variable", c.waveform)})
	}
	return nil
}
