package browser

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
)

// uncertain lets the power of the welder fail in joint 5 of a pack, and brings that pack to where people may look at it.
func (s *site) uncertain(t *testing.T) line.PackID {
	t.Helper()
	pack := s.atWelder(t, "ESS-P2", 0)
	mend := s.fault(t, "plc-reboot ST060.welder at joint 5 of "+string(pack))
	s.must(t, line.Machine{Target: "ST060", Command: "Start"})
	until(t, 120*time.Second, string(pack)+" may be inspected", func() bool {
		snap := s.snapshot(t)
		s.attended(snap)
		for _, q := range snap.Quarantine {
			if q.Pack == pack {
				return q.Void
			}
		}
		time.Sleep(200 * time.Millisecond)
		return false
	})
	mend()
	return pack
}

// counted is how many effects a device has made before it came to a joint of a pack.
func (s *site) counted(t *testing.T, device line.DeviceID, pack line.PackID, joint int) int {
	t.Helper()
	n := 0
	for _, e := range s.truth(t) {
		if e.What == simulator.Effect && e.Device == device && (e.Part != string(pack) || e.Index != joint) {
			n++
		}
	}
	return n
}

// picks chooses in a list as a person does.
func (p *screen) picks(selector, value string) {
	p.t.Helper()
	js[bool](p, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.value = %q; e.dispatchEvent(new Event('change', {bubbles: true})); return true; })()`, selector, value))
}

// O11: the power of the welder fails in the middle of joint 5. Nobody knows whether it was welded. Amna reads what is known and that it
// is not for her to decide; Sana looks and says what she has seen; Bilal proposes, and cannot confirm his own proposal; Sana confirms.
// The pack is carried to the bench and is welded there once more with a new token, and the record names both and how it was shown.
func TestO11NobodyKnowsWhetherItWasWelded(t *testing.T) {
	s := theLine(t)
	pack := s.uncertain(t)
	before := s.welds(t, pack)[5]
	card := fmt.Sprintf(`[data-key=%q]`, string(pack))

	amna, sana, bilal := s.open(t, "amna", "en", panel10), s.open(t, "sana", "en", panel10), s.open(t, "bilal", "en", panel10)
	urdu, chinese := s.open(t, "amna", "ur", panel10), s.open(t, "viktor", "zh", panelOld)
	everybody := []*screen{amna, sana, bilal, urdu, chinese}
	for _, p := range everybody {
		p.visit("/quarantine")
	}
	looked := func(stage string) {
		t.Helper()
		for _, p := range []*screen{amna, urdu, chinese} {
			p.until(5*time.Second, "the card of "+string(pack), fmt.Sprintf("document.querySelector(%q)", ".doubtful"+card))
			p.fits()
			p.accessible()
			p.shot("o11-" + stage + "-" + p.lang)
		}
	}
	amna.sees(10*time.Second, ".doubtful"+card, "laser weld 5", "It may have been done: only a person can see whether it was.", "What is known",
		fmt.Sprintf("effects counted by the device: %d before the act", s.counted(t, "ST060.welder", pack, 5)), "Do next: somebody has to inspect it and say what was seen")
	for _, name := range []string{"Note what was seen", "Propose: make it again", "Propose: scrap it"} {
		if why := amna.whyNot(".doubtful"+card, name); why != "your account may not do this" {
			t.Errorf("an operator's %q says %q", name, why)
		}
	}
	bilal.sees(10*time.Second, ".doubtful"+card, "has not been inspected")
	if why := bilal.whyNot(".doubtful"+card, "Propose: make it again"); !strings.Contains(why, "has not been inspected") {
		t.Errorf("before anybody has looked Propose says %q", why)
	}
	for _, p := range []*screen{urdu, chinese} {
		if text := p.text(".doubtful" + card); strings.Contains(text, "It may have been done") || strings.Contains(text, "effects counted") || strings.Contains(text, "somebody has to") {
			t.Errorf("in %s it says %s", p.lang, text)
		}
	}
	looked("doubt")

	sana.picks(".doubtful"+card+" select[name=Saw]", "unclear")
	sana.enter(".doubtful"+card+" input[name=Why]", "soot on joint 5, no edge to be seen")
	sana.presses(".doubtful"+card, "Note what was seen")
	sana.sees(20*time.Second, ".doubtful"+card, "sana has looked and says: it cannot be told")
	amna.sees(10*time.Second, ".doubtful"+card, "sana has looked and says: it cannot be told", "soot on joint 5, no edge to be seen")
	bilal.sees(10*time.Second, ".doubtful"+card, "sana has looked and says: it cannot be told", "sana, who has inspected it, has not seen") // both are heard, one after the other
	if why := bilal.whyNot(".doubtful"+card, "Propose: accept it as done"); !strings.Contains(why, "sana, who has inspected it, has not seen that it was done") {
		t.Errorf("what nobody has seen is accepted: %q", why)
	}
	looked("inspected")

	bilal.presses(".doubtful"+card, "Propose: make it again")
	bilal.confirms("weld it again")
	bilal.sees(10*time.Second, ".doubtful"+card, "bilal has proposed: make it again", "you have proposed it: another person has to confirm")
	if why := bilal.whyNot(".doubtful"+card, "Confirm: make it again"); why != "you have proposed it: another person has to confirm" {
		t.Errorf("his own proposal says %q", why)
	}
	looked("proposed")
	if at := s.pack(t, pack); at.State != line.Quarantined {
		t.Errorf("one person alone made it %s", at.State)
	}

	sana.presses(".doubtful"+card, "Confirm: make it again")
	sana.confirms("I have seen it too")
	for _, p := range everybody {
		p.until(10*time.Second, "the card is gone", fmt.Sprintf("!document.querySelector(%q)", ".doubtful"+card))
	}
	s.linectl(t, "", "carry", string(pack), "ST900", "--plant", filepath.Join(s.dir, "plant"))
	s.emptied(t)
	if n := s.welds(t, pack)[5]; n != before+1 {
		t.Errorf("joint 5 was welded %d times before and %d after it was ordered once more", before, n)
	}
	said := strings.Join(strings.Fields(s.linectl(t, "", "trace", "pack", string(pack), "--data", s.records())), " ")
	for _, want := range []string{"inspected unclear sana password", "proposed rework bilal password", "decided rework sana password", string(pack) + " released"} {
		if !strings.Contains(said, want) {
			t.Errorf("the dossier does not say %q:\n%s", want, said)
		}
	}
	s.calm(t)
}

// pack finds a pack in the snapshot, those in quarantine included.
func (s *site) pack(t *testing.T, id line.PackID) line.PackSnapshot {
	t.Helper()
	for _, q := range s.snapshot(t).Quarantine {
		if q.Pack == id {
			return line.PackSnapshot{Pack: id, State: line.Quarantined, At: line.Quarantine}
		}
	}
	for _, p := range s.snapshot(t).Packs {
		if p.Pack == id {
			return p
		}
	}
	t.Fatalf("no pack %s", id)
	return line.PackSnapshot{}
}
