package campaign

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed testdata/*.json
var kept embed.FS

// KeptPlan is a plan that once found a mistake, of the product or one that was made on purpose (Mutants).
type KeptPlan struct {
	Name string // of its file, without .json
	Plan
}

// Kept returns every kept plan, by name. They are kept as they were drawn, for a seed draws something else when the catalogue grows.
// docs/reliability.md says which of them found a mistake of the product.
func Kept() ([]KeptPlan, error) {
	files, err := fs.Glob(kept, "testdata/*.json")
	if err != nil {
		return nil, err
	}
	plans := make([]KeptPlan, len(files))
	for i, file := range files {
		plans[i].Name = strings.TrimSuffix(path.Base(file), ".json")
		text, err := kept.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &plans[i].Plan); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return plans, nil
}
