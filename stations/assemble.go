package stations

import (
	"slices"

	"linectl/line"
)

// assemble sets the modules into the tray, fastens them, and brings the battery management system to life.
type assemble struct{}

func (assemble) Act(v *Visit, i int) (Act, bool) {
	modules, screws := v.Recipe.Modules, v.Recipe.Assemble.Screws
	switch {
	case i < modules:
		return act(v.Recipe, line.Assemble, Robot, line.TaskPlaceModule, v.Part, i+1), true
	case i < modules+screws:
		return act(v.Recipe, line.Assemble, PLC, line.TaskFasten, v.Part, i-modules+1), true
	case i == modules+screws:
		return act(v.Recipe, line.Assemble, PLC, line.TaskConnectBMS, v.Part, 0), true
	case i == modules+screws+1:
		return act(v.Recipe, line.Assemble, PLC, line.TaskFlashBMS, v.Part, 0), true
	}
	return Act{}, false
}

// Close keeps a module that was set badly from being taken for a screw: only screws can be mended here.
func (assemble) Close(v *Visit) {
	for _, r := range v.Results {
		if r.Verdict == line.NOK && r.Task == line.TaskPlaceModule {
			v.NOK = slices.DeleteFunc(v.NOK, func(i int) bool { return i == r.Index })
			v.To = line.ToScrap
		}
	}
}
