package web

import "strings"

var promptsPage = Page{Name: "prompts", Path: "/prompts", Title: "Questions", Menu: true, Data: func(v *View) any { return prompts(v) }}

// prompt is one question of the line that waits for a person.
type prompt struct {
	Name    string
	Station string
	Pack    string
	Text    Words
	Options []string
	Input   Words // what has to be scanned or typed; empty if nothing
	Since   string
	Answer  Button
}

func prompts(v *View) []prompt {
	texts, stations, packs := v.Texts("Line.PromptTexts"), v.Names("Line.PromptStations"), v.Names("Line.PromptPacks")
	options, inputs, since := v.Names("Line.PromptOptions"), v.Texts("Line.PromptInputs"), v.Moments("Line.PromptSince")
	list := []prompt{}
	for i, name := range v.Names("Line.Prompts") {
		if i >= len(texts) || i >= len(stations) || i >= len(packs) || i >= len(options) || i >= len(inputs) || i >= len(since) {
			break // the lists are heard one after the other
		}
		list = append(list, prompt{
			Name: name, Station: stations[i], Pack: packs[i], Text: texts[i], Options: strings.Split(options[i], "|"), Input: inputs[i],
			Since: v.Since(since[i]), Answer: v.Ask("Line.AnswerPrompt", "").With("Prompt", name),
		})
	}
	return list
}
