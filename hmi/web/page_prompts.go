package web

var promptsPage = Page{Name: "prompts", Path: "/prompts", Title: "Questions", Menu: true, Data: func(*View) any { return &promptsView{} }}

type promptsView struct{}
