package simulator

import "linectl/line"

// processFaults are what goes wrong with cells, joints, packs, tools and instruments of a battery line.
var processFaults = []FaultKind{
	{
		Name: CellReversed, Strikes: []line.Task{line.TaskStackCell}, Does: "the cell is put into its slot the wrong way round",
		See: "polarity is NOK: the station holds and the pack is not welded",
	},
	{
		Name: CellSwap, Strikes: []line.Task{line.TaskStackCell}, Does: "another cell of the store is put into the slot, and read there",
		See: "UNKNOWN: the device answers for another cell; the pack is not released",
	},
	{
		Name: WrongLot, Strikes: []line.Task{line.TaskScanCell}, Does: "a cell of another product's lot stands in the magazine lane",
		See: "the cell is rejected: its notice says another item",
	},
	{
		Name: DirtyProbe, At: line.Sort, Unit: "Ω", By: 0.8, Does: "dirt on the probes of the cell tester: contact and cell resistance read high",
		See: "contact resistance is NOK: measured again, then the reject bin; three cells in a row hold the station",
	},
	{
		Name: TipWear, At: line.Weld, Once: true, Unit: "hits", By: 4000, Does: "the electrodes are worn as by so many more hits",
		See: "the welds after it are NOK, and the tool is past its limit: dress it",
	},
	{
		Name: DirtyGlass, At: line.Weld, Once: true, Unit: "%", By: 90, Does: "spatter on the protective glass of the laser: so much more is covered",
		See: "the tool is past its limit: clean it",
	},
	{
		Name: Gap, Strikes: []line.Task{line.TaskWeldLaser}, Unit: "mm", By: 0.15, Does: "the clamp does not close: a gap under the joint",
		See: "plasma and depth are NOK, and so is the joint's resistance: rework",
	},
	{
		Name: OverPower, Strikes: []line.Task{line.TaskWeldLaser}, Unit: "times", By: 1.4, Does: "the laser gives so many times its power and burns through",
		See: "power and depth are NOK, the camera sees the hole, and the pack is scrapped",
	},
	{
		Name: AdhesiveGelled, Strikes: []line.Task{line.TaskPlaceModule}, Does: "the gap filler has gelled in the mixer: its ratio is off",
		See: "mix ratio is NOK: the bench",
	},
	{
		Name: HarnessSwap, Strikes: []line.Task{line.TaskConnectBMS}, Times: 3, Does: "two sense wires are swapped",
		See: "tap order is NOK: the bench, and nothing of the test before",
	},
	{
		Name: WrongFirmware, Strikes: []line.Task{line.TaskFlashBMS}, Times: 3, Does: "the flasher writes the version before",
		See: "the firmware read back is NOK: flashed again, then the bench",
	},
	{
		Name: WarmPack, Strikes: []line.Task{line.TaskLeakTest}, Unit: "K", By: 0.6, Does: "the housing cools down in the leak test: it seems to leak",
		See: "leak rate and temperature drift are NOK: tested again",
	},
	{
		Name: InsulationLow, Strikes: []line.Task{line.EOLStep(5)}, Times: 3, Unit: "MΩ", By: 0.2, Does: "a wire is pinched: the insulation has so much left",
		See: "insulation is NOK: the bench",
	},
	{
		Name: ContactorWelded, Strikes: []line.Task{line.EOLStep(10)}, Times: 3, Does: "a contactor is welded: its auxiliary contact says closed",
		See: "the tester says NOK: the bench",
	},
	{
		Name: ColdPack, Strikes: []line.Task{line.EOLStep(12)}, Unit: "°C", By: 18, Does: "the pack comes cold from the store: its pulse resistance is high",
		See: "the test's temperature is NOK: tested again",
	},
	{
		Name: LabelReprint, Strikes: []line.Task{line.TaskLabel}, Does: "the printer prints the label before once more",
		See: "UNKNOWN: another serial is read back; nothing is shipped under it",
	},
	{
		Name: SensorStuck, Does: "the instrument stays at a good value, whatever it measures",
		See: "the master check is NOK: its second reference must read otherwise",
	},
	{
		Name: RecipeEdited, Does: "somebody has changed the recipe on the device's own panel: it refuses another",
		See: "the device refuses the act: its recipe is another",
	},
	{
		Name: LateDuplicate, Strikes: everyTask, Unit: "s", By: 1.5, Does: "the network delivers the job a second time, so much later",
		See: "nothing: the device has had its token",
	},
	{
		Name: ByteOrder, Does: "the device sends its numbers in another byte order, as after a change of its settings",
		See: "the device is lost, and its link says in which order it sends",
	},
}
