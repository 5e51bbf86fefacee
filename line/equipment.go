package line

import "fmt"

// Safety bits of the status block: what the safety PLC tells through a device. A set bit means that it asks for the stop. They
// are shown and never written; that nothing is started while a stop stands adds no safety and saves a start in vain.
const (
	SafetyEmergencyStop  uint32 = 1 << iota // an emergency stop is pressed or not reset
	SafetyProtectiveStop                    // a scanner, mat or light curtain has stopped the motion
	SafetyGuardOpen                         // a guard is open
	SafetyTold                              // the device is told at all: the other bits mean something
)

// DeviceAlarm is what a device says is wrong with itself. Its number stands in FirstOut of the status block, and bit number-1 in
// Alarms.
type DeviceAlarm struct {
	Number uint16 // 1 to 32
	Text   string // in the operator's words, lower case
	Action string // what a person does about it before Unhold, or before Clear after an abort
	Placed bool   // it concerns the joint, slot or screw in work, and the operator is told which
}

// The device alarms, by number.
const (
	AlarmSupervisorLost uint16 = iota + 1
	AlarmInterrupted
	AlarmAborted
	AlarmElectrodeStuck
	AlarmMaterialJam
	AlarmEmergencyStop
	AlarmProtectiveStop
	AlarmConsumableEmpty
	AlarmGripperEmpty
)

// DeviceAlarms names every device alarm, in the order of their numbers.
var DeviceAlarms = []DeviceAlarm{
	{AlarmSupervisorLost, "did not hear the supervisor", "look at the network", false},
	{AlarmInterrupted, "lost power in an act", "look at the power of the device", false},
	{AlarmAborted, "an act was aborted", "look at the part in the cell", true},
	{AlarmElectrodeStuck, "electrode stuck", "open the gun, clear the tip", true},
	{AlarmMaterialJam, "material jam", "clear the jam", true},
	{AlarmEmergencyStop, "emergency stop", "find out why, make the cell safe and release the emergency stop at the cell", false},
	{AlarmProtectiveStop, "protective stop", "leave the protected field and reset it at the cell", false},
	{AlarmConsumableEmpty, "consumable used up", "refill it and load the new lot", true},
	{AlarmGripperEmpty, "gripper holds nothing", "look where the cell lies and put it back into its lane", true},
}

// FindDeviceAlarm returns what the number in FirstOut means.
func FindDeviceAlarm(number uint16) (DeviceAlarm, bool) {
	if number == 0 || int(number) > len(DeviceAlarms) {
		return DeviceAlarm{}, false
	}
	return DeviceAlarms[number-1], true
}

// ReasonMagazineEmpty is the reason of a NOK scan of a cell: no cell came out of the magazine lane, and none lies in the nest. Other
// reasons are the device's own.
const ReasonMagazineEmpty uint16 = 1

// Nouns of the places that an index counts.
const (
	NounJoint  = "joint"
	NounSlot   = "slot"
	NounModule = "module"
	NounScrew  = "screw"
	NounStep   = "step"
)

// Noun returns what the index of the task counts: a joint, a slot … Empty where it counts nothing or only numbers the acts.
func (t Task) Noun() string {
	switch t {
	case TaskWeldLaser, TaskWeldResistance, TaskWeldUltrasonic, TaskJointResistance:
		return NounJoint
	case TaskStackCell:
		return NounSlot
	case TaskCompress, TaskPlaceModule:
		return NounModule
	case TaskFasten:
		return NounScrew
	}
	if t >= EOLStep1 && t < EOLStep1+EOLSteps {
		return NounStep
	}
	return ""
}

// Place names where on the part an act works: "joint 23". Empty where the task has no such places.
func (t Task) Place(index int) string {
	if n := t.Noun(); n != "" && index > 0 {
		return fmt.Sprintf("%s %d", n, index)
	}
	return ""
}
