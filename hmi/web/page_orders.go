package web

import (
	"context"
	"slices"
	"strings"
	"time"
)

var ordersPage = Page{
	Name: "orders", Path: "/orders", Title: "Orders", More: true, Data: func(v *View) any { return newOrder(v) },
	Read: func(ctx context.Context, ask asker, _ *View) (any, error) { return readOrders(ctx, ask) }, Again: 3 * time.Second,
}

// ordersAtOnce is how many orders stand on the page, the newest ones.
const ordersAtOnce = 100

// orderForm is the form that adds one.
type orderForm struct {
	Products []string
	Add      Button
}

func newOrder(v *View) *orderForm {
	f := &orderForm{Add: v.Ask("Line.AddOrder", v.T("Add the order"))}
	for _, recipe := range v.Names("Line.Recipes") {
		if product, _, _ := strings.Cut(recipe, "/"); !slices.Contains(f.Products, product) {
			f.Products = append(f.Products, product)
		}
	}
	return f
}

// orderRecord is an order as the records tell it.
type orderRecord struct {
	Order       string     `json:"order"`
	Product     string     `json:"product"`
	Revision    string     `json:"revision"`
	Quantity    int        `json:"quantity"`
	Added       time.Time  `json:"added"`
	Started     int        `json:"started"`
	Released    int        `json:"released"`
	Scrapped    int        `json:"scrapped"`
	Quarantined int        `json:"quarantined"`
	FirstPass   int        `json:"first_pass"`
	Ended       *time.Time `json:"ended"`
}

// Share is how much of the order has ended, in percent.
func (o orderRecord) Share() int {
	return min(100*(o.Released+o.Scrapped+o.Quarantined)/max(o.Quantity, 1), 100)
}

func readOrders(ctx context.Context, ask asker) ([]orderRecord, error) {
	list := []orderRecord{}
	_, err := ask.page(ctx, &list, "Line.ReadOrders", uint32(ordersAtOnce), uint32(0))
	return list, err
}

// Left is how many packs of an order are begun and not ended.
func (v *View) Left(o orderRecord) int { return max(o.Started-o.Released-o.Scrapped-o.Quarantined, 0) }
