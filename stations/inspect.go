package stations

import (
	"fmt"
	"slices"

	"linectl/line"
)

// inspect measures the resistance of every joint and looks at it, field by field.
type inspect struct{}

func (inspect) Act(v *Visit, i int) (Act, bool) {
	per, joints := max(v.Recipe.Inspect.PerAct, 1), v.Recipe.Weld.Joints
	first := i/2*per + 1
	if first > joints {
		return Act{}, false
	}
	role, task := Meter, line.TaskJointResistance
	if i%2 == 1 {
		role, task = Vision, line.TaskVision
	}
	a := act(v.Recipe, line.Inspect, role, task, v.Part, first)
	count := min(per, joints-first+1)
	a.Params = []line.Quantity{quantity("count", float64(count), "1")}
	if task == line.TaskVision { // whichever joint the camera names must be one that it looked at
		low, high := float64(first), float64(first+count-1)
		a.Limits = append(a.Limits, line.Limit{Name: "worstJoint", Unit: "1", LSL: &low, USL: &high})
	}
	return a, true
}

// Close compares every joint with the median of its pack: a joint that is within the absolute limit but far from its
// neighbours is a bad joint too.
func (inspect) Close(v *Visit) {
	if v.Recipe.Inspect.RelativeMax <= 0 {
		return
	}
	byJoint := v.Values("jointResistance")
	if len(byJoint) == 0 {
		return
	}
	sorted := make([]float64, 0, len(byJoint))
	joints := make([]int, 0, len(byJoint))
	for joint, r := range byJoint {
		sorted, joints = append(sorted, r), append(joints, joint)
	}
	slices.Sort(sorted)
	slices.Sort(joints)
	limit := sorted[len(sorted)/2] * v.Recipe.Inspect.RelativeMax
	for _, joint := range joints {
		if byJoint[joint] <= limit || slices.Contains(v.NOK, joint) {
			continue
		}
		v.NOK = append(v.NOK, joint)
		v.Verdict = v.Verdict.Worse(line.NOK)
		v.To = graver(v.To, line.ToRework)
		v.Codes = append(v.Codes, "070-E-006")
		v.Texts = append(v.Texts, fmt.Sprintf("joint %d: %s is more than %.3g times the pack's median %s",
			joint, line.Format(byJoint[joint], "Ω"), v.Recipe.Inspect.RelativeMax, line.Format(sorted[len(sorted)/2], "Ω")))
	}
}
