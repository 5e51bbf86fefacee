package main

import (
	"testing"

	"linectl/line"
)

// The computer's own word goes out with the line's snapshots, and a directory that is not there is said by no figures at all.
func TestTheComputerSpeaksForItself(t *testing.T) {
	t.Parallel()
	if h := askHost(t.TempDir()); !h.Known || !h.StoreWrites || h.DiskSize <= 0 || h.DiskFree < 0 || h.DiskFree > h.DiskSize {
		t.Errorf("the computer says %+v", h)
	}
	if h := askHost(t.TempDir() + "/gone"); h != (line.HostSnapshot{}) {
		t.Errorf("of a directory that is not there: %+v", h)
	}
}
