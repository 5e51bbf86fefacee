package checker

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"time"
)

// Where a pack goes that leaves the line: as good, or not.
const (
	good              = "ST999"
	quarantineStation = "ST910"
	taskRelease       = 1
)

// packs returns for each pack the entry that started it.
func (r *run) packs() map[string]*known {
	all := map[string]*known{}
	for _, k := range r.of("pack-started") {
		all[k.Entry.Pack] = k
	}
	return all
}

// disposed returns for each pack the entry that disposed of it. Two people may have taken it out of quarantine since: then the
// next one counts.
func (r *run) disposed() map[string]*known {
	all := map[string]*known{}
	for _, k := range r.of("pack-disposed", "quarantine-decided") {
		switch {
		case k.Kind == "quarantine-decided":
			delete(all, k.Entry.Pack)
		case all[k.Entry.Pack] == nil:
			all[k.Entry.Pack] = k
		}
	}
	return all
}

// takenOut reports whether two people had taken a pack out of quarantine by a moment, after another one.
func (r *run) takenOut(pack string, from, by time.Time) bool {
	return slices.ContainsFunc(r.of("quarantine-decided"), func(k *known) bool {
		return k.Entry.Pack == pack && k.Decision != "scrap" && k.At().After(from.Add(-clockError)) && !k.At().After(by.Add(clockError))
	})
}

var (
	routeStep  = regexp.MustCompile(`(?m)^  - (?:\{step: ([a-z]+)|step: ([a-z]+))`)
	routePart  = regexp.MustCompile(`(?ms)^route:\n(.*?)(?:^\S|\z)`)
	recipeWord = func(key string) *regexp.Regexp { return regexp.MustCompile(`(?m)^` + key + `: *"?([^"\s#]+)`) }
	statusWord = recipeWord("status")
	authorWord = recipeWord("author")
	approver   = recipeWord("approver")
)

// route reads the steps that a pack must have passed from a recipe's own text. Receiving and sorting concern cells.
func route(source string) []string {
	part := routePart.FindStringSubmatch(source)
	if part == nil {
		return nil
	}
	var steps []string
	for _, m := range routeStep.FindAllStringSubmatch(part[1], -1) {
		if step := m[1] + m[2]; step != "receive" && step != "sort" {
			steps = append(steps, step)
		}
	}
	return steps
}

// releasedByEvidence recomputes every release from the steps, the builds and the last verdict of every act after welding.
func releasedByEvidence(r *run, bad func(string, string, ...any)) {
	sources := map[string]string{}
	for _, k := range r.of("recipe-pinned") {
		sources[k.fact.Hash] = k.Source
	}
	started, disposed := r.packs(), r.disposed()
	issued := map[string]string{}
	for _, k := range r.of("pack-disposed") {
		if before := issued[k.Serial]; k.Serial != "" && before != "" && before != k.Entry.Pack {
			bad(k.where(), "serial %s was issued to %s before", k.Serial, before)
		}
		issued[k.Serial] = k.Entry.Pack
	}
	for _, h := range r.happened("exit") {
		if h.To != good {
			continue
		}
		d := disposed[h.Part]
		if d == nil || d.Disposition != "released" || started[h.Part] == nil {
			bad(h.where(), "it left as good and is not released")
			continue
		}
		if d.At().After(h.At) {
			bad(h.where(), "it left before it was released, in entry %d", d.Seq)
		}
		steps := route(sources[started[h.Part].fact.Hash])
		if len(steps) == 0 {
			bad(h.where(), "its recipe %s is not on record or has no route", started[h.Part].fact.Hash)
		}
		r.proven(h.Part, d, steps, func(format string, args ...any) { bad(d.where(), format, args...) })
	}
}

func (r *run) proven(pack string, released *known, steps []string, bad func(string, ...any)) {
	build, valid := 1, map[string]*known{}
	last := map[actRef]*known{}
	for i := range r.entries {
		k := &r.entries[i]
		if k.Entry.Pack != pack || k.Seq > released.Seq {
			continue
		}
		switch k.Kind {
		case "step-done":
			if k.Build == build {
				valid[k.Step] = k
			}
		case "rework-decided":
			build = k.Build
			for _, s := range append(slices.Clone(k.Invalidates), k.Step) {
				delete(valid, s)
			}
		case "act-done":
			last[actRef{k.Task, k.fact.Index}] = k
		case "quarantine-decided":
			if at := (actRef{k.Task, k.fact.Index}); k.Decision == "accept" && last[at] != nil && last[at].Token == k.Token {
				delete(last, at) // of what was done and could not be proven
			}
		case "act-quarantined":
			if why := r.unproven(k, released); why != "" {
				bad("%s", why)
			}
		}
	}
	for _, step := range steps {
		if k := valid[step]; k == nil || k.Verdict != "OK" {
			bad("it is released and step %s is not OK for build %d", step, build)
		}
	}
	for ref, k := range last {
		if ref.Task >= 50 && k.Verdict != "OK" {
			bad("it is released and the last verdict of %s is %q, in entry %d", act(ref.Task, ref.Index), k.Verdict, k.Seq)
		}
	}
}

func whereItBelongs(r *run, bad func(string, string, ...any)) {
	left := map[string]*Happening{}
	for i := range r.Truth {
		h := &r.Truth[i]
		before := left[h.Part]
		switch {
		case h.What == "carried" && (before == nil || before.To != quarantineStation):
			bad(h.where(), "it was carried out of quarantine and had not come there")
		case h.What == "carried" && !r.takenOut(h.Part, before.At, h.At):
			bad(h.where(), "it was carried out of quarantine before two people had decided it")
		case h.What == "carried":
			delete(left, h.Part)
		case h.What == "exit" && before != nil:
			bad(h.where(), "it had left already to %s", before.To)
		case h.What == "exit":
			left[h.Part] = h
		}
	}
	for pack, d := range r.disposed() {
		h := left[pack]
		switch {
		case d.Disposition == "released" && h == nil && r.Ended:
			bad(d.where(), "it is released and has not left")
		case h != nil && (h.To == good) != (d.Disposition == "released"):
			bad(d.where(), "it is %s and left to %s", d.Disposition, h.To)
		}
	}
}

// pinned holds each intent for a pack against the pack's recipe, and each recipe against its hash and its approval.
func pinned(r *run, bad func(string, string, ...any)) {
	for _, k := range r.of("recipe-pinned") {
		sum := sha256.Sum256([]byte(k.Source))
		if hex.EncodeToString(sum[:]) != k.fact.Hash {
			bad(k.where(), "the text of %s does not have the hash %.12s…", k.Product, k.fact.Hash)
		}
		word := func(re *regexp.Regexp) string {
			if m := re.FindStringSubmatch(k.Source); m != nil {
				return m[1]
			}
			return ""
		}
		if word(statusWord) != "approved" || word(authorWord) == "" || word(authorWord) == word(approver) {
			bad(k.where(), "the recipe of %s is %q, by %q, approved by %q", k.Product, word(statusWord), word(authorWord), word(approver))
		}
	}
	packs := r.packs()
	for _, k := range r.of("intent") {
		p := packs[k.Entry.Pack]
		if p != nil && k.RecipeHash != p.fact.Hash {
			bad(k.where(), "%s is built by recipe %.12s…, pinned is %.12s…", k.Entry.Pack, k.RecipeHash, p.fact.Hash)
		}
	}
}

func allDisposed(r *run, bad func(string, string, ...any)) {
	if !r.Ended {
		return
	}
	disposed, count := r.disposed(), map[string]int{}
	for pack, k := range r.packs() {
		if disposed[pack] == nil {
			bad(k.where(), "it has no disposition")
			continue
		}
		count[k.Order]++
	}
	for _, k := range r.of("order-added") {
		if count[k.Order] < int(k.Quantity) {
			bad(k.where(), "%d packs of order %s were ordered, %d have a disposition", int(k.Quantity), k.Order, count[k.Order])
		}
	}
}
