package checker

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Evidence is all that is known of a run.
type Evidence struct {
	Truth   []Happening // in the order in which it happened
	Journal []Entry     // by sequence
	Asked   []Ask       // what people asked for and were told
	Deaths  []Death     // ends of the supervisor, in their order; nil where nobody has watched them
	Samples []Sample    // what the supervisor took of its computer, in their order; nil where nobody has looked
	Timed   bool        // the run owned its clock, so bounds of time are held too: on a computer that others use they say nothing
	Ended   bool        // the run was brought to an orderly end: nothing may be left open
}

// Happening is one line of the ground truth.
type Happening struct {
	N       uint64             `json:"n"`
	At      time.Time          `json:"at"`
	What    string             `json:"what"`
	Station string             `json:"station"`
	Device  string             `json:"device"`
	Part    string             `json:"part"`
	Cell    string             `json:"cell"`
	Body    string             `json:"body"`
	Index   int                `json:"index"`
	Task    int                `json:"task"`
	Rework  bool               `json:"rework"`
	Token   string             `json:"token"`
	Fence   int                `json:"fence"`
	Text    string             `json:"text"`
	Params  string             `json:"params"` // hash of the parameters
	Values  map[string]float64 `json:"values"`
	To      string             `json:"to"`
}

// Entry is one row of the journal as it is stored. A store that keeps no hashes leaves Hash empty.
type Entry struct {
	Seq                 uint64
	Kind, Pack, Station string
	Micros              int64 // UTC µs since 1970
	Body, Hash          []byte
}

// At is when it was recorded.
func (e Entry) At() time.Time { return time.UnixMicro(e.Micros).UTC() }

// Ask is one request of a person, as the person's own side saw it.
type Ask struct {
	Request string `json:"request"` // its id
	By      string `json:"by"`
	Told    string `json:"told"` // "done", "refused", or "nothing" when no answer came
}

// ReadTruth reads a ground truth, one JSON object a line. A torn last line, as a killed plant leaves it, is left out.
func ReadTruth(r io.Reader) ([]Happening, error) {
	var all []Happening
	err := eachLine(r, func(n int, text string) error {
		var h Happening
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			return fmt.Errorf("ground truth, line %d: %w", n, err)
		}
		all = append(all, h)
		return nil
	})
	return all, err
}

// ReadAsked reads a history, one JSON object a line.
func ReadAsked(r io.Reader) ([]Ask, error) {
	var all []Ask
	err := eachLine(r, func(n int, text string) error {
		var a Ask
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			return fmt.Errorf("history, line %d: %w", n, err)
		}
		if a.Told != "done" && a.Told != "refused" && a.Told != "nothing" {
			return fmt.Errorf("history, line %d: told %q; want done, refused or nothing", n, a.Told)
		}
		all = append(all, a)
		return nil
	})
	return all, err
}

func eachLine(r io.Reader, do func(n int, text string) error) error {
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		text, err := lines.ReadString('\n')
		if err == io.EOF { // a last line without its end was torn
			return nil
		}
		if err != nil {
			return err
		}
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if err := do(n, text); err != nil {
			return err
		}
	}
}
