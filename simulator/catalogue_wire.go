package simulator

import (
	"linectl/line"
)

var (
	bmsTasks = []line.Task{line.TaskConnectBMS, line.TaskFlashBMS, line.EOLStep(3), line.EOLStep(16)}
	// consuming are the tasks that use something up: gap filler, a screw, a label.
	consuming = []line.Task{line.TaskPlaceModule, line.TaskFasten, line.TaskLabel}
)

// wireFaults are what goes wrong on the way to a device, and with devices that do not keep to the handshake.
var wireFaults = []FaultKind{
	{
		Name: DuplicateDone, Strikes: everyTask, Unit: "s", By: 0.02, Does: "the device says done once more, so long after its result was acknowledged",
		See: "it is acknowledged once more; nothing is on record twice",
	},
	{
		Name: OldResult, Strikes: everyTask, Unit: "s", By: 0.3, Does: "done, the device shows the result of the job before for so long",
		See: "its own is waited for a second; then an act that leaves a mark is of unknown outcome, and others are made again",
	},
	{
		Name: StaleStatus, Unit: "s", By: 0.5, Does: "every answer shows the device as it was so long ago, as a gateway does that reads ahead",
		See: "slower, and nothing twice: the device refuses a token that it has had",
	},
	{Name: ReorderedReplies, Does: "answers overtake each other: every other one is two requests old", See: "nothing: what has become newer is not believed older"},
	{
		Name: TornBlock, Does: "the status block is changed while it is read: its head and its tail differ",
		See: "no torn block is believed; the device counts as lost after three",
	},
	{
		Name: DamagedCommand, Does: "command blocks arrive damaged: their checksum is wrong",
		See: "the device does nothing, hears no supervisor, and holds; the job is sent again when it comes through",
	},
	{
		Name: ModbusException, Unit: "code", By: 4, Does: "the device answers every request with this exception; 4, 5, 10 and 11 come after it has obeyed",
		See: "1 to 3 are a mistake of the configuration, of all others nobody knows what became of the request: the status is read",
	},
	{
		Name: FlappingLink, Unit: "s", By: 0.4, Does: "the connection is gone for so long, back for so long, and so on",
		See: "what was sent is asked for at every return; done once",
	},
}

// stockFaults are what is missing, and what instruments show that cannot be.
var stockFaults = []FaultKind{
	{Name: MagazineEmpty, At: line.Receive, Does: "the magazine lanes are empty", See: "the station holds and says which lane is empty; the cell is asked for again after Unhold"},
	{
		Name: ConsumableEmpty, Strikes: consuming, Does: "cartridge, screw feeder or label roll is empty: the device does not begin the act, and holds",
		See: "the station holds and says at which module or screw; after Unhold it counts as refilled",
	},
	{
		Name: GripperLoss, Strikes: []line.Task{line.TaskStackCell}, Does: "the gripper does not get hold of the cell: the device does not begin the act, and holds",
		See: "the station holds and says at which slot; after Unhold the cell is picked again",
	},
	{
		Name: DuplicateCode, Strikes: []line.Task{line.TaskScanCell}, Does: "the next cell in the magazine carries the code of the one before it",
		See: "the cell is rejected: its code was received before",
	},
	{
		Name: ValueOutOfRange, Strikes: everyMeasurement, Does: "the instrument shows what cannot be: 1e30, then -1e30, then infinity",
		See: "UNKNOWN, never OK, where a limit asks for the value: measured again where the act leaves no mark",
	},
	{Name: SensorNoise, Unit: "%", By: 20, Does: "the instrument's readings scatter by so much", See: "some are NOK, and what the recipe says follows; the master check is NOK"},
	{
		Name: BMSNoReply, Strikes: bmsTasks, Times: 3, Does: "the BMS does not answer",
		See: "the device says NOK: the bench",
	},
	{
		Name: EmergencyStopNotReset, Does: "the emergency stop is pressed and released at once, and nobody resets it at the cell",
		See: "the station aborts; it cannot be cleared before the local enable is given again",
	},
}
