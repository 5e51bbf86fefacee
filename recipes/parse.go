package recipes

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"linectl/line"
)

// Bounds of a recipe file. They keep a hostile file from costing more than an error.
const (
	maxSource  = 64 << 10 // bytes; the largest sample has 14 KiB
	maxLine    = 1000     // bytes
	maxNesting = 32       // brackets open at once
)

var (
	productPattern  = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,23}$`) // a pack's working identity adds seven characters, 32 are at hand
	revisionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,15}$`)
	prefixPattern   = regexp.MustCompile(`^[A-Z0-9-]{1,16}$`)
	codePattern     = regexp.MustCompile(`^[0-9]{3}-[EWMLFSITCX]-[0-9]{3}$`)
)

// lineEnds makes the line ends of all systems one, as YAML counts them.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Load reads all recipes of a file system whose path matches the pattern of path.Match, in the order of their names. It
// reports the problems of all files together, and a product and revision that stands in two files.
func Load(fsys fs.FS, pattern string) ([]*Recipe, error) {
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		return nil, fmt.Errorf("recipes %s: %w", pattern, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("recipes %s: no file of that name; put one file for each revision there", pattern)
	}
	var all []*Recipe
	var errs []error
	first := map[string]string{}
	for _, name := range names {
		source, err := fs.ReadFile(fsys, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("recipe %s: %w", name, err))
			continue
		}
		r, err := Parse(name, source)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		id := r.Product + " revision " + r.Revision
		if other, twice := first[id]; twice {
			errs = append(errs, &Problem{File: name, Field: "revision", Text: fmt.Sprintf(
				"%s stands in %s already; give a changed recipe a new revision", id, path.Base(other))})
			continue
		}
		first[id] = name
		all = append(all, r)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return all, nil
}

// Parse reads one recipe. The name stands in messages only. An error joins every problem of the file, see Problems; there is
// no recipe then.
func Parse(name string, source []byte) (*Recipe, error) {
	f := &file{name: name, lines: strings.Split(lineEnds.Replace(string(source)), "\n")}
	root, ok := f.document(source)
	if !ok {
		return nil, f.err()
	}
	hash := sha256.Sum256(source)
	r := &Recipe{Source: string(source), Hash: hex.EncodeToString(hash[:]), processes: map[line.Kind]Process{}}
	r.header(root)
	r.cell(root)
	r.matching(root.section("matching"))
	r.materials(root)
	r.route(root)
	r.rework(root)
	r.stations(root.section("stations"))
	root.done()
	if err := f.err(); err != nil {
		return nil, err
	}
	r.prepare()
	return r, nil
}

// document checks the bounds and the YAML syntax and opens the one mapping that a recipe is.
func (f *file) document(source []byte) (*section, bool) {
	if at, text := unfit(source, f.lines); text != "" {
		f.report(at, "", "%s", text)
		return nil, false
	}
	tree, err := parser.ParseBytes(source, 0)
	if err != nil {
		at, text := 0, err.Error()
		var e yaml.Error
		if errors.As(err, &e) && e.GetToken() != nil && e.GetToken().Position != nil {
			at, text = min(e.GetToken().Position.Line, len(f.lines)), e.GetMessage()
		}
		f.report(at, "", "this is no YAML: %s", text)
		return nil, false
	}
	var bodies []ast.Node
	for _, d := range tree.Docs {
		if d != nil && d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) != 1 {
		f.report(0, "", "want one recipe, found %d; keep one revision in one file", len(bodies))
		return nil, false
	}
	root := f.mapping(bodies[0], "", 0)
	return root, !root.absent
}

// unfit finds what is refused before the YAML parser sees it.
func unfit(source []byte, lines []string) (at int, text string) {
	if len(source) > maxSource {
		return 0, fmt.Sprintf("the file has %d bytes, more than %d; a recipe is never that long", len(source), maxSource)
	}
	if !utf8.Valid(source) {
		return 0, "the file is not UTF-8; save it as UTF-8"
	}
	depth := 0
	for i, l := range lines {
		if len(l) > maxLine {
			return 0, fmt.Sprintf("line %d has %d bytes, more than %d; break it", i+1, len(l), maxLine)
		}
		depth += strings.Count(l, "{") + strings.Count(l, "[") - strings.Count(l, "}") - strings.Count(l, "]")
		if depth > maxNesting {
			return i + 1, fmt.Sprintf("more than %d brackets are open; close them", maxNesting)
		}
	}
	return 0, ""
}

func (r *Recipe) header(s *section) {
	r.Product = s.text("product", "the product's name, for example EV-P1")
	s.matches("product", r.Product, productPattern, "at most 24 capital letters, digits and hyphens, for example EV-P1")
	r.Revision = s.text("revision", "the revision, for example 1")
	s.matches("revision", r.Revision, revisionPattern, "at most 16 letters, digits, dots, underscores and hyphens")
	r.Title = s.text("title", "the product in words")
	r.Status = s.oneOf("status", "draft", "approved", "withdrawn")
	r.Author = s.text("author", "who wrote this revision")
	r.Approver = s.textOr("approver", "who approved this revision", "")
	if r.Status == "approved" && r.Approver == "" {
		s.wrong("approver", "is missing although the status is approved; name who approved it, or set the status to draft")
	}
	if r.Approver != "" && strings.EqualFold(r.Approver, r.Author) {
		s.wrong("approver", "%s is also the author; another person must approve", r.Approver)
	}
	r.Chemistry = s.oneOf("chemistry", "LFP", "NMC")
	r.Series = s.count("series", 1, 400)
	r.Parallel = s.count("parallel", 1, 200)
	r.Modules = s.count("modules", 1, 100)
	if r.Series > 0 && r.Modules > 0 && r.Series%r.Modules != 0 {
		s.wrong("modules", "%d groups in series cannot be divided into %d equal modules; give a divisor of %d", r.Series, r.Modules, r.Series)
	}
	r.SerialPrefix = s.text("serial_prefix", "the first characters of the serial")
	s.matches("serial_prefix", r.SerialPrefix, prefixPattern, "at most 16 capital letters, digits and hyphens")
	n := s.section("nominal")
	r.NominalV = n.quantity("voltage", "V")
	r.CapacityAh = n.quantity("capacity", "Ah")
	r.MassKg = n.quantity("mass", "kg")
	n.done()
}

// matches checks a text that was given against a pattern, said in words.
func (s *section) matches(key, text string, pattern *regexp.Regexp, want string) {
	if text != "" && !pattern.MatchString(text) {
		s.wrong(key, "%q does not fit; give %s", text, want)
	}
}

func (r *Recipe) cell(root *section) {
	s := root.section("cell")
	quantity := s.count("quantity", 1, 80_000)
	r.Cell = Cell{
		Item:         s.text("item", "the cell type, as in the supplier's shipping notice"),
		Lane:         s.count("lane", 1, 16),
		CodePattern:  s.text("code_pattern", "a regular expression for the code on the cell"),
		MinCodeGrade: s.oneOf("min_code_grade", "A", "B", "C", "D", "F"),
		MaxAge:       s.span("max_age"),
		MaxLots:      s.count("max_lots", 1, 100),
		MinSOC:       s.quantity("min_soc", "%"),
		MaxSOC:       s.quantity("max_soc", "%"),
		Remeasure:    s.count("remeasure", 0, 2),
		Validity:     s.span("validity"),
	}
	if _, err := regexp.Compile(r.Cell.CodePattern); err != nil {
		s.wrong("code_pattern", "is no regular expression: %v", err)
	}
	if r.Cell.MinSOC > r.Cell.MaxSOC || r.Cell.MaxSOC > 100 {
		s.wrong("max_soc", "want a state of charge from min_soc to 100 %%, found %g %%", r.Cell.MaxSOC)
	}
	if n := r.Cells(); n > 0 && quantity > 0 && n != quantity {
		s.wrong("quantity", "%dS%dP needs %d cells, not %d; correct the quantity, series or parallel", r.Series, r.Parallel, n, quantity)
	}
	s.done()
}

func (r *Recipe) matching(s *section) {
	r.Matching = Matching{
		Strategy:       s.oneOf("strategy", "window", "bins"),
		CapacitySpread: s.quantity("capacity_spread", "%"),
		OCVSpread:      s.quantity("ocv_spread", "V"),
		ACIRSpread:     s.quantityOr("acir_spread", "Ω"),
		MinCapacity:    s.quantityOr("min_capacity", "Ah"),
	}
	if g, ok := s.optional("group"); ok {
		r.Matching.OCVSpreadGroup = g.quantityOr("ocv_spread", "V")
		r.Matching.ACIRSpreadGroup = g.quantityOr("acir_spread", "%")
		r.Matching.CapacitySpreadGroup = g.quantityOr("capacity_spread", "%")
		if r.Parallel == 1 {
			s.wrong("group", "a group of one cell has no spread; remove it, or give parallel more than 1")
		}
		g.done()
	}
	b, ok := s.optional("bins")
	if ok {
		r.Matching.CapacityBin = b.quantity("capacity", "Ah")
		r.Matching.OCVBin = b.quantity("ocv", "V")
		r.Matching.ACIRBin = b.quantity("acir", "Ω")
		b.done()
	} else if r.Matching.Strategy == "bins" {
		s.wrong("bins", "is missing although the strategy is bins; give capacity, ocv and acir, the widths of a bin")
	}
	for _, positive := range []struct {
		in    *section
		key   string
		value float64
	}{
		{s, "capacity_spread", r.Matching.CapacitySpread},
		{s, "ocv_spread", r.Matching.OCVSpread},
		{b, "capacity", r.Matching.CapacityBin},
		{b, "ocv", r.Matching.OCVBin},
		{b, "acir", r.Matching.ACIRBin},
	} {
		if positive.in.has(positive.key) && positive.value == 0 {
			positive.in.wrong(positive.key, "no two cells are equal; give more than zero")
		}
	}
	s.done()
}

func (r *Recipe) materials(root *section) {
	seen := map[string]int{}
	for _, s := range root.sections("materials") {
		m := Material{
			Item:     s.text("item", "the material's name"),
			Kind:     line.Kind(s.oneOf("step", words(line.Kinds[:9])...)),
			Level:    s.oneOf("level", "lot", "serial"),
			Quantity: 0,
		}
		m.Quantity, _ = s.number("quantity")
		u, ok := s.unit("unit", s.text("unit", `the unit, "1" for pieces`), "")
		if ok {
			m.Unit, m.Quantity = u.Base, toBase(m.Quantity, u)
		}
		if s.has("quantity") && m.Quantity <= 0 {
			s.wrong("quantity", "a pack uses more than nothing of a material; give a number above zero, or remove the material")
		}
		if first, twice := seen[m.Item+" "+string(m.Kind)]; twice && m.Item != "" {
			s.wrong("item", "%s stands on line %d already for this step; add the quantities", m.Item, first)
		}
		seen[m.Item+" "+string(m.Kind)] = s.at
		r.Materials = append(r.Materials, m)
		s.done()
	}
}

func words[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

func (r *Recipe) rework(root *section) {
	var seen []line.Kind
	for _, s := range root.sections("rework") {
		w := Rework{
			Step:        line.Kind(s.oneOf("step", words(line.Kinds[:9])...)),
			MaxPerIndex: s.count("max_per_index", 0, 10),
			MaxPerPack:  s.count("max_per_pack", 0, 1000),
			Authorised:  s.oneOf("authorised", roles...),
		}
		if slices.Contains(seen, w.Step) {
			s.wrong("step", "%s has its rework above already; keep one", w.Step)
		}
		seen = append(seen, w.Step)
		if _, ok := r.Step(w.Step); !ok && slices.Contains(line.Kinds, w.Step) {
			s.wrong("step", "%s is no step of the route; add it to the route or remove its rework", w.Step)
		}
		for _, name := range s.texts("invalidates") {
			k := line.Kind(name)
			if _, ok := r.Step(k); !ok {
				s.wrong("invalidates", "%s is no step of the route; name steps of the route", name)
			} else if slices.Index(line.Kinds, k) < slices.Index(line.Kinds, w.Step) {
				s.wrong("invalidates", "%s comes before %s and no pack goes back to it; name %s or later steps", name, w.Step, w.Step)
			}
			w.Invalidates = append(w.Invalidates, k)
		}
		if _, inspected := r.Step(line.Inspect); inspected && w.Step == line.Weld && !slices.Contains(w.Invalidates, line.Inspect) {
			s.wrong("invalidates", "a joint that is welded again must be inspected again; add inspect")
		}
		r.Rework = append(r.Rework, w)
		s.done()
	}
}

// roles that may decide about a part, after the table of roles of the operators' manual.
var roles = []string{"Operator", "TeamLeader", "Maintenance", "ProcessEngineer", "Quality"}
