package simulator

import (
	"slices"
	"time"

	"linectl/line"
)

// FaultKind is what a fault of the catalogue is and does.
type FaultKind struct {
	Name    FaultName
	Does    string      // to the device or the part
	See     string      // what the line makes of it
	Strikes []line.Task // acts that it strikes; nil where it lasts instead
	Once    bool        // it happens at one moment
	Unit    string      // of By; empty where there is no more or less
	By      float64     // unless said
	For     time.Duration
	At      line.Kind // the one kind of station where it means anything; empty is any
	Host    bool      // it happens to the line's computer, not to a device
	Times   int       // acts that it strikes unless said; 0 is one
}

// The faults.
const (
	ElectrodeStuck    FaultName = "electrode-stuck"
	MaterialJam       FaultName = "material-jam"
	WeldNOK           FaultName = "weld-nok"
	ScrewNOK          FaultName = "screw-nok"
	StepNOK           FaultName = "step-nok"
	Leak              FaultName = "leak"
	NoValue           FaultName = "no-value"
	WrongPartEcho     FaultName = "wrong-part-echo"
	DropComms         FaultName = "drop-comms"
	LostAck           FaultName = "lost-ack"
	SlowAnswers       FaultName = "slow-answers"
	StaleHeartbeat    FaultName = "stale-heartbeat"
	PLCReboot         FaultName = "plc-reboot"
	PLCRebootForgets  FaultName = "plc-reboot-forgets"
	EmergencyStop     FaultName = "e-stop"
	ProtectiveStop    FaultName = "protective-stop"
	GuardOpen         FaultName = "guard-open"
	LocalEnableOff    FaultName = "local-enable-off"
	NotAutomatic      FaultName = "not-automatic"
	AirLow            FaultName = "air-low"
	BarcodeUnreadable FaultName = "barcode-unreadable"
	WrongPart         FaultName = "wrong-part"
	MasterDrift       FaultName = "master-drift"
	SlowDevice        FaultName = "slow-device"
	TesterTimeout     FaultName = "tester-timeout"

	CellReversed    FaultName = "cell-reversed"
	CellSwap        FaultName = "cell-swap"
	WrongLot        FaultName = "wrong-lot"
	DirtyProbe      FaultName = "dirty-probe"
	TipWear         FaultName = "tip-wear"
	DirtyGlass      FaultName = "dirty-glass"
	Gap             FaultName = "gap"
	OverPower       FaultName = "over-power"
	AdhesiveGelled  FaultName = "adhesive-gelled"
	HarnessSwap     FaultName = "harness-swap"
	WrongFirmware   FaultName = "wrong-firmware"
	WarmPack        FaultName = "warm-pack"
	InsulationLow   FaultName = "ir-leak"
	ContactorWelded FaultName = "contactor-welded"
	ColdPack        FaultName = "cold-pack"
	LabelReprint    FaultName = "label-reprint"
	SensorStuck     FaultName = "sensor-stuck"
	RecipeEdited    FaultName = "recipe-edited"
	LateDuplicate   FaultName = "late-duplicate"
	ByteOrder       FaultName = "endianness-swap"

	DiskFull     FaultName = "disk-full"
	FailedCommit FaultName = "failed-commit"
	FailedSync   FaultName = "failed-sync"
	SlowCommit   FaultName = "slow-commit"
	ClockAhead   FaultName = "clock-ahead"
	ClockBack    FaultName = "clock-back"

	DuplicateDone         FaultName = "duplicate-done"
	OldResult             FaultName = "old-result"
	StaleStatus           FaultName = "stale-status"
	ReorderedReplies      FaultName = "reordered-replies"
	TornBlock             FaultName = "torn-block"
	DamagedCommand        FaultName = "damaged-command"
	ModbusException       FaultName = "modbus-exception"
	FlappingLink          FaultName = "flapping-link"
	MagazineEmpty         FaultName = "magazine-empty"
	ConsumableEmpty       FaultName = "consumable-empty"
	GripperLoss           FaultName = "gripper-loss"
	DuplicateCode         FaultName = "duplicate-code"
	ValueOutOfRange       FaultName = "value-out-of-range"
	SensorNoise           FaultName = "sensor-noise"
	BMSNoReply            FaultName = "bms-no-reply"
	EmergencyStopNotReset FaultName = "e-stop-not-reset"
	ClockFrozen           FaultName = "clock-frozen"
	DoubleClick           FaultName = "double-click"
	DiskLow               FaultName = "disk-low"
)

var (
	welds = []line.Task{line.TaskWeldLaser, line.TaskWeldResistance, line.TaskWeldUltrasonic}
	steps = func() (all []line.Task) {
		for n := range line.EOLSteps {
			all = append(all, line.EOLStep(n+1))
		}
		return all
	}()
	everyTask = func() (all []line.Task) {
		for t := line.Task(1); t < line.EOLStep1+line.EOLSteps; t++ {
			if t.Known() {
				all = append(all, t)
			}
		}
		return all
	}()
	everyMeasurement = func() (all []line.Task) {
		for t := line.Task(1); t < line.EOLStep1+line.EOLSteps; t++ {
			if t.Known() && len(t.Spec().Values) > 0 && t != line.TaskServiceTip {
				all = append(all, t)
			}
		}
		return all
	}()
)

// Catalogue lists every fault that can be injected. docs/faults.md is written from it. New ones stand at its end: a seed of a
// campaign draws by place.
var Catalogue = slices.Concat(machineFaults, processFaults, hostFaults, wireFaults, stockFaults, operatorFaults)

// machineFaults are those of any machine: its devices, its wire, its safety.
var machineFaults = []FaultKind{
	{
		Name: ElectrodeStuck, Strikes: []line.Task{line.TaskWeldResistance, line.TaskWeldUltrasonic},
		Does: "the electrode sticks to the joint: the weld is made, the result is latched, and the welder holds",
		See:  "the station holds and says at which joint; after Unhold the tip counts as cleared",
	},
	{
		Name: MaterialJam, Strikes: []line.Task{
			line.TaskScanCell, line.TaskPlaceCell, line.TaskStackCell, line.TaskPlaceModule, line.TaskFasten, line.TaskLabel, line.TaskRelease,
		},
		Does: "material jams in the act: it is finished, and the device holds",
		See:  "the station holds; after Unhold the jam counts as cleared",
	},
	{
		Name: WeldNOK, Strikes: welds, Does: "the joint has a gap, or dirt on it: it becomes a bad one",
		See: "the joint is NOK, and the recipe says what follows",
	},
	{
		Name: ScrewNOK, Strikes: []line.Task{line.TaskFasten}, Does: "the screw is cross-threaded", See: "the screw is NOK, and a new one is asked for",
	},
	{Name: StepNOK, Strikes: steps, Does: "the step of the end-of-line test shows a bad value", See: "tested again where the recipe allows it, else the bench"},
	{Name: Leak, Strikes: []line.Task{line.TaskLeakTest}, Does: "the housing leaks in this test", See: "tested again, or sealed again at the bench"},
	{
		Name: NoValue, Strikes: everyMeasurement, Does: "the instrument shows nothing: every value is NaN",
		See: "UNKNOWN, never OK: measured again where the act leaves no mark",
	},
	{
		Name: WrongPartEcho, Strikes: everyMeasurement, Does: "the result names another part, as a PLC does that reports the one before",
		See: "UNKNOWN: the part is not the one that was asked for",
	},
	{Name: DropComms, Does: "the cable is pulled: nothing is heard of the device, and it hears nothing", See: "the device does not answer; what it did is asked for when it is back"},
	{
		Name: LostAck, Once: true, For: 3 * time.Second, Does: "the device takes the next job, and its answer is lost with the connection",
		See: "the same job is asked about, never sent anew: done once",
	},
	{Name: SlowAnswers, Unit: "s", By: 0.1, Does: "every answer over the wire comes late", See: "slower; above the time-outs a lost device"},
	{Name: StaleHeartbeat, Does: "the status block stands still, as of a PLC whose program has stopped", See: "stale data: the device counts as lost"},
	{
		Name: PLCReboot, Once: true, For: time.Second, Does: "the device loses its power and boots; it remembers what is retained",
		See: "an act in work is of unknown outcome, one not begun is sent again",
	},
	{
		Name: PLCRebootForgets, Once: true, For: time.Second, Does: "the device boots with an empty memory, as after a change of its battery",
		See: "nobody can say what an open act became",
	},
	{Name: EmergencyStop, Does: "the emergency stop is pressed: motion and process energy are off", See: "the station aborts; nothing moves before it is released, cleared, reset and started"},
	{Name: ProtectiveStop, Does: "somebody stands in the protected field: the device holds", See: "the station holds"},
	{Name: GuardOpen, Does: "a guard is open", See: "the station holds, or cannot be started, and says why"},
	{Name: LocalEnableOff, Does: "the local enable is not given", See: "the station holds, or cannot be started, and says why"},
	{Name: NotAutomatic, Does: "the device is not in automatic", See: "the station holds, or cannot be started, and says why"},
	{Name: AirLow, Does: "the air pressure is below 5 bar", See: "the station holds, or cannot be started, and says why"},
	{Name: BarcodeUnreadable, Does: "the scanner reads nothing", See: "cells are rejected, three in a row hold the station; packs are not let in"},
	{Name: WrongPart, Does: "the scanner reads the code of another part", See: "nothing is done to a part that is not the expected one"},
	{Name: MasterDrift, Unit: "%", By: 5, Does: "the instrument drifts: the reference part reads wrong", See: "the master check fails and the station takes no part"},
	{Name: SlowDevice, Unit: "times", By: 3, Does: "acts take so many times longer", See: "cycle time and takt suffer; overdue at last"},
	{Name: TesterTimeout, Does: "acts do not end", See: "overdue: the act is not asked for again; it ends when the fault does"},
}

// FindFault returns the fault of the catalogue with a name.
func FindFault(name FaultName) (FaultKind, bool) {
	i := slices.IndexFunc(Catalogue, func(k FaultKind) bool { return k.Name == name })
	if i < 0 {
		return FaultKind{}, false
	}
	return Catalogue[i], true
}
