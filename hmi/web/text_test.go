package web

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"linectl/packml"
)

var (
	inTemplate = regexp.MustCompile(`\.T ("(?:[^"\\]|\\.)*")`)
	inCode     = regexp.MustCompile(`(?:\.T|\bsay|sayer\(o\)|errors\.New)\(("(?:[^"\\]|\\.)*")`)
	inWord     = regexp.MustCompile(`(?:return|Title:|Hidden =|case [a-z.! &]+:\s*return) ("(?:[^"\\]|\\.)*")`)
	inSafety   = regexp.MustCompile(`say\("\.[A-Za-z]+", (?:true|false), ("[^"]*"), ("[^"]*")\)`)
)

// spoken are all texts of ours that a screen can show: the keys of the catalogue.
func spoken(t *testing.T) []string {
	t.Helper()
	keys := map[string]bool{}
	take := func(pattern *regexp.Regexp, file string) {
		body, err := os.ReadFile(file) //nolint:gosec // our own files
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pattern.FindAllStringSubmatch(string(body), -1) {
			for _, quoted := range m[1:] {
				text, err := strconv.Unquote(quoted)
				if err != nil {
					t.Fatal(err)
				}
				keys[text] = true
			}
		}
	}
	pages, _ := filepath.Glob("templates/*.html")
	for _, file := range pages {
		take(inTemplate, file)
	}
	code, _ := filepath.Glob("*.go")
	for _, file := range code {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		if file != "link.go" && file != "browse.go" && file != "server.go" { // their errors are for the log
			take(inCode, file)
		}
		if strings.HasPrefix(file, "page_") {
			take(inWord, file)
			take(inSafety, file)
		}
	}
	keys["the connection to the gateway is lost"] = true
	for _, hidden := range []string{"suppressed", "out of service"} {
		keys[hidden] = true
	}
	for s := packml.Undefined; s <= packml.Complete; s++ {
		keys[s.String()] = true
	}
	for m := packml.Production; m <= packml.MasterCheck; m++ {
		keys[m.String()] = true
	}
	for _, c := range packmlCommands {
		keys[c] = true
	}
	for _, input := range []string{"Item", "Lot", "Quantity", "Expiry", "Minutes", "Comment", "Input", "Option", "Mode", "clean", "dress", "replace", "rework", "scrap", "scanned", "in process", "released", "scrapped", "quarantined"} {
		keys[input] = true
	}
	for text := range keys {
		if strings.HasPrefix(text, ".") || text == "" {
			delete(keys, text) // the name of a node
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// Every language has every text, with as many places for words.
func TestEveryLanguageSaysEverything(t *testing.T) {
	c, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	keys := spoken(t)
	for _, l := range Languages[1:] {
		missing := []string{}
		for _, key := range keys {
			other, ok := c[l.Code][key]
			if !ok {
				missing = append(missing, fmt.Sprintf("%q: \"\"", key))
			} else if strings.Count(other, "{}") != strings.Count(key, "{}") {
				t.Errorf("%s: %q has other places for words than %q", l.Code, other, key)
			}
		}
		if len(missing) > 0 {
			t.Errorf("%s lacks %d texts:\n%s", l.Code, len(missing), strings.Join(missing, ",\n"))
		}
		for key := range c[l.Code] {
			if !slices.Contains(keys, key) {
				t.Errorf("%s: nobody says %q any more", l.Code, key)
			}
		}
	}
}
