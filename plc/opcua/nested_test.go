package opcua

import (
	"bytes"
	"testing"

	"github.com/gopcua/opcua/ua"
)

// TestTheLongestMessageDoesNotFillTheStack decodes what a device that has its key could send: a value in a value, a level for
// every byte. The library has no bound for it, and a stack that is full ends the process; at a megabyte it is.
func TestTheLongestMessageDoesNotFillTheStack(t *testing.T) {
	for _, level := range []byte{24, 23} { // a Variant, and a DataValue, in a Variant
		nested := bytes.Repeat([]byte{level}, maxMessage)
		if level == 23 {
			nested = bytes.Repeat([]byte{23, 1}, maxMessage/2)
		}
		if _, err := new(ua.Variant).Decode(nested); err == nil {
			t.Error("it was decoded")
		}
	}
	if _, err := new(ua.DiagnosticInfo).Decode(bytes.Repeat([]byte{0x40}, maxMessage)); err == nil {
		t.Error("it was decoded")
	}
}
