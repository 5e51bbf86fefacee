package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// The goals of the gateway.
const (
	goalRatio    = 3.0 // × node-opcua's values a second of processor time
	goalCall     = 50 * time.Millisecond
	goalMemoryMB = 150.0
)

// benchReport is what linectl bench opcua found.
type benchReport struct {
	When      time.Time     `json:"when"`
	Stations  int           `json:"stations"`
	Variables int           `json:"variables"`
	Gateway   *benchFigures `json:"gateway"`
	NodeOPCUA *benchFigures `json:"node_opcua,omitempty"`
	Left      string        `json:"left_out,omitempty"` // what was not measured, and why
}

// write prints the figures of both servers beside the goals.
func (r benchReport) write(out io.Writer) error {
	fmt.Fprintf(out, "a made-up line of %d stations, %d variables; Basic256Sha256, SignAndEncrypt; %s\n\n", r.Stations, r.Variables, machine())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tgateway\tnode-opcua\tratio\tgoal\t")
	ratioGoal := fmt.Sprintf("%g × node-opcua", goalRatio)
	if r.NodeOPCUA == nil {
		ratioGoal = ""
	}
	row := func(what, format, goal string, of func(*benchFigures) float64, reached func(own, other float64) bool) {
		own, theirs, ratio, verdict := of(r.Gateway), "", "", ""
		other := 0.0
		if r.NodeOPCUA != nil {
			other = of(r.NodeOPCUA)
			if theirs = "-"; other > 0 { // what was cut has no figures
				theirs, ratio = fmt.Sprintf(format, other), fmt.Sprintf("%.2f", own/other)
			}
		}
		if goal != "" {
			switch verdict = goal + ": not reached"; {
			case goal == ratioGoal && other == 0:
				verdict = goal + ": not compared"
			case reached(own, other):
				verdict = goal + ": reached"
			}
		}
		fmt.Fprintf(w, "%s\t"+format+"\t%s\t%s\t%s\t\n", what, own, theirs, ratio, verdict)
	}
	beats := func(own, other float64) bool { return own >= goalRatio*other }
	full := func(own, _ float64) bool { return own >= 99.95 }
	below := func(most float64) func(float64, float64) bool {
		return func(own, _ float64) bool { return own < most }
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	row("read one: values/s", "%.0f", "", func(f *benchFigures) float64 { return f.Single.perSecond() }, nil)
	row("read one: values per CPU second", "%.0f", ratioGoal, func(f *benchFigures) float64 { return f.Single.perCPUSecond() }, beats)
	row("read one: p50 ms", "%.2f", "", func(f *benchFigures) float64 { return ms(f.Single.Request.P50) }, nil)
	row("read one: p99 ms", "%.2f", "", func(f *benchFigures) float64 { return ms(f.Single.Request.P99) }, nil)
	row("read 100: values/s", "%.0f", "", func(f *benchFigures) float64 { return f.Batch.perSecond() }, nil)
	row("read 100: values per CPU second", "%.0f", ratioGoal, func(f *benchFigures) float64 { return f.Batch.perCPUSecond() }, beats)
	row("1,000 items at 100 ms: % delivered", "%.2f", "in full", func(f *benchFigures) float64 { return f.Thousand.percent() }, full)
	row("1,000 items at 100 ms: % of the plan published", "%.2f", "", func(f *benchFigures) float64 { return f.Thousand.ofPlan() }, nil)
	row("1,000 items: values per CPU second", "%.0f", ratioGoal, func(f *benchFigures) float64 { return f.Thousand.perCPUSecond() }, beats)
	row("1,000 items: p99 ms from the source", "%.0f", "", func(f *benchFigures) float64 { return ms(f.Thousand.Late.P99) }, nil)
	row("50 × 100 items: % delivered", "%.2f", "in full", func(f *benchFigures) float64 { return f.Crowd.percent() }, full)
	row("50 × 100 items: % of the plan published", "%.2f", "", func(f *benchFigures) float64 { return f.Crowd.ofPlan() }, nil)
	row("50 × 100 items: values per CPU second", "%.0f", ratioGoal, func(f *benchFigures) float64 { return f.Crowd.perCPUSecond() }, beats)
	row("50 × 100 items: p99 ms from the source", "%.0f", "", func(f *benchFigures) float64 { return ms(f.Crowd.Late.P99) }, nil)
	row("call, idle: p50 ms", "%.2f", "", func(f *benchFigures) float64 { return ms(f.Idle.P50) }, nil)
	row("call, idle: p99 ms", "%.2f", "", func(f *benchFigures) float64 { return ms(f.Idle.P99) }, nil)
	row("call, 50 × 100 items: p50 ms", "%.2f", "", func(f *benchFigures) float64 { return ms(f.Loaded.P50) }, nil)
	row("call, 50 × 100 items: p99 ms", "%.2f", "below 50 ms", func(f *benchFigures) float64 { return ms(f.Loaded.P99) }, below(ms(goalCall)))
	row("resident memory MB", "%.0f", "below 150 MB", func(f *benchFigures) float64 { return f.ResidentMB }, below(goalMemoryMB))
	row("peak memory MB", "%.0f", "below 150 MB", func(f *benchFigures) float64 { return f.PeakMB }, below(goalMemoryMB))
	if err := w.Flush(); err != nil {
		return err
	}
	if r.Left != "" {
		fmt.Fprintln(out, "\n"+r.Left)
	}
	return nil
}

// percent is what was delivered of that which the source published.
func (d benchDelivered) percent() float64      { return 100 * float64(d.Values) / float64(max(d.Of, 1)) }
func (d benchDelivered) perCPUSecond() float64 { return float64(d.Values) / d.CPU.Seconds() }

// ofPlan is what the source published of that which it should have.
func (d benchDelivered) ofPlan() float64 {
	return 100 * float64(d.Published) / float64(max(d.Planned, 1))
}
