package nemesis

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"linectl/checker"
	"linectl/control"
	"linectl/examples"
	"linectl/line"
	"linectl/recipes"
)

// operator works the line through its control socket, one pack after the other, and notes what it was told of each request. What
// nobody has answered it asks again, by the same number, when there is a supervisor again.
type operator struct {
	recipe *recipes.Recipe
	asks   []line.Request
	told   []string // of each of asks
	again  []int    // of asks, in their order: those without an answer
	when   map[string]time.Time
	loaded bool
	orders int
	last   bool          // it orders nothing more
	seq    uint64        // the last entry that it has seen on record
	others []checker.Ask // what other people were told
}

func newOperator(t *testing.T, product string) *operator {
	t.Helper()
	files, err := fs.Sub(examples.FS, "reference/recipes")
	if err != nil {
		t.Fatal(err)
	}
	all, err := recipes.Load(files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Product == product {
			return &operator{recipe: r, when: map[string]time.Time{}}
		}
	}
	t.Fatalf("no recipe of %s", product)
	return nil
}

// shift begins with a new supervisor, which is asked at once.
func (o *operator) shift() { clear(o.when) }

const (
	pause   = 400 * time.Millisecond // before it asks for the same thing again
	operate = 8 * time.Second        // it waits so long for an answer
)

// attend does what an operator does, once.
func (o *operator) attend(ctx context.Context, c *control.Client, s line.Snapshot) {
	for _, command := range o.wants(s) {
		key := fmt.Sprintf("%T%+v", command, command)
		if a, is := command.(line.AnswerPrompt); is {
			key = a.Prompt
		}
		if time.Since(o.when[key]) < pause {
			continue
		}
		o.when[key] = time.Now()
		o.again = append(o.again, len(o.asks))
		o.asks = append(o.asks, line.Request{ID: fmt.Sprintf("nemesis-%d", len(o.asks)+1), By: "operator", Why: "nemesis", Command: command})
		o.told = append(o.told, "nothing")
	}
	for len(o.again) > 0 && o.ask(ctx, c, o.again[0]) {
		o.again = o.again[1:]
	}
}

// ask reports whether there was an answer.
func (o *operator) ask(ctx context.Context, c *control.Client, n int) bool {
	ctx, cancel := context.WithTimeout(ctx, operate)
	defer cancel()
	reply, err := c.Do(ctx, o.asks[n])
	if err != nil {
		return false
	}
	if o.told[n] = "refused"; reply.Accepted {
		o.told[n] = "done"
	}
	return true
}

var next = map[string]string{"Aborted": "Clear", "Stopped": "Reset", "Idle": "Start", "Held": "Unhold", "Complete": "Reset"}

// wants says what is to be asked for now.
func (o *operator) wants(s line.Snapshot) (list []line.Command) {
	if !o.loaded {
		o.loaded = true
		return append(o.material(s), o.order())
	}
	list = append(list, machines(s)...)
	for _, q := range s.Prompts {
		a := line.AnswerPrompt{Prompt: q.Prompt, Option: q.Options[0]}
		switch kind := strings.Split(q.Prompt+"//", "/")[1]; kind {
		case "serial":
			a.Input = fmt.Sprintf("S-%05d", len(o.asks)+len(list)) // no two are alike
		case "decide", "tool":
		default:
			continue // it comes with the next look at the conveyor
		}
		list = append(list, a)
	}
	if !o.last && o.done(s) {
		list = append(list, o.order())
	}
	return list
}

// machines sets the stations to work: by one command at the line where it suits all, otherwise each by its own.
func machines(s line.Snapshot) (list []line.Command) {
	want := map[string]int{}
	for _, st := range s.Stations {
		if command := next[st.State]; command != "" {
			want[command]++
			list = append(list, line.Machine{Target: string(st.Station), Command: command})
		}
	}
	for command, stations := range want {
		if stations == len(s.Stations) || command == "Clear" && stations > 1 { // who is not aborted has nothing against Clear
			return []line.Command{line.Machine{Target: "line", Command: command}}
		}
	}
	return list
}

func (o *operator) order() line.Command {
	o.orders++
	return line.AddOrder{Order: line.OrderID(fmt.Sprintf("nemesis-%d", o.orders)), Product: o.recipe.Product, Quantity: 1}
}

// material is enough for any number of packs.
func (o *operator) material(s line.Snapshot) (list []line.Command) {
	for _, m := range o.recipe.Materials {
		for _, st := range s.Stations {
			if m.Level == "lot" && st.Kind == m.Kind {
				list = append(list, line.LoadMaterial{
					Station: st.Station, Item: m.Item, Lot: line.LotID("L-" + m.Item), Quantity: 1e5,
					Expiry: time.Now().AddDate(0, 6, 0).UTC().Truncate(24 * time.Hour),
				})
			}
		}
	}
	return list
}

// done reports whether every pack that was ordered has a disposition and has left the line, and no act is open any more.
func (o *operator) done(s line.Snapshot) bool {
	if len(s.Packs) > 0 {
		return false
	}
	for _, st := range s.Stations {
		for _, d := range st.Devices {
			if d.Open != "" {
				return false
			}
		}
	}
	done := 0
	for _, order := range s.Orders {
		if order.Released+order.Scrapped+order.Quarantined >= order.Quantity {
			done++
		}
	}
	return len(o.again) == 0 && o.orders > 0 && done >= o.orders
}

// answered is how many requests have an answer, and all before them.
func (o *operator) answered() int {
	if len(o.again) > 0 {
		return o.again[0]
	}
	return len(o.asks)
}

// history is what the operator and others were told, for the checker.
func (o *operator) history() []checker.Ask {
	list := make([]checker.Ask, len(o.asks))
	for i, q := range o.asks {
		list[i] = checker.Ask{Request: q.ID, By: q.By, Told: o.told[i]}
	}
	return append(list, o.others...)
}
