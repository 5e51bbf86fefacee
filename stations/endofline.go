package stations

import "linectl/line"

// endOfLine runs the seventeen steps in their order: safe, then passive, then active, then energy. A step that the product
// does not need, or that only every n-th pack gets, is left out.
type endOfLine struct{}

func (endOfLine) Act(v *Visit, i int) (Act, bool) {
	for _, s := range v.Recipe.EOL {
		if s.NotRequired != "" || s.Every > 1 && v.Number%s.Every != 1 {
			continue
		}
		if i > 0 {
			i--
			continue
		}
		return Act{
			Role: Tester, Task: line.EOLStep(s.Step), Part: v.Part, Index: s.Step, Rework: v.reworked(line.EOLStep(s.Step)),
			Params: s.Parameters, Limits: s.Limits, Within: within,
		}, true
	}
	return Act{}, false
}
