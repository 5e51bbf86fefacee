// Package browser shows the stories of the line's operator in a real Chromium: a virtual plant, a supervisor, its gateway and its
// HMI as processes of their own, and a person at the screen. The texts on the screen are checked literally, every page is looked
// at by axe, and no page may ask anything of another origin.
//
// It holds tests only, and tests no rule of the line: those have tests of their own.
package browser
