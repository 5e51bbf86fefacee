package web

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// partJSON gives a dossier as the gateway tells it.
func (s *Server) partJSON(w http.ResponseWriter, r *http.Request) {
	var told json.RawMessage
	if s.takeAlong(w, r, "json", &told) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(told) // a browser that is gone needs nothing
	}
}

// partCSV gives every value that was measured on a pack, one in a row.
func (s *Server) partCSV(w http.ResponseWriter, r *http.Request) {
	var d dossier
	if !s.takeAlong(w, r, "csv", &d) {
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	out := csv.NewWriter(w)
	defer out.Flush()
	_ = out.Write([]string{
		"pack", "simulated", "at", "station", "device", "act", "index", "attempt", "rework", "act_verdict", "value_of", "value_index", "value", "unit", "lsl", "usl", "verdict", "code",
	})
	for _, a := range d.Attempts {
		for _, m := range a.Measurements {
			_ = out.Write([]string{
				cell(d.Pack), strconv.FormatBool(a.Simulated), a.At.UTC().Format(time.RFC3339Nano), cell(a.Station), cell(a.Device), cell(a.Name), strconv.Itoa(a.Index),
				strconv.Itoa(a.Attempt), strconv.FormatBool(a.Rework), cell(a.Verdict), cell(m.Name), strconv.Itoa(m.Index), exact(m.Value), cell(m.Unit), exact(m.LSL),
				exact(m.USL), cell(string(m.Verdict)), cell(m.Code),
			})
		}
	}
}

// cell keeps a text from being a formula where the file is opened in a spreadsheet.
func cell(text string) string {
	if strings.HasPrefix(text, "=") || strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") || strings.HasPrefix(text, "@") {
		return "'" + text
	}
	return text
}

// exact writes a number as it is, and nothing where there is none.
func exact(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

// takeAlong reads a dossier for a file that the browser keeps, or answers why there is none and reports false.
func (s *Server) takeAlong(w http.ResponseWriter, r *http.Request, kind string, into any) bool {
	o, _ := s.sessions.of(r, s.secure, time.Now())
	if o == nil {
		http.Error(w, "log in", http.StatusUnauthorized)
		return false
	}
	o.touch(time.Now())
	id := r.URL.Query().Get("id")
	if err := o.link.whole(r.Context(), into, "Line.ReadPart", id); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return false
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(id)+"."+kind+`"`)
	return true
}

// fileName keeps of a part's name what every file system takes.
func fileName(id string) string {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, id)
	return name[:min(len(name), 64)]
}
