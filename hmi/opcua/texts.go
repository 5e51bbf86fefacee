package opcua

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// The catalogue is data: a file a language, English text to translated text. A "{}" stands for words that change: names and codes,
// which stay as they are, or a text that the catalogue has too, which is translated with it. In a translation "{2}" is the
// second of them, where a language wants them in another order.
//
//go:embed texts/*.json
var textFiles embed.FS

// Locales are the languages that texts may be asked for in, English first. What the catalogue lacks is shown in English and
// says so.
var Locales = []string{"en", "ur", "zh"}

// Catalogue translates the line's English texts. It may be used by several goroutines.
type Catalogue struct {
	languages map[string]*textsOf
}

// textsOf is what there is in one language.
type textsOf struct {
	exact    map[string]string
	patterns []pattern // the most specific first

	mu   sync.Mutex
	done map[string]translated // what was asked for lately: a value is read far more often than it changes
}

type translated struct {
	text string
	ok   bool
}

type pattern struct {
	english *regexp.Regexp
	other   string
	words   int // letters of the English text that are given; none in a mere joiner such as "{}: {}"
}

// Bounds of the catalogue: how many answers it remembers, how deep texts lie in texts, and how long one may be.
const (
	rememberTexts = 5000
	nestedTexts   = 5
	longestText   = 2000
	fewLetters    = 6 // a pattern of fewer matches by chance
)

// LoadCatalogue reads the embedded languages.
func LoadCatalogue() (*Catalogue, error) {
	c := &Catalogue{languages: map[string]*textsOf{}}
	for _, locale := range Locales[1:] {
		body, err := textFiles.ReadFile("texts/" + locale + ".json")
		if err != nil {
			return nil, fmt.Errorf("texts: %w", err)
		}
		t := &textsOf{done: map[string]translated{}}
		if err := json.Unmarshal(body, &t.exact); err != nil {
			return nil, fmt.Errorf("texts in %s: %w", locale, err)
		}
		for english, other := range t.exact {
			n := strings.Count(english, "{}")
			if n == 0 {
				continue
			}
			if places(other) != n {
				return nil, fmt.Errorf("texts in %s: %q has not the %d places of %q", locale, other, n, english)
			}
			expression := "(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(english), `\{\}`, `(.+?)`) + "$"
			t.patterns = append(t.patterns, pattern{regexp.MustCompile(expression), other, letters(english)})
		}
		slices.SortFunc(t.patterns, func(a, b pattern) int {
			return cmp.Or(cmp.Compare(b.words, a.words), cmp.Compare(len(b.english.String()), len(a.english.String())), strings.Compare(a.english.String(), b.english.String()))
		})
		c.languages[locale] = t
	}
	return c, nil
}

func letters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// places counts the words that a translation takes up.
func places(text string) int {
	n := strings.Count(text, "{}")
	for i := 1; strings.Contains(text, "{"+strconv.Itoa(i)+"}"); i++ {
		n++
	}
	return n
}

// Has reports whether the catalogue of a language has an English text, as it stands there with its "{}".
func (c *Catalogue) Has(english, locale string) bool {
	t := c.languages[locale]
	return t != nil && t.exact[english] != ""
}

// Translate returns an English text in another language, if the catalogue has it.
func (c *Catalogue) Translate(english, locale string) (string, bool) {
	t := c.languages[locale]
	if t == nil || english == "" || len(english) > longestText {
		return "", false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.done[english]; ok {
		return known.text, known.ok
	}
	text, ok := t.translate(english, 0)
	if len(t.done) >= rememberTexts {
		clear(t.done)
	}
	t.done[english] = translated{text, ok}
	return text, ok
}

func (t *textsOf) translate(english string, depth int) (string, bool) {
	if other, ok := t.exact[english]; ok && !strings.Contains(english, "{}") {
		return other, true
	}
	if depth > nestedTexts {
		return "", false
	}
	for _, p := range t.patterns {
		found := p.english.FindStringSubmatch(english)
		if found == nil {
			continue
		}
		known, named, strange := 0, false, false
		words := found[1:]
		for i, word := range words {
			if other, ok := t.translate(word, depth+1); ok {
				words[i] = other
				known++
			} else {
				strange = strange || strings.Contains(word, " ")
				named = named || strings.ContainsFunc(word, unicode.IsDigit)
			}
		}
		if p.words < fewLetters && (strange || known == 0 && (!named || p.words == 0)) {
			continue // its words hold more than names, so it is another text that happens to have an "is" in it
		}
		return insert(p.other, words), true
	}
	return "", false
}

// insert puts words into the places of a translation.
func insert(text string, words []string) string {
	var b strings.Builder
	next := 0
	for {
		open := strings.IndexByte(text, '{')
		shut := strings.IndexByte(text, '}')
		if open < 0 || shut < open {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:open])
		at := next
		if n, err := strconv.Atoi(text[open+1 : shut]); err == nil {
			at = n - 1
		}
		if at >= 0 && at < len(words) {
			b.WriteString(words[at])
		}
		next++
		text = text[shut+1:]
	}
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
