package stations

// bench has no acts: a part stays until a person has decided.
type bench struct{}

func (bench) Act(*Visit, int) (Act, bool) { return Act{}, false }
