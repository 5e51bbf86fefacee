package archtest

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// architecturePage shows the map of the house to people.
const architecturePage = "docs/architecture.md"

var link = regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`) // with a colon it leads out of the tree

// pages holds what people read to what is there: links lead somewhere, and each room is on the page that shows them.
func (t *tree) pages(root fs.FS) error {
	for _, name := range t.markdown {
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(source), -1) {
			if _, err := fs.Stat(root, path.Join(path.Dir(name), m[1])); err != nil {
				t.problem(name, "the link to %s leads nowhere", m[1])
			}
		}
	}
	page, err := fs.ReadFile(root, architecturePage)
	if err != nil {
		return err
	}
	for dir := range t.packages {
		if !strings.Contains(string(page), "`"+dir+"`") {
			t.problem(architecturePage, "the room `%s` is not in its table", dir)
		}
	}
	return nil
}
