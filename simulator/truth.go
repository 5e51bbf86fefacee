package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"linectl/line"
)

// What says what kind of thing an event of the ground truth is.
type What string

// The kinds of event. The world's state is a fold of them.
const (
	Begun    What = "begun"     // the plant was set up; Text is its seed
	Made     What = "cell-made" // a cell came out of the magazine into the nest; Values are its true properties
	Moved    What = "moved"     // Part left Station for To: a station, "bin 5" or "lane 1" of the cell store
	Arrived  What = "arrived"   // Part was taken from the entry of Station into its nest
	Placed   What = "placed"    // Cell lies in slot Index of pack Part: genealogy as it physically is
	Effect   What = "effect"    // an irreversible act on Part: seam, bead, screw, label, … Values are its true outcome
	Measured What = "measured"  // an act ended; Values are what the instrument showed
	Serviced What = "serviced"  // a tool was cleaned, dressed or replaced
	Worn     What = "worn"      // a tool was worn or soiled by something else than its work; Task is the weld it is for
	Exit     What = "exit"      // Part left the line to To (ST910 or ST999)
	Carried  What = "carried"   // a person carried Part, a pack, out of quarantine to the station To
	Freed    What = "freed"     // the device was told that the result of Token is on record, and no longer waits with it
	Fenced   What = "void"      // the device was told that Token is given up: from now on it may forget what became of it; Text says if it had refused Token
	Wrong    What = "clock"     // the line of that fence was started while its computer's clock was ahead by Text (below zero: behind)
	Struck   What = "fault"     // an injected fault struck an act, or began; Text is the fault. It changes nothing by itself
)

// Event is one line of the plant's ground truth: what physically happened, whoever asked for it. It is written by the
// physics, never by the protocol side, so that it can be held against what the line has recorded.
type Event struct {
	N       uint64             `json:"n"`  // 1, 2, 3 … without gaps
	At      time.Time          `json:"at"` // true time
	What    What               `json:"what"`
	Station line.StationID     `json:"station,omitempty"`
	Device  line.DeviceID      `json:"device,omitempty"` // that acted; empty for what happens by itself
	Part    string             `json:"part,omitempty"`   // the pack; for an act on a single cell its body
	Cell    line.CellID        `json:"cell,omitempty"`   // true code of the cell, where one is concerned
	Body    string             `json:"body,omitempty"`   // magazine lane and number of that cell, "1-37": no two cells share it
	Index   int                `json:"index,omitempty"`  // slot, joint, module, screw or step
	Task    line.Task          `json:"task,omitempty"`
	Attempt int                `json:"attempt,omitempty"` // 1 for the first time that this task was done at this index of the part
	Rework  bool               `json:"rework,omitempty"`
	Token   line.Token         `json:"token,omitempty"`
	Fence   uint16             `json:"fence,omitempty"`  // of the supervisor that asked
	Params  string             `json:"params,omitempty"` // hash of the parameters that the act was done with, hexadecimal
	Text    string             `json:"text,omitempty"`   // serial on a label, or as said at What
	Values  map[string]float64 `json:"values,omitempty"` // base units by name; what could not be measured is absent
	To      string             `json:"to,omitempty"`
}

// ReadTruth reads a ground truth file. A torn last line, as a killed plant leaves it, is left out; any other damage is an
// error with the line's number.
func ReadTruth(path string) ([]Event, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, fmt.Errorf("ground truth: %w", err)
	}
	events, _, err := parseTruth(path, data)
	return events, err
}

// parseTruth also returns the length of the whole lines.
func parseTruth(path string, data []byte) (events []Event, whole int, err error) {
	for len(data) > 0 {
		row, rest, ended := bytes.Cut(data, []byte("\n"))
		if !ended {
			break
		}
		var e Event
		if err := json.Unmarshal(row, &e); err != nil {
			return nil, 0, fmt.Errorf("%s:%d: %w; the ground truth is damaged, start the plant in a new directory", path, len(events)+1, err)
		}
		if want := uint64(len(events) + 1); e.N != want {
			return nil, 0, fmt.Errorf("%s:%d: event %d, want %d; the ground truth is damaged, start the plant in a new directory", path, want, e.N, want)
		}
		events, data, whole = append(events, e), rest, whole+len(row)+1
	}
	return events, whole, nil
}

// truthLog appends to the file. Each event is one write, so that it outlives the process the moment emit returns; the plant
// does not claim to outlive its machine.
type truthLog struct {
	path string
	file *os.File
}

// openTruth reads what stands in the file, cuts a torn last line off and goes on from there.
func openTruth(path string) (*truthLog, []Event, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // the caller names the directory
	if err != nil {
		return nil, nil, fmt.Errorf("ground truth: %w", err)
	}
	data, err := io.ReadAll(f)
	if err == nil {
		events, whole, perr := parseTruth(path, data)
		if perr == nil {
			if err = f.Truncate(int64(whole)); err == nil {
				return &truthLog{path, f}, events, nil
			}
		}
		err = errors.Join(err, perr)
	}
	return nil, nil, errors.Join(fmt.Errorf("ground truth: %w", err), f.Close())
}

func (l *truthLog) append(e Event) error {
	row, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("ground truth event %d: %w", e.N, err)
	}
	if _, err := l.file.Write(append(row, '\n')); err != nil {
		return fmt.Errorf("ground truth event %d: %w", e.N, err)
	}
	return nil
}

// emit is the only way in which the world changes: the event is written and then applied.
func (p *Plant) emit(e Event) {
	e.N, e.At = p.world.n+1, e.At.UTC()
	if d := p.devices[e.Device]; d != nil && !d.Class.Tokens() {
		e.Token, e.Fence = 0, 0 // the device was told none; what it numbers its jobs with is its own
	}
	if p.truth != nil {
		if err := p.truth.append(e); err != nil {
			p.broken = err
			return
		}
	}
	if p.cfg.Witness != nil {
		p.cfg.Witness(e)
	}
	p.apply(e)
}
