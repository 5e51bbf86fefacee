package web

import (
	"context"
	"slices"
	"time"
)

var quarantinePage = Page{
	Name: "quarantine", Path: "/quarantine", Title: "Holds", Menu: true, Data: func(v *View) any { return quarantine(v) },
	Read: func(ctx context.Context, ask asker, _ *View) (any, error) { return readSuspects(ctx, ask) }, Again: 5 * time.Second,
}

// suspectsAmong is how many packs are looked through for those that are not good, the newest ones.
const suspectsAmong = 500

// quarantineView is what waits for somebody to decide.
type quarantineView struct {
	Doubtful []doubtful
	Holds    []hold
	Waiting  []prompt // questions about packs
	Suspects []suspect
	Hold     Button
	Looked   int
}

// hold is a subject that a person keeps from going on.
type hold struct {
	Subject, By string
	Reason      Words
	Release     Button
}

// suspect is a pack in rework or quarantine.
type suspect struct {
	summary
	partActions
}

func quarantine(v *View) *quarantineView {
	q := &quarantineView{Hold: v.Ask("Line.HoldPart", v.T("Hold")), Looked: suspectsAmong}
	q.Doubtful = doubtfulPacks(v)
	reasons, by := v.Texts("Line.HoldReasons"), v.Names("Line.HoldBy")
	for i, subject := range v.Names("Line.HoldSubjects") {
		if i >= len(reasons) || i >= len(by) {
			break // the lists are heard one after the other
		}
		q.Holds = append(q.Holds, hold{subject, by[i], reasons[i], actsOn(v, subject).Release})
	}
	for _, p := range prompts(v) {
		if p.Pack != "" {
			q.Waiting = append(q.Waiting, p)
		}
	}
	if v.Leaf == nil {
		return q
	}
	list, _ := v.Leaf.Data.([]summary)
	for _, s := range list {
		q.Suspects = append(q.Suspects, suspect{s, *actsOn(v, s.Pack)})
	}
	return q
}

// readSuspects finds the packs that are in rework or quarantine.
func readSuspects(ctx context.Context, ask asker) ([]summary, error) {
	list := []summary{}
	if _, err := ask.page(ctx, &list, "Line.FindParts", "", uint32(suspectsAmong), uint32(0)); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(s summary) bool { return s.State != "quarantined" && s.State != "rework" }), nil
}
