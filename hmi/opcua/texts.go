package opcua

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// The catalogue is data: a file a language, English text to translated text. A "{}" stands for words that stay as they are,
// names and codes, and may come more than once.
//
//go:embed texts/*.json
var textFiles embed.FS

// Locales are the languages that texts may be asked for in, English first. What the catalogue lacks is shown in English and
// says so.
var Locales = []string{"en", "ur", "zh"}

// Catalogue translates the line's English texts.
type Catalogue struct {
	exact    map[string]map[string]string // language → text → text
	patterns map[string][]pattern
}

type pattern struct {
	english *regexp.Regexp
	other   string
}

// LoadCatalogue reads the embedded languages.
func LoadCatalogue() (*Catalogue, error) {
	c := &Catalogue{exact: map[string]map[string]string{}, patterns: map[string][]pattern{}}
	for _, locale := range Locales[1:] {
		body, err := textFiles.ReadFile("texts/" + locale + ".json")
		if err != nil {
			return nil, fmt.Errorf("texts: %w", err)
		}
		var texts map[string]string
		if err := json.Unmarshal(body, &texts); err != nil {
			return nil, fmt.Errorf("texts in %s: %w", locale, err)
		}
		c.exact[locale] = texts
		for english, other := range texts {
			if n := strings.Count(english, "{}"); n == 0 {
				continue
			} else if strings.Count(other, "{}") != n {
				return nil, fmt.Errorf("texts in %s: %q has not the %d places of %q", locale, other, n, english)
			}
			expression := "^" + strings.ReplaceAll(regexp.QuoteMeta(english), `\{\}`, `(.+?)`) + "$"
			c.patterns[locale] = append(c.patterns[locale], pattern{regexp.MustCompile(expression), other})
		}
	}
	return c, nil
}

// Translate returns an English text in another language, if the catalogue has it.
func (c *Catalogue) Translate(english, locale string) (string, bool) {
	texts, ok := c.exact[locale]
	if !ok || english == "" {
		return "", false
	}
	if other, ok := texts[english]; ok && !strings.Contains(english, "{}") {
		return other, true
	}
	for _, p := range c.patterns[locale] {
		found := p.english.FindStringSubmatch(english)
		if found == nil {
			continue
		}
		other := p.other
		for _, word := range found[1:] {
			other = strings.Replace(other, "{}", word, 1)
		}
		return other, true
	}
	return "", false
}

// language returns the language of a locale that is one of ours: "zh" for "zh-Hans-CN". Others are English.
func language(locale string) string {
	first, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	for _, l := range Locales {
		if l == first {
			return l
		}
	}
	return "en"
}
