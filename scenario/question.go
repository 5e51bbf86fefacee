package scenario

import (
	"fmt"
	"slices"
	"strings"

	"linectl/line"
)

// question is a kind of question of the line, by the second part of its identity: "decide" in ST900/decide/ESS-P2-000001/1. A test
// holds the list to the supervisor.
type question struct {
	name    string
	asked   func(*Story, line.Kind) bool // at stations of this kind
	answers []string
	about   func(*Story, line.Kind, string) error // checks the third part
}

var questions = []question{
	{"decide", is(line.Bench), []string{"rework", "scrap"}, func(s *Story, _ line.Kind, pack string) error { return s.pack(pack) }},
	{"serial", (*Story).takesSerials, []string{"scanned"}, (*Story).used},
	{"missing", func(*Story, line.Kind) bool { return true }, []string{"write off"}, func(s *Story, _ line.Kind, part string) error { return s.part(part) }},
	{"cell", is(line.Stack), []string{"write off", "look again"}, nil},
	{"master", (*Story).hasMaster, []string{"hold the suspects", "measure again"}, nil},
	{"tool", func(s *Story, k line.Kind) bool { return len(s.services(k)) > 0 }, []string{"clean", "dress", "replace"}, (*Story).tool},
}

func is(want line.Kind) func(*Story, line.Kind) bool {
	return func(_ *Story, k line.Kind) bool { return k == want }
}

// question finds the kind of question that is meant by an identity, or by the beginning of one that ends with a part of it. A station
// alone means any of its questions: then none is returned.
func (s *Story) question(id string) (*question, error) {
	parts := strings.Split(id, "/")
	p, err := place(parts[0])
	if err != nil || len(parts) == 1 {
		return nil, err
	}
	var names []string
	for i := range questions {
		q := &questions[i]
		if !q.asked(s, p.Kind) {
			continue
		}
		if names = append(names, parts[0]+"/"+q.name); q.name != parts[1] {
			continue
		}
		if q.about != nil && len(parts) > 2 && parts[2] != "" {
			err = q.about(s, p.Kind, parts[2])
		}
		return q, err
	}
	return nil, fmt.Errorf("no question of %s begins with %q; they begin with %s", parts[0], id, strings.Join(names, ", "))
}

// answer reads "answer ST900/decide with rework", and after "and" what is scanned or typed with it.
func (s *Story) answer(w []string) (line.Command, error) {
	option, input, _ := strings.Cut(strings.Join(w[3:], " "), " and ")
	q, err := s.question(w[1])
	if err == nil && q != nil && !slices.Contains(q.answers, option) {
		err = fmt.Errorf("%q is no answer to %s; answers are %s", option, w[1], strings.Join(q.answers, ", "))
	}
	return line.AnswerPrompt{Prompt: w[1], Option: option, Input: input}, err
}

func (s *Story) takesSerials(k line.Kind) bool {
	for _, r := range s.recipes {
		for _, m := range r.Materials {
			if m.Kind == k && m.Level == "serial" {
				return true
			}
		}
	}
	return false
}

// tool checks the name of a wearing part.
func (s *Story) tool(k line.Kind, name string) error {
	var known []string
	for _, r := range s.recipes {
		if t := r.Process(k).Tool; t != nil && !slices.Contains(known, t.Name) {
			known = append(known, t.Name)
		}
	}
	if !slices.Contains(known, name) {
		return fmt.Errorf("no tool %q; there are %s", name, strings.Join(known, ", "))
	}
	return nil
}
