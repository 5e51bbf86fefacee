package stations

import "linectl/line"

// weld makes the joints of a pack, one token each. The head moves from field to field; a rework goes to its joints only.
type weld struct{}

func (weld) Act(v *Visit, i int) (Act, bool) {
	w := v.Recipe.Weld
	field, at := i/(w.PerPosition+1), i%(w.PerPosition+1)
	joint := field*w.PerPosition + max(at, 1)
	if short := w.Joints - field*w.PerPosition; short < w.PerPosition && at > short || joint > w.Joints {
		return Act{}, false
	}
	return weldAct(v, at == 0, joint), true
}

// again goes to each joint that is to be made again.
func (weld) again(v *Visit, i int) (Act, bool) {
	if i/2 >= len(v.Only) {
		return Act{}, false
	}
	return weldAct(v, i%2 == 0, v.Only[i/2].Index), true
}

func weldAct(v *Visit, position bool, joint int) Act {
	if position {
		return act(v.Recipe, line.Weld, Robot, line.TaskPosition, v.Part, joint)
	}
	a := act(v.Recipe, line.Weld, Welder, v.Recipe.Weld.Task, v.Part, joint)
	a.Rework = v.Only != nil
	a.Waveform = v.Recipe.Weld.NeedsWaveform()
	return a
}

func (weld) Close(v *Visit) {
	if w := v.Recipe.Weld; w.MaxNOK > 0 && len(v.NOK) > w.MaxNOK {
		v.To = line.ToScrap
		v.Texts = append(v.Texts, "more joints NOK than a rework may mend")
	}
}
