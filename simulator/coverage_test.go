package simulator_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"linectl/simulator"
)

// coverage answers, row by row, for what is known to fail in a line like this: the fault of the catalogue that does it, the test that
// does it elsewhere, or why nothing does.
var coverage = []struct {
	title string
	rows  [][2]string
}{
	{"The process", [][2]string{
		{"cells: reversed, swapped, of another lot, too old, a code that stands twice", "cell-reversed, cell-swap, wrong-lot, duplicate-code; stories 1 to 4 and 37"},
		{"trays swapped", "not simulated: a cell is known by its code and comes out of a lane, and no tray has an identity; what a swapped tray brings is wrong-lot, wrong-part or duplicate-code; story 41"},
		{"cell tester: dirty probe, stuck, drifting, noisy, without a value, a value that cannot be", "dirty-probe, sensor-stuck, master-drift, sensor-noise, no-value, value-out-of-range; stories 5, 26, 33 and 43"},
		{"welds: worn tip, dirty glass, gap, burn-through, sticking electrode, a bad joint", "tip-wear, dirty-glass, gap, over-power, electrode-stuck, weld-nok; stories 6 to 8 and 30"},
		{"adhesive, screw, harness, firmware, seal, insulation, contactor, label", "adhesive-gelled, screw-nok, harness-swap, wrong-firmware, leak, warm-pack, ir-leak, contactor-welded, cold-pack, step-nok, label-reprint; stories 12 to 21"},
		{"a battery management system that does not answer", "bms-no-reply; story 39"},
		{"material: jam, empty magazine, empty feeder, nothing in the gripper", "material-jam, magazine-empty, consumable-empty, gripper-loss; stories 31 and 32, TestGapFillerRunsOut"},
		{"a part taken out by hand, a strange part in the nest", "TestMissingPartIsAskedAbout, TestReleaseUnknownAndAStrangeCodeInNest, TestACellOfWhichNobodyKnowsWhereItLies"},
		{"a cell that falls out of the gripper, two cells at a time", "not simulated: the handshake has no sensor that would tell them from a place act of unknown outcome, which plc-reboot makes"},
		{"a cold weld that every instrument calls good", "not simulated: nothing in the record could show it; coupons and peel tests are for that"},
		{"containment by trend (Nelson rules)", "not in linectl: it counts NOK joints in a row (story 6), and draws no trend"},
	}},
	{"Devices and their protocol", [][2]string{
		{"power lost with and without memory, program loaded anew", "plc-reboot, plc-reboot-forgets; `test/nemesis` TestDevicesBoot; story 28"},
		{"emergency stop, not reset, protective stop, guard, air, key, selector", "e-stop, e-stop-not-reset, protective-stop, guard-open, air-low, local-enable-off, not-automatic; stories 27 and 36"},
		{"an act that does not end, or takes too long", "tester-timeout, slow-device"},
		{"done twice, the result before, the result of another part", "duplicate-done, old-result, wrong-part-echo; stories 11 and 34"},
		{"status that stands, is old, is torn; words swapped; a damaged command", "stale-heartbeat, stale-status, torn-block, damaged-command, endianness-swap; TestTornAndForeignStatusIsRefused, TestNoChangedRegisterIsAccepted; story 25"},
		{"Modbus exceptions", "modbus-exception; TestWhatAnExceptionAllowsToConclude; story 38"},
		{"Modbus: wrong transaction, unit, length, function, byte count, truncated", "`plc/modbus` TestMisbehaviourIsSortedRight, TestALateAnswerIsNeverTakenForTheNext, and a fuzz target"},
		{"OPC UA: malformed, too large, nested, an impostor", "`plc/opcua` TestARogueDeviceEndsADialNotTheProcess, TestAnImpostorGetsNoPassword; TestARogueDeviceStopsOneStationOnly; fuzz targets of `uaguard`"},
		{"a recipe changed on the panel; a wrong code, none, another part", "recipe-edited, barcode-unreadable, wrong-part; story 24"},
		{"the clock of a device drifts; a time stamp that stands", "not simulated: the handshake carries no time of a device"},
		{"devices of classes B and C", "every fault strikes them too, in the campaign; `virtual` TestMixedClassesDevicesFail"},
	}},
	{"The network", [][2]string{
		{"cable pulled, answers late, answer lost, the connection comes and goes", "drop-comms, slow-answers, lost-ack, flapping-link; stories 10 and 35"},
		{"a job a second time, answers out of order", "late-duplicate, reordered-replies; `plc/model`; story 9"},
		{"late at every byte of a request and a reply, reset at every byte over Modbus and at every eighth over OPC UA, half open", "`test/nemesis` TestWiresAreCut"},
		{"a peer that gives one byte a second", "TestADripIsNoAnswer (a device, Modbus), TestADripEndsADial (a device, OPC UA; no byte after the dial), TestAByteASecondIsTooSlow (a client of the gateway). That the neighbours are as fast meanwhile is not measured"},
		{"a peer that reads nothing or says nothing, many connections", "TestAReaderThatTakesNothingIsCut, TestSilentConnectionsKeepNobodyOut, TestTheGatewayUnderAttack"},
		{"the central database is down", "not in linectl: it forwards to none yet"},
	}},
	{"Process, storage and time of the line's own computer", [][2]string{
		{"killed at any write, send or sync; killed again while it comes back", "the kills of the campaign; `test/nemesis` TestKilledAtEveryCall; story 29"},
		{"killed again and again while it comes back: the same end as after one kill", "not compared. Each start after a kill may be killed again and must end without a violation, in the campaign and TestSupervisorKilledFiftyTimes"},
		{"ended in order (SIGTERM) in the middle of a pack", "not tried: TestSignals ends a line without one. What a kill leaves is tried, and an end in order leaves more"},
		{"stopped and continued; two supervisors", "`test/nemesis` TestStoppedAndContinued, TestASleeperWakes; `plc/model`"},
		{"upgrade, a migration that is cut", "`traceability` TestOldRecordsAreBroughtUpToDate, TestAMigrationThatIsCutIsMadeAnew, TestNewerSchemaIsRefused"},
		{"out of memory, a stall of the collector", "not simulated; queues are bounded: TestTheQueueIsBoundedAndSaysSo"},
		{"disk full, a call that fails, a slow disk", "disk-full, failed-commit, failed-sync, slow-commit; `test/nemesis` TestTheDiskIsFull, TestAnyCallOfTheStoreFails; story 47"},
		{"a write of which the disk takes a part (short write)", "not made: SQLite tries the rest, and what comes of that is a call that fails"},
		{"the log grows because a reader never ends its read", "not tried: nothing in linectl watches the length of the log"},
		{"the disk fills up: a reserve, and an end in order before it is used up", "disk-low; `virtual` and `supervisor` TestTheDiskFillsUp, `test/nemesis` TestTheDiskIsFull; story 23"},
		{"power gone with what was not synced, a torn end", "`test/powerloss` TestNothingAcknowledgedIsLostWithThePower; TestTornEndIsCutOff"},
		{"records read-only, of a newer version, not ours, changed, with a gap", "TestReadOnlyDirectoryIsRefused, TestForeignFilesAreLeftAlone, TestEveryEditOfTheJournalIsFound, TestEditsWithSQLAreFound, TestGapStopsTheReplay"},
		{"records of another owner", "as read-only: TestReadOnlyDirectoryIsRefused takes the rights away"},
		{"records removed or replaced while they are open", "not tried: nothing looks whether the open file still has its name. Its log is not taken away by another program that looks into it: TestVisitorDoesNotTakeTheLogAway"},
		{"clock ahead, back, standing, years wrong", "clock-ahead, clock-back, clock-frozen; story 22"},
		{"summer time, leap seconds, 2038", "records are UTC, 64 bits, and follow the line's own time; TestShiftsBeginByTheClockOnTheWall for the one place where a clock on the wall counts"},
	}},
	{"Faults that commissioning engineers know by other names", [][2]string{
		{"delay_ack", "slow-answers: every answer late, that to the acknowledgement too"},
		{"stuck_busy", "tester-timeout, of any device"},
		{"nan", "no-value"},
		{"cell_swap of two named cells", "cell-swap, which takes another cell of the store"},
		{"scanner_noread", "barcode-unreadable"},
		{"power_cycle_plc", "plc-reboot, plc-reboot-forgets"},
		{"clock_skew of a device", "not simulated: the handshake carries no time of a device; of the line's computer clock-ahead, clock-back"},
	}},
	{"People, recipes, security", [][2]string{
		{"double click, a page sent again, the answer lost", "double-click, and the campaign's operator; TestRequestAskedTwiceIsDoneOnce, TestARequestIDBelongsToItsAsker"},
		{"a command in the wrong state, two people at once, a role taken away meanwhile", "TestRefusedRequestsSayWhatToDo, TestOnlyPossibleAnswersAreOffered, TestRolesCountWhenTheCommandIsApplied, TestStopEndsTheActAndAbortCutsIt"},
		{"a log-out in the middle of a command", "not tried: the session is asked for when the command comes, the role when it is applied; TestSessionsEndWithTheirAccount for what comes later"},
		{"linearizability of what several HMIs ask", "not shown by a tool; one goroutine decides, one after the other, and the checker asks I11"},
		{"a recipe that is invalid, out of limits, of an unknown unit, approved by its author, changed while a pack is built", "`recipes` TestProblems; that a pack is built by the pinned text: the checker asks I9 (`checker` TestEachInvariantCanFail), and so does the replay (`virtual` TestAReplayContradictsWhatNoLineWouldDecide)"},
		{"a recipe that is not signed, or an older one put back", "not in linectl: a recipe names its approver, and its checksum is pinned with the order, but nobody signs it. An order takes the highest approved revision that is there"},
		{"certificates, passwords, floods, markup, privilege", "TestTheGatewayUnderAttack, TestNoFailuresKeepARightPasswordOut, TestAPartsNameIsNeverMarkup, TestWhoMayDoWhat, TestCookiesAndOtherSites"},
		{"records edited while nobody looks", "TestEveryEditOfTheJournalIsFound; who can write the whole file anew is not found out (docs/reliability.md)"},
	}},
}

// coverageDocs writes the tables.
func coverageDocs() string {
	var b strings.Builder
	b.WriteString("\n## What is known to fail, and where it is tried\n\nStories are the files of `examples/scenarios` by their number; what has no room beside it is found by its name.\n")
	for _, part := range coverage {
		b.WriteString("\n" + part.title + ":\n\n| What | Where |\n|---|---|\n")
		for _, row := range part.rows {
			b.WriteString("| " + row[0] + " | " + row[1] + " |\n")
		}
	}
	return b.String()
}

var (
	testName  = regexp.MustCompile(`\bTest[A-Z]\w+`)
	faultWord = regexp.MustCompile(`[a-z]+(?:-[a-z]+)*`)
	ofAStory  = regexp.MustCompile(`stor(?:y|ies) ([\d, toand]+)`)
	number    = regexp.MustCompile(`\d+`)
)

// TestCoverageIsTrue holds the tables to what there is: every fault stands in them, every test that they name exists, and so does every story.
func TestCoverageIsTrue(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && strings.HasPrefix(e.Name(), ".") && path != ".." {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path) //nolint:gosec // of this repository
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)`).FindAllStringSubmatch(string(source), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil || len(tests) < 100 {
		t.Fatalf("%d tests found: %v", len(tests), err)
	}
	words := map[string]bool{}
	for _, part := range coverage {
		for _, row := range part.rows {
			for _, name := range testName.FindAllString(row[1], -1) {
				if !tests[name] {
					t.Errorf("%s: there is no %s", row[0], name)
				}
			}
			for _, w := range faultWord.FindAllString(row[1], -1) {
				words[w] = true
			}
			for _, m := range ofAStory.FindAllStringSubmatch(row[1], -1) {
				for _, n := range number.FindAllString(m[1], -1) {
					if files, _ := filepath.Glob("../examples/scenarios/" + strings.Repeat("0", 2-min(2, len(n))) + n + "-*.yaml"); len(files) != 1 {
						t.Errorf("%s: story %s has %d files", row[0], n, len(files))
					}
				}
			}
		}
	}
	for _, k := range simulator.Catalogue {
		if !words[string(k.Name)] {
			t.Errorf("%s stands in no row", k.Name)
		}
	}
}
