package browser

import (
	"testing"
	"time"
)

// O10: the master check is guided and enforced. Without a good one ST130 takes no part; a failed one names the parts that were
// measured since the last good one.
func TestO10MasterCheck(t *testing.T) {
	s := theLine(t)
	s.stocked(t)
	s.running(t)
	s.emptied(t)
	s.calm(t)
	before := s.order(t, "ESS-P2", 1) // measured under a good check
	s.emptied(t)
	p := s.open(t, "amna", "en", panel10)
	p.visit("/station/ST130")
	p.sees(5*time.Second, `section[aria-label="Master check"]`, "Master check", "valid until", "last result: OK")
	p.shot("o10-good")
	p.accessible()

	drift := s.fault(t, "master-drift ST130 by 10")
	defer drift()
	p.presses(`section[aria-label="Master check"]`, "Check the master now")
	p.confirms("")
	p.sees(10*time.Second, `section[aria-label="Master check"]`, "due: no part is taken before it has passed", "last result: NOK", "Measured since the last good check:", string(before))
	p.shot("o10-failed")
	pack := s.order(t, "ESS-P2", 1)
	stop := s.attend(t)
	until(t, 90*time.Second, string(pack)+" waits before ST130", func() bool {
		for _, one := range s.snapshot(t).Packs {
			if one.Pack == pack {
				return one.At == "ST130"
			}
		}
		return false
	})
	stop()
	time.Sleep(time.Second) // were it taken in, it would be now
	if st := s.station(t, "ST130"); st.Done > 0 || st.Act != "" && st.Act != "master check" {
		t.Errorf("%s is worked on without a good master check: %+v", pack, st)
	}
	p.visit("/")
	p.sees(3*time.Second, `[data-key="ST130"]`, "master check")
	p.shot("o10-enforced")
	if st := s.station(t, "ST130"); st.Master == nil || len(st.Master.Steps) == 0 {
		t.Error("nobody is told the steps of the check")
	} else {
		p.visit("/station/ST130")
		p.sees(3*time.Second, `section[aria-label="Master check"]`, st.Master.Steps...)
	}
	drift()
	s.emptied(t)
	p.sees(5*time.Second, `section[aria-label="Master check"]`, "valid until", "last result: OK")
	s.calm(t)
}
