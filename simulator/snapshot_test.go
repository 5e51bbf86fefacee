package simulator

import (
	"log/slog"
	"testing"
	"time"

	"github.com/awcullen/opcua/server"

	"linectl/line"
	"linectl/plc/tags"
)

// TestOneReadRequestShowsOneMoment changes the device between two nodes of a request, as happens on a busy machine.
func TestOneReadRequestShowsOneMoment(t *testing.T) {
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	const id = line.DeviceID("ST010.scanner")
	plant, err := New(Config{Devices: []DeviceConfig{{ID: id, Station: "ST010", Kind: line.Receive}}}, "", now)
	if err != nil {
		t.Fatal(err)
	}
	faces := &Faces{plant: plant, log: slog.New(slog.DiscardHandler)}
	o := &opcuaFace{faces: faces, Endpoint: Endpoint{Device: id}, snapshots: map[*server.Session]*snapshot{}}
	one, other := new(server.Session), new(server.Session)
	fence := func(s *server.Session, field string) uint16 { return o.status(s, field, now).FenceHighest }

	before := fence(one, "Magic")
	plant.Command(now, id, tags.Command{Op: tags.OpQuery, Fence: 9})
	if got := fence(one, "FenceHighest"); got != before {
		t.Errorf("the request began with fence %d and goes on with %d", before, got)
	}
	if got := fence(other, "FenceHighest"); got != 9 {
		t.Errorf("another session reads fence %d, want 9", got)
	}
	if got := fence(one, "FenceHighest"); got != 9 {
		t.Errorf("the next request without Magic reads fence %d, want 9", got)
	}
	if got := fence(one, "Magic"); got != 9 {
		t.Errorf("the next request reads fence %d, want 9", got)
	}
	plant.Command(now, id, tags.Command{Op: tags.OpQuery, Fence: 10})
	now = now.Add(2 * snapshotLife)
	if got := fence(one, "FenceHighest"); got != 10 {
		t.Errorf("a field asked for long after Magic shows fence %d, want 10", got)
	}
}
