// Package scenario reads stories of faults, lets the reference line live through them in virtual time, and judges what came of it.
//
// A story is a file that a commissioning engineer can read and write: what is ordered, what goes wrong at which moment, what people
// do about it, and what must then be so. Its verdict is made from the journal, the plant's ground truth and the checker, never from
// the line's own opinion of itself.
//
// It opens no socket, reads no file and no clock: whoever calls it hands over the text of a story. It is no campaign: what happens
// is written down, and nothing is drawn but the cells, from the story's seed.
package scenario
