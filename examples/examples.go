// Package examples carries the reference line inside the program: its line.yaml and the recipes of three sample products. The
// numbers are plausible and made for the virtual plant; no real cell may be built with them.
//
// It holds files only. It reads and checks nothing: recipes.Load and the configuration do.
package examples

import "embed"

// FS holds the reference line in the folder "reference": line.yaml, and its recipes in reference/recipes.
//
//go:embed reference
var FS embed.FS
