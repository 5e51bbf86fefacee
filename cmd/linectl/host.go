package main

import (
	"context"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"linectl/control"
	"linectl/line"
	"linectl/supervisor"
)

const hostEvery = 5 * time.Second // how old what the computer says of itself may be

// stampedLine adds to the line's snapshots what this computer says of itself: the line reads no disk and no clock.
type stampedLine struct {
	control.Line
	data string // directory of the record store

	mu   sync.Mutex
	last line.HostSnapshot
	at   time.Time
}

// Snapshot returns the latest snapshot.
func (l *stampedLine) Snapshot() line.Snapshot {
	s := l.Line.Snapshot()
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) > hostEvery {
		l.last, l.at = askHost(l.data), time.Now()
	}
	s.Host = l.last
	return s
}

// watchDisk tells the line, at once and every five seconds, how much room there is where its records lie.
func watchDisk(ctx context.Context, data string, loop *supervisor.Loop) {
	again := time.NewTicker(hostEvery)
	defer again.Stop()
	for {
		if h := askHost(data); h.Known {
			loop.Measure(ctx, supervisor.Room{Free: h.DiskFree, Size: h.DiskSize})
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// staUnsync is the flag of adjtimex(2) that says that the clock follows nothing.
const staUnsync = 0x0040

// askHost asks the kernel. StoreWrites is true because a line whose store has failed has ended.
func askHost(data string) line.HostSnapshot {
	h := line.HostSnapshot{Known: true, StoreWrites: true}
	var clock syscall.Timex
	if _, err := syscall.Adjtimex(&clock); err == nil {
		h.ClockSynced = clock.Status&staUnsync == 0
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Clean(data), &disk); err != nil {
		return line.HostSnapshot{}
	}
	h.DiskFree, h.DiskSize = float64(disk.Bavail)*float64(disk.Bsize), float64(disk.Blocks)*float64(disk.Bsize)
	return h
}
