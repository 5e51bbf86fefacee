package opcua_test

import (
	"context"
	"testing"

	"linectl/line"
	"linectl/plc"
	"linectl/plc/tags"
)

// TestActsOfDevicesWithoutTokens drives devices of classes B and C over OPC UA: two acts, then a supervisor that comes back to an
// act that it has begun.
func TestActsOfDevicesWithoutTokens(t *testing.T) {
	for _, class := range []line.DeviceClass{line.ClassB, line.ClassC} {
		t.Run(string(class), func(t *testing.T) {
			m := layout(tags.FaceBlocks)
			m.Class = class
			p := serve(t, m)
			events := make(chan line.DeviceEvent, 1000)
			connect := func(fence uint16) (*plc.Device, func()) {
				ctx, cancel := context.WithCancel(t.Context())
				d := plc.Start(ctx, plc.Config{
					Device: "ST010.scanner", Fence: fence, Dialer: p.dialer(m), Options: plc.Options{Class: class},
					Events: func(e line.DeviceEvent) { events <- e },
				})
				return d, func() { cancel(); <-d.Done() }
			}
			d, hangUp := connect(1)
			await(t, events, func(s line.DeviceStatus) bool { return true })
			for _, step := range []struct{ command, state uint16 }{{1, 4}, {2, 6}} {
				d.Send(line.Job{Op: line.MachineCommand, Device: "ST010.scanner", Machine: step.command})
				await(t, events, func(s line.DeviceStatus) bool { return s.Machine == step.state })
			}
			count := uint32(0)
			job := func(op line.Op, token line.Token) line.Job {
				return line.Job{Op: op, Device: "ST010.scanner", Token: token, Act: line.Intent{
					Token: token, Task: line.TaskScanCell, Effects: count, Class: class, Params: []line.Quantity{{Name: "lane", Value: 1}},
				}}
			}
			for n := range uint64(2) {
				token := line.NewToken(1, n+1)
				d.Send(job(line.Execute, token))
				done := await(t, events, func(f line.ActFinished) bool { return f.Token == token })
				if done.Class != class || done.Outcome != line.OutcomeOK || done.Part == "" {
					t.Fatalf("act %d: %+v", n+1, done)
				}
				count = done.EffectCount
				d.Send(line.Job{Op: line.Acknowledge, Device: "ST010.scanner", Token: token})
				if class == line.ClassC {
					await(t, events, func(s line.DeviceStatus) bool { return s.Phase == line.PhaseIdle })
				}
			}
			token := line.NewToken(1, 3)
			d.Send(job(line.Execute, token))
			done := await(t, events, func(f line.ActFinished) bool { return f.Token == token })
			hangUp()
			d, hangUp = connect(2) // its result was told and never recorded
			defer hangUp()
			d.Send(job(line.Reconcile, token))
			again := await(t, events, func(f line.ActFinished) bool { return f.Token == token })
			if again.Outcome != done.Outcome || again.Part != done.Part || again.Values[0] != done.Values[0] || again.EffectCount != done.EffectCount {
				t.Errorf("the next supervisor reads %+v, the first read %+v", again, done)
			}
		})
	}
}
