package line_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"linectl/line"
)

// TestDeviceAlarmsAreTold holds docs/handshake.md, which is what a PLC programmer has, to the numbers and words of the alarms.
func TestDeviceAlarmsAreTold(t *testing.T) {
	page, err := os.ReadFile("../docs/handshake.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	for i, a := range line.DeviceAlarms {
		if found, ok := line.FindDeviceAlarm(a.Number); !ok || found != a || int(a.Number) != i+1 {
			t.Errorf("alarm %d is found as %+v", a.Number, found)
		}
		if say := fmt.Sprintf("%d %s", a.Number, a.Text); !strings.Contains(text, say) {
			t.Errorf("docs/handshake.md does not say %q", say)
		}
	}
	if _, ok := line.FindDeviceAlarm(0); ok {
		t.Error("0 is no alarm")
	}
}
