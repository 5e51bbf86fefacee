// Package powerloss asks what the record store still has after the power has gone. A real store writes while strace notes every
// system call; from those notes a disk is made as it may look after a cut at any moment: what was synced is there, what was not
// may be there, in any order and torn in pieces of a sector. The real store must then open it and have everything that it had
// acknowledged.
//
// It does not model a disk that lies about a sync, except to show that the test would notice, and it knows no file system: the
// name of a new file may be lost until its directory was synced.
package powerloss
