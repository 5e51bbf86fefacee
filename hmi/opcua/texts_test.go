package opcua_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"linectl/hmi/opcua"
)

// spoken are the files whose texts reach a person at an HMI: reasons, next actions, refusals, permissives, questions, alarms.
var spoken = []string{
	"supervisor/annunciate.go", "supervisor/answer.go", "supervisor/check.go", "supervisor/commands.go", "supervisor/flow.go", "supervisor/master.go",
	"supervisor/mode.go", "supervisor/permission.go", "supervisor/permissive.go", "supervisor/prompt.go", "supervisor/quarantine.go", "supervisor/quarantine_show.go", "supervisor/snapshot.go", "supervisor/sorting.go", "supervisor/warn.go",
	"stations/act.go", "stations/device.go", "stations/fault.go", "stations/machine.go", "stations/mode.go", "stations/receive.go", "stations/run.go",
	"stations/sort.go", "stations/state.go", "stations/visit.go", "stations/weld.go",
	"packml/refusal.go", "plc/proof.go", "plc/rules.go", "alarms/decide.go", "alarms/definition.go", "line/device.go", "line/equipment.go", "line/permission.go", "line/shift.go",
}

// silent are texts in those files that no HMI shows, by a part of them: words of the audit, identities, errors of a start.
var silent = []string{
	"2 Jan", "15:04", "/decide/", "/serial/", "/missing/", "/master/", "/tool/", "supervisor: the journal", "unknown kind of station", "station {}: ",
	"the configuration", "nothing was asked", "packml: ", "is no time of day", "%T",
}

// audited are the beginnings of how the audit says what was asked for, which no HMI shows.
var audited = []string{
	"decide on {}, scrap", "write {} off, expected", "hold {}, release", "load lot {} of {} at", "{} tool of {}", "set {} to mode", "{} occurrence {} of {}",
	"shelve {} for", "unshelve ", "reset ", "take {} out of service, back", "check the reference part of ", "answer {} with", "inspected {}: ", "not in quarantine", "quarantined, ", "{}, build {}", "order {}: {} × {}",
}

// joiners are the ends of literals that join two texts: a place follows.
var joiners = []string{" or ", " and ", " to ", ": "}

var verb = regexp.MustCompile(`%[-+#0-9.*]*[a-zA-Z]`)

// texts lists the English texts of a file: what stands in place of a name or number is {}.
func texts(t *testing.T, file string) []string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("../..", file))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.Field:
			return false
		case *ast.BasicLit:
			if n.Kind != token.STRING {
				return false
			}
			text, err := strconv.Unquote(n.Value)
			if err != nil {
				t.Fatal(err)
			}
			if text = spokenText(text); text != "" {
				list = append(list, text)
			}
		}
		return true
	})
	return list
}

// spokenText makes a catalogue's key of a literal; nothing of one that is no text for people.
func spokenText(text string) string {
	if !strings.Contains(strings.TrimSpace(text), " ") && !strings.HasPrefix(text, " ") && !strings.HasSuffix(text, " ") {
		return "" // a name, or a code
	}
	for _, s := range silent {
		if strings.Contains(text, s) {
			return ""
		}
	}
	text = strings.ReplaceAll(verb.ReplaceAllString(strings.ReplaceAll(text, "%%", "\x00"), "{}"), "\x00", "%")
	for _, s := range silent {
		if strings.Contains(text, s) {
			return ""
		}
	}
	for _, s := range audited {
		if strings.HasPrefix(text, s) {
			return ""
		}
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "; "), ", ") // a text that is hung on another
	switch {
	case strings.HasPrefix(text, " "), strings.HasPrefix(text, ": "):
		text = "{}" + text
	case strings.HasSuffix(text, " ") && !strings.HasPrefix(text, "{}"):
		text += "{}"
	}
	for _, j := range joiners {
		if strings.HasSuffix(text, j) {
			text += "{}"
		}
	}
	if !regexp.MustCompile(`[a-z]{2}`).MatchString(text) {
		return "" // it only joins
	}
	return text
}

// Texts lie in texts: a reason in a refusal, a device in a reason. What is a name stays as it is, in whatever order the language
// wants it, and what a person has written is left alone.
func TestTextsAreTranslatedWhole(t *testing.T) {
	t.Parallel()
	catalogue, err := opcua.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for english, want := range map[string]string{
		"ready": "就绪",
		"ST060.welder does not answer: not connected yet":                         "ST060.welder 无应答：尚未连接",
		"laser weld 12 of EV-P1-000001":                                           "激光焊 12（EV-P1-000001）",
		"Start not possible at ST060: guard open at ST060.robot: close the guard": "ST060 不能执行 按启动：防护门打开（ST060.robot）：关闭防护门",
		"no recipe uses glue at ST100; used there: gap-filler":                    "ST100 的配方不使用 glue；那里使用：gap-filler",
		"EV-P1-000001 is held by sana: smells of glue":                            "EV-P1-000001 被 sana 冻结：smells of glue",
		"amna (Viewer) may not operate stations; Operator or Maintenance may":     "amna（查看者）无权：操作工位；操作员 或 维护 有权",
	} {
		if got, ok := catalogue.Translate(english, "zh"); !ok || got != want {
			t.Errorf("%q is %q (%t), want %q", english, got, ok, want)
		}
	}
	for _, strange := range []string{"the moon is made of green cheese", "a: b", "nobody knows this text at all"} {
		for range 2 { // the second time from memory
			if got, ok := catalogue.Translate(strange, "zh"); ok {
				t.Errorf("%q became %q", strange, got)
			}
		}
	}
}

// TestEveryTextIsInEveryLanguage reads what the line can say from its source: who adds a text is told which languages lack it.
func TestEveryTextIsInEveryLanguage(t *testing.T) {
	t.Parallel()
	catalogue, err := opcua.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range spoken {
		for _, text := range texts(t, file) {
			if seen[text] {
				continue
			}
			seen[text] = true
			for _, locale := range opcua.Locales[1:] {
				if !catalogue.Has(text, locale) {
					t.Errorf("%s: texts/%s.json lacks %q", file, locale, text)
				}
			}
		}
	}
	if len(seen) < 200 {
		t.Errorf("only %d texts were found", len(seen))
	}
}
