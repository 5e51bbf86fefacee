// Package testnet gives tests addresses to serve on. It opens no connection and is in no program.
package testnet

import (
	"testing"

	"linectl/internal/process"
)

// FreeAddress returns a host and port of this computer that nobody listens on now and that no outgoing connection takes.
func FreeAddress(t testing.TB) string {
	t.Helper()
	address, err := process.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return address
}
