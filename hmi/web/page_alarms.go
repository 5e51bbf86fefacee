package web

var alarmsPage = Page{Name: "alarms", Path: "/alarms", Title: "Alarms", Menu: true, Data: func(v *View) any {
	return &alarmsView{Standing: v.Standing(), Away: v.Away(), Complete: v.Cleared}
}}

type alarmsView struct {
	Standing []Alarm
	Away     []Alarm
	Complete bool
}
