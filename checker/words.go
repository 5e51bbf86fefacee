package checker

import (
	"fmt"
	"strconv"
)

// taskWords are the tasks by their numbers in the blocks, as people at the line call them.
var taskWords = map[int]string{
	1: "release of the part", 2: "placing of the cell", 3: "check of the reference part", 4: "service of the tool",
	10: "scan of the cell", 20: "measuring of the cell", 30: "binding of the carrier", 31: "stacking of the cell in slot", 32: "compression of module",
	40: "positioning", 41: "laser weld", 42: "resistance weld", 43: "ultrasonic bond", 50: "joint resistance", 51: "seam vision",
	60: "placing of module", 61: "screw", 62: "connection of the BMS", 63: "flashing of the BMS", 70: "leak test",
	90: "state of charge", 91: "label",
}

// Numbers of the first and the last step of the end-of-line test.
const (
	firstEOL = 101
	lastEOL  = 117
)

// act names an act by what was done and where on the part: laser weld 12.
func act(task, index int) string {
	what, known := taskWords[task]
	switch {
	case task >= firstEOL && task <= lastEOL:
		return fmt.Sprintf("end-of-line step %d", task-firstEOL+1)
	case !known:
		what = fmt.Sprintf("task %d", task)
	}
	if index == 0 {
		return what
	}
	return what + " " + strconv.Itoa(index)
}

// times says a count: once, twice, 3 times.
func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return strconv.Itoa(n) + " times"
}
