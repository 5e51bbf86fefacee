// Package checker holds what is on record against what physically happened and what people were told. It reads three kinds of
// evidence: the virtual plant's ground truth, the journal of the record store, and the histories of those who asked for things.
// Each invariant is recomputed from raw facts, never from a status or a table that was made from them.
//
// It imports nothing of the project. It knows the formats from their documentation, has the standard's tables in its own words
// and shares no code with what it checks: a mistake in the line's own understanding cannot hide here too. It repairs nothing and
// cannot see what nobody wrote down.
package checker
