package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/recipes"
	"linectl/virtual"
)

// Story is what a file tells.
type Story struct {
	File     string
	Name     string
	Shows    string // which failure, and by what it comes about
	Must     string // what the line must do about it
	Seed     uint64
	Orders   []line.AddOrder
	Classes  map[line.DeviceID]line.DeviceClass // of devices that are not of class A
	Operator string                             // attends, answers or away
	Patience time.Duration                      // so long a station stands before the operator sees to it
	Lasts    time.Duration                      // at most, on the line's clock
	Open     bool                               // it ends without everything having a disposition

	Unannounced bool // no supplier's notice of any cell is there

	Events []Event
	Expect []Expectation

	recipes []*recipes.Recipe
	unread  bool // an event could not be read: nothing can be said of what happens

	unordered bool // the orders could not be read: nothing can be said of packs and their places
}

// Event is one thing that happens: a fault, or what a person does.
type Event struct {
	At   int // its line in the file
	Text string
	when moment
	do   deed
}

// What the operator does by himself.
const (
	attends = "attends" // answers questions and brings stations back to work
	answers = "answers" // answers questions
	away    = "away"    // nothing
)

// Parse reads a story. The name stands in messages. What can never happen or never be checked, with the recipes of the line, is an
// error that names every problem with its line.
func Parse(name string, source []byte, known []*recipes.Recipe) (*Story, error) {
	f := &file{name: name}
	k := f.document(source)
	if k == nil {
		return nil, f.err()
	}
	s := &Story{File: name, recipes: known}
	s.Name = k.must("name", "what happens, in a few words")
	s.Shows = k.must("shows", "which failure it shows, and its cause")
	s.Must = k.must("must", "what the line must do about it")
	s.Seed = uint64(k.count("seed", 1, 1, 1<<30)) //nolint:gosec // from 1
	s.Operator = k.oneOf("operator", attends, answers, away)
	s.Patience = k.span("patience", 5*time.Second)
	s.Lasts = k.span("lasts", 30*time.Minute)
	s.Open = k.oneOf("ends", "done", "open") == "open"
	before := len(f.problems)
	s.orders(k)
	s.unordered = len(f.problems) > before
	s.classes(k)
	s.Unannounced = k.oneOf("notices", "all", "none") == "none"
	events, expect := k.list("events"), k.list("expect")
	for i, e := range events {
		s.event(e)
		s.unread = len(s.Events) <= i
	}
	for _, e := range expect {
		s.expectation(e)
	}
	if len(events) == 0 {
		k.wrong("events", "a story in which nothing happens shows nothing")
	}
	if len(expect) == 0 {
		k.wrong("expect", "a story that expects nothing shows nothing")
	}
	k.done()
	if err := f.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Story) orders(k *keys) {
	list := k.list("orders")
	if len(list) == 0 {
		k.wrong("orders", "is missing; give a list of product and quantity")
	}
	for i, o := range list {
		a := line.AddOrder{Order: line.OrderID(fmt.Sprintf("o%d", i+1)), Product: o.must("product", "a product"), Quantity: o.count("quantity", 1, 1, 50)}
		if s.recipe(a.Product) == nil && a.Product != "" {
			o.wrong("product", "there is no recipe for %q; there are %s", a.Product, strings.Join(s.products(), ", "))
		}
		o.done()
		s.Orders = append(s.Orders, a)
	}
}

// classes reads which devices know no tokens.
func (s *Story) classes(k *keys) {
	s.Classes = map[line.DeviceID]line.DeviceClass{}
	for _, d := range k.list("devices") {
		id, class := line.DeviceID(d.must("device", "a device")), line.DeviceClass(d.must("class", "A, B or C"))
		if err := device(id); err != nil && id != "" {
			d.wrong("device", "%v", err)
		}
		if class != "" && class.Promise() == "" {
			d.wrong("class", "unknown class %q; known are A, B and C", class)
		}
		d.done()
		s.Classes[id] = class
	}
}

// device checks that the reference line has a device.
func device(id line.DeviceID) error {
	station, _, _ := strings.Cut(string(id), ".")
	p, err := place(station)
	if err == nil && !slices.Contains(p.Devices(), id) {
		var names []string
		for _, d := range p.Devices() {
			names = append(names, string(d))
		}
		err = fmt.Errorf("no device %q; %s has %s", id, station, strings.Join(names, ", "))
	}
	return err
}

func (s *Story) recipe(product string) *recipes.Recipe {
	i := slices.IndexFunc(s.recipes, func(r *recipes.Recipe) bool { return r.Product == product })
	if i < 0 {
		return nil
	}
	return s.recipes[i]
}

func (s *Story) products() (names []string) {
	for _, r := range s.recipes {
		names = append(names, r.Product)
	}
	return names
}

// pack checks that a pack of this name is ordered: PRODUCT-000001 is the first of its product.
func (s *Story) pack(name string) error {
	ordered := map[string]int{}
	for _, o := range s.Orders {
		ordered[o.Product] += o.Quantity
	}
	var known []string
	for _, product := range slices.Sorted(maps.Keys(ordered)) {
		for i := range ordered[product] {
			known = append(known, fmt.Sprintf("%s-%06d", product, i+1))
		}
	}
	if s.unordered || slices.Contains(known, name) {
		return nil
	}
	if n := len(known); n > packsShown {
		known = append(known[:packsShown], fmt.Sprintf("and %d more", n-packsShown))
	}
	return fmt.Errorf("no pack %q is ordered in this story; ordered are %s", name, strings.Join(known, ", "))
}

// packsShown is how many packs a message names.
const packsShown = 4

// place finds a station of the reference line.
func place(name string) (virtual.Place, error) {
	var names []string
	for _, p := range virtual.Reference() {
		if string(p.ID) == name {
			return p, nil
		}
		names = append(names, string(p.ID))
	}
	return virtual.Place{}, fmt.Errorf("no station %q; stations are %s", name, strings.Join(names, " "))
}

// placesWhere names the stations whose kind is such.
func placesWhere(such func(line.Kind) bool) string {
	var names []string
	for _, p := range virtual.Reference() {
		if such(p.Kind) {
			names = append(names, string(p.ID))
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Bare is the story without what goes wrong in it; without what people do where nothing goes wrong by itself. If it still comes out as expected, what is
// expected of it shows nothing.
func (s *Story) Bare() *Story {
	bare := *s
	if s.Unannounced {
		bare.Unannounced = false
		return &bare
	}
	bare.Events = slices.DeleteFunc(slices.Clone(s.Events), func(e Event) bool { return e.do.wrong() })
	if len(bare.Events) == len(s.Events) {
		bare.Events = nil
	}
	return &bare
}
