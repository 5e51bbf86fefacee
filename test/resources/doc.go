// Package resources looks at what a process takes of its computer, by what Linux tells of it under /proc: memory, threads, open files,
// and the size of a record store. Its test lets linectl build many packs and holds what it took against bounds (I21 of checker).
//
// It judges nothing itself and sees no process but those it is given.
package resources
