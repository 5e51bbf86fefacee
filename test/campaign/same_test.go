package campaign_test

import (
	"testing"

	"linectl/test/campaign"
)

// TestSparedBlocksChangeNothing lives through shifts twice: as campaigns do, where a poll that would find nothing new does not make
// its block, and with every block made. The line must have the same journal and the plant the same truth, by their hashes, to the
// microsecond. Most shifts go at the pace of campaigns; some at that of a real plant, where most polls find nothing new.
func TestSparedBlocksChangeNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("dozens of shifts")
	}
	same := func(t *testing.T, p campaign.Plan, way campaign.Way) {
		t.Helper()
		var ends [2]campaign.Outcome
		for i := range ends {
			way.EveryBlock = i == 1
			s, err := campaign.Live(p, &campaign.Memory{}, way)
			if err != nil {
				t.Fatal(err)
			}
			if ends[i], err = s.Judge(); err != nil {
				t.Fatal(err)
			}
		}
		spared, every := ends[0], ends[1]
		if spared.Records < 100 || spared.Hash != every.Hash || spared.TruthHash != every.TruthHash || spared.Clock != every.Clock {
			t.Errorf("%d and %d records in %v and %v, journals %x and %x, truths %x and %x\n%s", spared.Records, every.Records, spared.Clock, every.Clock,
				spared.Hash[:4], every.Hash[:4], spared.TruthHash[:4], every.TruthHash[:4], p)
		}
	}
	for seed := range uint64(40) {
		same(t, campaign.Draw(seed+1), campaign.Way{})
	}
	kept, err := campaign.Kept()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kept {
		same(t, k.Plan, campaign.Way{})
	}
	for seed := range uint64(2) {
		same(t, campaign.Draw(seed+3), campaign.Way{Speed: 1})
	}
}
