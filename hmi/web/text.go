package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

// The catalogue is data: a file a language, English text to translated text. A "{}" stands for words that are put in, in their order.
// The texts of the line itself come translated from the gateway and are not here.
//
//go:embed texts/*.json
var textFiles embed.FS

// Language is one that the screen can be in.
type Language struct {
	Code string
	Name string // in itself
	Dir  string // ltr or rtl
}

// Languages are those that there are, English first.
var Languages = []Language{{"en", "English", "ltr"}, {"ur", "اردو", "rtl"}, {"zh", "中文", "ltr"}}

func languageOf(code string) Language {
	for _, l := range Languages {
		if l.Code == code {
			return l
		}
	}
	return Languages[0]
}

// catalogue holds the translations by language and English text.
type catalogue map[string]map[string]string

func loadCatalogue() (catalogue, error) {
	c := catalogue{}
	for _, l := range Languages[1:] {
		body, err := textFiles.ReadFile("texts/" + l.Code + ".json")
		if err != nil {
			return nil, fmt.Errorf("texts: %w", err)
		}
		texts := map[string]string{}
		if err := json.Unmarshal(body, &texts); err != nil {
			return nil, fmt.Errorf("texts in %s: %w", l.Code, err)
		}
		c[l.Code] = texts
	}
	return c, nil
}

// say returns a text of ours in a language, with words put in. A text that the catalogue lacks stays English.
func (c catalogue) say(lang, english string, words ...any) string {
	text := english
	if other, ok := c[lang][english]; ok {
		text = other
	}
	for _, w := range words {
		text = strings.Replace(text, "{}", fmt.Sprint(w), 1)
	}
	return text
}
