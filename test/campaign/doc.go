// Package campaign lets the line live through thousands of shifts in which things go wrong: the real supervisor, handshake and
// virtual plant on one clock (package virtual), faults, kills and an operator all drawn from one seed, and at the end the checker
// (package checker), which knows nothing of any of them.
//
// A trial that fails is known by its seed, and its plan is made smaller before it is told. The campaign opens no socket and starts
// no process: those are in cmd/linectl and test/nemesis.
package campaign
