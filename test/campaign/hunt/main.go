// Command hunt lives through shifts until one is violated, and says which. It is what looks for the mistakes that are compiled into
// the product on purpose (test/campaign/mutants.go), so it links no record store.
//
//	go run ./test/campaign/hunt -seeds 1000
//
// First come the kept plans, then the seeds from 1 on. Exit code 0: one is violated, or the
// product has panicked; 1: none is; 2: it could not be tried.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"linectl/test/campaign"
)

func main() {
	seedsOnly := flag.Bool("seeds-only", false, "leave the kept plans out")
	seeds := flag.Uint64("seeds", 1000, "how many seeds are tried after the kept plans")
	keep := flag.String("keep", "", "file that the plan is written to, made as small as it may be")
	flag.Parse()

	var plans []campaign.KeptPlan
	if !*seedsOnly {
		var err error
		if plans, err = campaign.Kept(); err != nil {
			fail(err)
		}
	}
	for seed := range *seeds {
		plans = append(plans, campaign.KeptPlan{Name: fmt.Sprintf("seed %d", seed+1), Plan: campaign.Plan{Seed: seed + 1}})
	}
	for _, p := range plans {
		if len(p.Orders) == 0 { // a seed: drawn when it is its turn
			p.Plan = campaign.Draw(p.Seed)
		}
		if why := live(p.Plan); why != "" {
			fmt.Printf("%s: %s\n", p.Name, why)
			if *keep != "" {
				small, _ := campaign.Shrink(p.Plan, func(q campaign.Plan) bool { return live(q) != "" })
				write(*keep, small)
			}
			return
		}
	}
	os.Exit(1)
}

// live lives through a plan and says what is violated, or nothing.
func live(p campaign.Plan) (why string) {
	defer func() {
		if r := recover(); r != nil {
			why = fmt.Sprint("panic: ", r)
		}
	}()
	out, err := campaign.Run(p)
	if err != nil {
		fail(err)
	}
	if len(out.Violations) > 0 {
		return out.Violations[0].String()
	}
	return ""
}

func write(file string, p campaign.Plan) {
	text, err := json.MarshalIndent(p, "", " ")
	if err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o600)
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "hunt:", err)
	os.Exit(2)
}
