package line

// DeviceClass is how much a device can prove of the acts that it has done. What the driver may conclude follows from it.
type DeviceClass string

// The classes. The empty class is A.
const (
	ClassA DeviceClass = "A" // it remembers tokens: done, not begun and interrupted are told apart, and what is late is refused
	ClassB DeviceClass = "B" // a retained job counter and a last result: unchanged is not fired, one more is done, else nobody knows
	ClassC DeviceClass = "C" // a start bit with an edge (PLCopen Execute, Busy, Done, Error): one edge an act, any doubt is quarantine
)

// Tokens reports whether devices of the class know tokens, fences and boot epochs.
func (c DeviceClass) Tokens() bool { return c == "" || c == ClassA }

// Promise says in words what a device of the class can prove, or nothing for a class that there is not.
func (c DeviceClass) Promise() string {
	switch c {
	case ClassA, "":
		return "remembers every job by its token: a lost answer, a restart of either side and a late command end in done or not begun; refuses a second supervisor"
	case ClassB:
		return "counts its jobs: unchanged is not fired and is sent again, one more is done, anything else is quarantine; its result names no job and no part, and it cannot refuse a late command or a second supervisor"
	case ClassC:
		return "has a start bit: one edge a job, never a second; a lost command, a restart of either side before the end is seen, an error: all are quarantine; it cannot refuse a late command or a second supervisor"
	}
	return ""
}
