package main

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"linectl/line"
	"linectl/recipes"
)

// operator is the person who works the demo: loads material, starts the stations, answers what the line asks for. It sees
// only what every operator sees, the snapshot, and does nothing but ask through the control socket. It holds no part, no
// number and no recipe limit: it cannot make a bad pack good.
type operator struct {
	recipes []*recipes.Recipe
	orders  []line.AddOrder

	greeted bool
	found   map[line.StationID]string // why a station stood when the demo began: that was another demo's matter
	round   int                       // of --forever; counts the orders
	last    map[string]time.Time      // when it asked for the same thing last
	count   map[string]int            // how often
	fence   uint16                    // of the line; a request is known by it and its number, for ever
	n       int
}

const (
	operatorName  = "demo operator"
	operatorPause = 700 * time.Millisecond // before it asks for the same thing again
	operatorTries = 200                    // of one thing; then it gives up and the demo fails by standing still
)

func newOperator(orders []line.AddOrder, all []*recipes.Recipe) *operator {
	return &operator{
		recipes: all, orders: orders, found: map[line.StationID]string{}, last: map[string]time.Time{}, count: map[string]int{},
	}
}

// decide says what the operator asks for now.
func (o *operator) decide(now time.Time, s line.Snapshot) []line.Request {
	o.fence = s.Fence
	var asks []line.Request
	if !o.greeted {
		o.greeted = true
		asks = o.begin(now, s)
	}
	ask := func(key, why string, c line.Command) {
		if now.Sub(o.last[key]) < operatorPause || o.count[key] >= operatorTries {
			return
		}
		o.last[key] = now
		o.count[key]++
		asks = append(asks, o.request(why, c))
	}
	for _, st := range s.Stations {
		o.tend(st, ask)
	}
	for _, q := range s.Prompts {
		if a, does := o.answer(q); does {
			ask(q.Prompt, "demo", a)
		}
	}
	return asks
}

// answer says what it answers to a question of the line: the first of the answers, for what is possible stands before what ends a
// pack. Parts that are missing it leaves to the next look at the conveyor, and suspects to Quality.
func (o *operator) answer(q line.PromptSnapshot) (a line.AnswerPrompt, does bool) {
	a = line.AnswerPrompt{Prompt: q.Prompt, Option: q.Options[0]}
	switch kind := strings.Split(q.Prompt+"//", "/")[1]; kind {
	case "serial":
		a.Input = fmt.Sprintf("S%d-%05d", o.fence, o.n+1) // no two are alike: the number is that of the request
		return a, true
	case "decide", "tool":
		return a, true
	}
	return a, false
}

// tend brings one station back to work, step by step as PackML asks.
func (o *operator) tend(st line.StationSnapshot, ask func(key, why string, c line.Command)) {
	if st.Mode != "Production" || stoppedByPerson(st.Reason) && o.found[st.Station] != st.Reason {
		return
	}
	machine := func(command string) {
		ask(string(st.Station)+" "+command, "demo", line.Machine{Target: string(st.Station), Command: command})
	}
	switch st.State {
	case "Aborted":
		machine("Clear")
	case "Stopped", "Complete":
		machine("Reset")
	case "Idle":
		machine("Start")
	case "Held":
		machine("Unhold")
	}
}

var restCause = regexp.MustCompile(`^(?:Stop|Hold|Abort|Clear) by (.+)$`)

// stoppedByPerson reports whether somebody else brought a station to rest: whoever looks at the demo and stops a station finds it
// stopped until they start it again.
func stoppedByPerson(reason string) bool {
	m := restCause.FindStringSubmatch(reason)
	return m != nil && m[1] != operatorName && m[1] != "supervisor"
}

// begin loads the material for the orders and adds them.
func (o *operator) begin(now time.Time, s line.Snapshot) []line.Request {
	var asks []line.Request
	at := map[line.Kind]line.StationID{}
	for _, st := range s.Stations {
		at[st.Kind] = st.Station
		if o.round == 0 {
			o.found[st.Station] = st.Reason
		}
	}
	type place struct {
		station line.StationID
		item    string
	}
	need := map[place]float64{}
	var places []place
	for _, order := range o.orders {
		for _, r := range o.recipes {
			if r.Product != order.Product {
				continue
			}
			for _, m := range r.Materials {
				if m.Level != "lot" {
					continue // scanned when a pack asks for it
				}
				p := place{at[m.Kind], m.Item}
				if need[p] == 0 {
					places = append(places, p)
				}
				need[p] += m.Quantity * float64(order.Quantity) * 2 // a rework uses material again
			}
		}
	}
	for i, p := range places {
		asks = append(asks, o.request("start of the demo", line.LoadMaterial{
			Station: p.station, Item: p.item, Lot: line.LotID(fmt.Sprintf("L%d-%03d", s.Fence, i+1)),
			Quantity: math.Ceil(need[p]*1000) / 1000, Expiry: now.AddDate(0, 6, 0).UTC().Truncate(24 * time.Hour),
		}))
	}
	for i, order := range o.orders {
		o.round++
		order.Order = line.OrderID(fmt.Sprintf("demo-%d-%d", s.Fence, o.round))
		o.orders[i] = order
		asks = append(asks, o.request("start of the demo", order))
	}
	return asks
}

func (o *operator) request(why string, c line.Command) line.Request {
	o.n++
	return line.Request{ID: fmt.Sprintf("demo-%d-%d", o.fence, o.n), By: operatorName, Why: why, Command: c}
}

// done reports whether every pack that was ordered has a disposition and no act is open any more: the last pack is disposed
// of before it leaves.
func (o *operator) done(s line.Snapshot) bool {
	for _, st := range s.Stations {
		for _, d := range st.Devices {
			if d.Open != "" {
				return false
			}
		}
	}
	left := len(o.orders)
	for _, order := range o.orders {
		for _, have := range s.Orders {
			if have.Order == order.Order && have.Released+have.Scrapped+have.Quarantined >= order.Quantity {
				left--
			}
		}
	}
	return o.greeted && left == 0
}
