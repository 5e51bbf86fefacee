package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/recipes"
)

func newOrder() *cobra.Command {
	c := &cobra.Command{Use: "order", Short: "Adds orders and lists them"}
	var id string
	add, _ := newAsker("add PRODUCT QUANTITY", "Puts an order at the end of the queue", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			n, err := strconv.Atoi(args[1])
			if err != nil || n < 1 {
				return nil, usagef("%q is no quantity; it must be above zero: a number of packs, 1 or more", args[1])
			}
			if id == "" {
				id = args[0] + "-" + time.Now().UTC().Format("060102-150405")
			}
			return line.AddOrder{Order: line.OrderID(id), Product: args[0], Quantity: n}, nil
		})
	add.Flags().StringVar(&id, "id", "", "name of the order (default: product and time)")
	aboveZero(add)
	add.Example = "  linectl order add EV-P1 10 --id 4711"
	c.AddCommand(add, newOrderList())
	return c
}

func newOrderList() *cobra.Command {
	return newReader(&cobra.Command{Use: "list", Short: "Lists the orders with their progress", Args: cobra.NoArgs}, func(c *cobra.Command, s line.Snapshot, asJSON bool, _ []string) error {
		if asJSON {
			return printJSON(c, s.Orders)
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ORDER\tPRODUCT\tREVISION\tPACKS\tSTARTED\tRELEASED\tSCRAPPED\tQUARANTINED")
		for _, o := range s.Orders {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\n", o.Order, o.Product, o.Revision, o.Quantity, o.Started, o.Released, o.Scrapped, o.Quarantined)
		}
		return w.Flush()
	})
}

// parseOrder reads a list such as "ess=1,drone=1,ev=1": short names of the sample products, or products themselves.
func parseOrder(text string) ([]line.AddOrder, error) {
	short := map[string]string{"ess": "ESS-P2", "drone": "DRN-P3", "ev": "EV-P1"}
	var orders []line.AddOrder
	for i, part := range strings.Split(text, ",") {
		name, count, ok := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(count)
		if !ok || err != nil || n < 1 || name == "" {
			return nil, usagef("%q is no order; want PRODUCT=PACKS, for example ess=1,drone=1,ev=1", part)
		}
		if product, known := short[name]; known {
			name = product
		}
		orders = append(orders, line.AddOrder{Order: line.OrderID(fmt.Sprintf("demo-%d", i+1)), Product: name, Quantity: n})
	}
	return orders, nil
}

// demand counts the packs of all orders and the cells that the fullest magazine lane must hold for them.
func demand(orders []line.AddOrder, all []*recipes.Recipe) (packs, cells int, err error) {
	lanes := map[int]int{}
	for _, o := range orders {
		i := slices.IndexFunc(all, func(r *recipes.Recipe) bool { return r.Product == o.Product })
		if i < 0 {
			return 0, 0, fmt.Errorf("no recipe for %q; there are %s", o.Product, productNames(all))
		}
		packs += o.Quantity
		lanes[all[i].Cell.Lane] += o.Quantity * all[i].Cells()
		cells = max(cells, lanes[all[i].Cell.Lane])
	}
	return packs, cells, nil
}

func productNames(all []*recipes.Recipe) string {
	var names []string
	for _, r := range all {
		names = append(names, r.Product)
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", ")
}
