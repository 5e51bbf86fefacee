package simulator_test

import (
	"fmt"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/plc/tags"
	"linectl/simulator"
)

// A plant without files, without sockets and without a clock: time is what the caller says it is.
func ExampleNew() {
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	const scanner = line.DeviceID("ST010.scanner")
	plant, err := simulator.New(simulator.Config{
		Seed: 1, Speed: 1, Devices: []simulator.DeviceConfig{{ID: scanner, Station: "ST010", Kind: line.Receive}},
	}, "", now)
	if err != nil {
		fmt.Println(err)
		return
	}
	tell := func(c tags.Command) {
		c.Fence, c.BootEpoch = 1, plant.Status(now, scanner).BootEpoch
		if reason := plant.Command(now, scanner, c); reason != 0 {
			fmt.Println("refused:", reason)
		}
		now = now.Add(time.Second)
	}
	tell(tags.Command{Op: tags.OpMachine, Task: uint16(packml.CmdReset)})
	tell(tags.Command{Op: tags.OpMachine, Task: uint16(packml.CmdStart)})
	scan := tags.Command{Op: tags.OpExecute, Token: line.NewToken(1, 1), Task: uint16(line.TaskScanCell)}
	scan.Params[0] = 1 // magazine lane
	tell(scan)
	tell(scan) // the same token again does nothing
	s := plant.Status(now, scanner)
	fmt.Println(s.LastCompleted, s.Part, s.EffectCount)
	// Output: 1-1 LCTCB01L101001GA90000001 1
}
