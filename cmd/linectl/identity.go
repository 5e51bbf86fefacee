package main

import (
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"time"

	"linectl/plc"
	"linectl/plc/opcua"
)

// identity returns the supervisor's own OPC UA certificate, made at the first start, and the file that the devices must trust.
func (c *Config) identity() (opcua.Identity, string, error) {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			return r
		case r == '/':
			return ':'
		}
		return '-'
	}, c.name())
	id, file, err := opcua.LoadOrCreateIdentity(c.at(c.PKI), "urn:linectl:"+name, "linectl supervisor of "+c.name(), time.Now())
	if err != nil {
		return id, "", fmt.Errorf("certificate of the supervisor: %w", err)
	}
	return id, file, nil
}

// opcuaDialer makes the way to a checked OPC UA device.
func (c *Config) opcuaDialer(d *Device, id opcua.Identity) (plc.Dialer, error) {
	password, err := readPassword(c.at(d.PasswordFile))
	if err != nil {
		return nil, err
	}
	dialer := &opcua.Dialer{Address: d.Address, Map: d.opcua(), Identity: id, User: d.Username, Password: password}
	if d.Certificate == "" {
		return dialer, nil
	}
	file := c.at(d.Certificate)
	b, err := os.ReadFile(file) //nolint:gosec // the configuration names the file
	if err != nil {
		return nil, fmt.Errorf("certificate of the device: %w; the virtual plant makes its own at its first start", err)
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	dialer.Fingerprint = opcua.Fingerprint(b)
	return dialer, nil
}
