package stations

import "linectl/line"

// stack binds an empty carrier to the pack and puts every cell of its set into its slot, module by module. Genealogy begins here.
type stack struct{}

func (stack) Act(v *Visit, i int) (Act, bool) {
	if i == 0 {
		return act(v.Recipe, line.Stack, Robot, line.TaskBindCarrier, v.Part, 0), true
	}
	i--
	compressed := len(act(v.Recipe, line.Stack, Robot, line.TaskCompress, "", 0).Params) > 0
	block := v.Recipe.Cells() / v.Recipe.Modules // slots of a module
	if compressed {
		block++ // and its compression
	}
	module, at := i/block+1, i%block
	if module > v.Recipe.Modules {
		return Act{}, false
	}
	if compressed && at == block-1 {
		return act(v.Recipe, line.Stack, Robot, line.TaskCompress, v.Part, module), true
	}
	slot := (module-1)*(v.Recipe.Cells()/v.Recipe.Modules) + at
	if slot >= len(v.Set) {
		return Act{}, false
	}
	cell := v.Set[slot]
	a := act(v.Recipe, line.Stack, Robot, line.TaskStackCell, string(cell.Cell), cell.Slot)
	a.Params = []line.Quantity{quantity("lane", float64(cell.Lane), "1"), quantity("orientation", float64(cell.Group%2), "1")}
	return a, true
}
