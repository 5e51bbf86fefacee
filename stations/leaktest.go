package stations

import "linectl/line"

// leakTest fills the sealed pack with air and measures what gets out.
type leakTest struct{}

func (leakTest) Act(v *Visit, i int) (Act, bool) {
	if i > 0 {
		return Act{}, false
	}
	return act(v.Recipe, line.LeakTest, Tester, line.TaskLeakTest, v.Part, 0), true
}
