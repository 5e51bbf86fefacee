package web

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

// Page is one screen: this value, a template of its name, and words in the catalogue. It is live by itself.
type Page struct {
	Name  string // of the template file
	Path  string // "/station/{id}"
	Title string // English, a key of the catalogue
	Menu  bool   // stands in the menu
	More  bool   // stands in the menu's second part, which opens
	Bare  bool   // without menu and buttons: for a wall
	// Data makes what the template shows as .D. It is called at every change and must be pure: what it needs is in the view. Nil
	// means that there is no such thing, and the page is not found.
	Data func(*View) any
	// Read gets what the page shows of the records, if it shows any. It runs when the page is opened, and then every Again; 0 means
	// once. The template "leaf" writes it out, and {{.Leaf.Body}} in "main" shows that.
	Read  func(context.Context, asker, *View) (any, error)
	Again time.Duration
}

// pages are all screens, those of the menu in its order.
var pages = []*Page{&overviewPage, &stationPage, &alarmsPage, &promptsPage, &materialsPage, &quarantinePage, &partsPage, &partPage, &ordersPage, &shiftPage, &diagnosticsPage, &wallPage}

// find returns the page of a path, and what stands in it for {id}.
func find(path string) (*Page, string) {
	for _, p := range pages {
		if p.Path == path {
			return p, ""
		}
		before, _, ok := strings.Cut(p.Path, "{id}")
		if arg, found := strings.CutPrefix(path, before); ok && found && arg != "" && !strings.Contains(arg, "/") {
			return p, arg
		}
	}
	return nil, ""
}

// Menu lists the pages of the menu.
func (v *View) Menu() []*Page {
	var list []*Page
	for _, p := range pages {
		if p.Menu {
			list = append(list, p)
		}
	}
	return list
}

// Rest lists the pages of the menu's second part.
func (v *View) Rest() []*Page {
	var list []*Page
	for _, p := range pages {
		if p.More {
			list = append(list, p)
		}
	}
	return list
}

// InRest reports whether this page is one of the menu's second part.
func (v *View) InRest() bool { return v.Page.More }

// templates are the parsed templates of each page, by its name; the empty name is that of the login.
type templates map[string]*template.Template

func loadTemplates(static string) (templates, error) {
	base, err := template.New("base").Funcs(template.FuncMap{
		"static": func(name string) string { return static + name },
		"args":   func(m map[string]string) (string, error) { b, err := json.Marshal(m); return string(b), err },
		"join":   strings.Join,
		"list":   func(v ...any) []any { return v },
	}).ParseFS(templateFiles, "templates/layout.html", "templates/common.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	all := templates{}
	names := []string{"login"}
	for _, p := range pages {
		names = append(names, p.Name)
	}
	for _, name := range names {
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(templateFiles, "templates/"+name+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", name, err)
		}
		all[name] = t
	}
	return all, nil
}

// render makes a page, or the part of it that lives.
func (t templates) render(part string, v *View) ([]byte, bool, error) {
	if v.D = v.Page.Data(v); v.D == nil {
		return nil, false, nil
	}
	var b bytes.Buffer
	if err := t[v.Page.Name].ExecuteTemplate(&b, part, v); err != nil {
		return nil, true, fmt.Errorf("page %s: %w", v.Page.Name, err)
	}
	return b.Bytes(), true, nil
}
