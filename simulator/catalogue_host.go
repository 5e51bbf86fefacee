package simulator

import "linectl/line"

// commits is what faults of a disk strike: no act of a device.
var commits = []line.Task{}

// hostFaults are those of the computer on which the line runs. A plant that is a process of its own cannot let them happen.
var hostFaults = []FaultKind{
	{
		Name: DiskFull, Host: true, Does: "nothing more can be written: every commit fails",
		See: "the supervisor ends before anything is done that is not on record; started again with room, it asks the devices",
	},
	{
		Name: FailedCommit, Host: true, Strikes: commits, Does: "a commit fails and nothing of it is kept",
		See: "the supervisor ends; started again, it asks the devices",
	},
	{
		Name: FailedSync, Host: true, Strikes: commits, Does: "a commit fails, and all of it is there at the next start",
		See: "the supervisor ends; started again, it asks the devices: nothing is sent anew",
	},
	{
		Name: SlowCommit, Host: true, Unit: "s", By: 5, Does: "every commit takes so long",
		See: "nothing is sent, and nobody is told, before it is on record",
	},
	{
		Name: ClockAhead, Host: true, Unit: "s", By: 3600, Does: "the computer's clock jumps ahead, as by a time source that is wrong",
		See: "no act becomes overdue by it; the line goes on by its own time, says so, and begins no pack",
	},
	{
		Name: ClockBack, Host: true, Unit: "s", By: 3600, Does: "the computer's clock is put back",
		See: "the line goes on by its own time, says so, and begins no pack",
	},
}

// operatorFaults are what people and the rest of the line's computer do, a clock that stands, and a disk that fills up.
var operatorFaults = []FaultKind{
	{
		Name: ClockFrozen, Host: true, Does: "the computer's clock stands still",
		See: "the line goes on by its own time, says so, and begins no pack",
	},
	{
		Name: DoubleClick, Host: true, Does: "every request of a person arrives twice, as from a double click or a page that is sent again",
		See: "it is carried out once, and answered alike both times",
	},
	{
		Name: DiskLow, Host: true, Does: "the disk of the records is nearly full",
		See: "the packs in work are finished, no other is begun, and the line says so; it goes on by itself when there is room",
	},
}
