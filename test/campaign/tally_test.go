package campaign_test

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/test/campaign"
)

// tally adds up what the trials of this process came to.
type tally struct {
	mu sync.Mutex

	trials, violated, kills, records, seen, twice, onDisk int
	mutants, mutantsFound                                 int

	clock  time.Duration // that passed for the lines
	struck map[simulator.FaultName]int
	packs  map[line.PackState]int
}

var sum = &tally{struck: map[simulator.FaultName]int{}, packs: map[line.PackState]int{}}

func (s *tally) add(out campaign.Outcome, disk bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trials++
	s.clock += out.Clock
	if disk {
		s.onDisk++
	}
	s.kills += out.Kills
	s.records += out.Records
	s.seen += out.Seen
	for name, n := range out.Struck {
		s.struck[name] += n
	}
	for state, n := range out.Packs {
		s.packs[state] += n
	}
	if len(out.Violations) > 0 {
		s.violated++
	}
}

func (s *tally) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.twice++
}

func (s *tally) caught() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mutantsFound++
}

// speed is the plant's clock against the processor time of this process: the line, the plant, the store and the checker.
func (s *tally) speed() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	took := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	return s.clock.Seconds() * campaign.PlantSpeed / took.Seconds()
}

// String is the line by which a campaign closes. The speed is the plant's clock against the processor time of all that this process does:
// most shifts in memory, every twentieth on SQLite, the checker, and second runs.
func (s *tally) String() string {
	return fmt.Sprintf("seeds=%d violations=%d mutants=%d/%d speed=%.0fx faultpoints=%d/%d",
		s.trials, s.violated, s.mutantsFound, s.mutants, s.speed(), len(s.struck), len(simulator.Catalogue))
}
