package browser

import (
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// O8: the cable of the welder is pulled for 20 seconds during a weld, and later the answer to a job is lost. On return the screen
// tells the truth about the part, and the plant says that every joint was welded once.
func TestO8AfterALossOfConnection(t *testing.T) {
	s := theLine(t)
	pack := s.atWelder(t, "ESS-P2", 0)
	defer s.fault(t, "drop-comms ST060.welder at joint 3 of "+string(pack)+" for 20s")()
	defer s.fault(t, "lost-ack ST060.welder at joint 9 of "+string(pack))()
	p := s.open(t, "amna", "en", panel10)
	s.must(t, line.Machine{Target: "ST060", Command: "Start"})
	p.visit("/station/ST060")
	p.sees(15*time.Second, "main", "ST060.welder does not answer", string(pack))
	p.sees(5*time.Second, ".headline", "Held", "Do next: restore the device, then Unhold")
	p.shot("o8-connection-lost")
	p.accessible()
	p.sees(30*time.Second, ".headline", "its devices are ready: remove what else is wrong, then Unhold")
	p.sees(3*time.Second, "main", "4 of 34") // one position of the head and three welds: the device had kept what the cable had lost
	p.shot("o8-recovered")
	p.presses("main", "Unhold")
	p.sees(5*time.Second, ".headline", "Execute")
	p.sees(20*time.Second, "main", "ST060.welder does not answer")
	p.sees(20*time.Second, ".headline", "its devices are ready")
	p.presses("main", "Unhold")
	s.emptied(t)
	welds := s.welds(t, pack)
	if len(welds) < 10 {
		t.Errorf("%d joints were welded", len(welds))
	}
	for joint, n := range welds {
		if n != 1 {
			t.Errorf("joint %d was welded %d times", joint, n)
		}
	}
	if said := s.linectl(t, "", "trace", "pack", string(pack), "--data", s.records()); !strings.Contains(said, "released") || strings.Contains(said, "UNKNOWN") {
		t.Errorf("the dossier of %s does not say that it is good:\n%s", pack, said)
	}
	s.calm(t)
}
