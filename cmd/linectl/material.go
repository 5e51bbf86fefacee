package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"linectl/line"
)

func newMaterial() *cobra.Command {
	c := &cobra.Command{Use: "material", Short: "Loads consumables and parts by lot"}
	var expiry string
	load, _ := newAsker("load STATION ITEM LOT QUANTITY --expiry DATE", "Puts a lot of a material at a station", cobra.ExactArgs(4),
		func(args []string) (line.Command, error) {
			n, err := strconv.ParseFloat(args[3], 64)
			if err != nil || !(n > 0) {
				return nil, usagef("%q is no quantity; it must be a number above zero", args[3])
			}
			until, err := time.Parse(time.DateOnly, expiry)
			if err != nil {
				return nil, usagef("--expiry %q is no date; want the form 2027-01-31", expiry)
			}
			if time.Now().After(until.AddDate(0, 0, 1)) {
				return nil, usagef("lot %s must not be used any more: its last day was %s; fetch a new one", args[2], expiry)
			}
			return line.LoadMaterial{
				Station: line.StationID(args[0]), Item: args[1], Lot: line.LotID(args[2]), Quantity: n, Expiry: until.AddDate(0, 0, 1).UTC(),
			}, nil
		})
	load.Flags().StringVar(&expiry, "expiry", "", "last day on which the lot may be used, for example 2027-01-31")
	aboveZero(load)
	load.Example = "  linectl material load ST100 gap-filler G33 25 --expiry 2027-01-31"
	c.AddCommand(load)
	return c
}
