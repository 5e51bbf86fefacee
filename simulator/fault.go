package simulator

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"linectl/line"
)

// FaultName names a fault of the catalogue (Catalogue).
type FaultName string

// Fault is one thing that goes wrong in the virtual plant: what, where, when, and for how long. It is a value that a person can
// write and read: ParseFault and String are the inverse of each other.
//
// All times are real time, which the plant's speed does not divide: so are the times in which the supervisor reacts.
type Fault struct {
	Name   FaultName
	Target string        // a device, "ST060.welder", or a station, "ST060": every device of it
	Noun   string        // with Index: the fault waits for the act at this place; a noun of package line
	Index  int           // from 1
	Part   string        // the fault waits for an act on this part: a pack, or the code of a cell
	After  time.Duration // it begins, or waits, only so long after it was injected
	For    time.Duration // how long it stands; 0 is until it is cleared, or what the catalogue says
	Times  int           // how many acts it strikes; 0 is one
	By     float64       // how much, in the catalogue's unit; 0 is what the catalogue says
}

// waits reports whether the fault waits for an act.
func (f Fault) waits() bool { return f.Index > 0 || f.Part != "" }

// String writes the fault as ParseFault reads it: "electrode-stuck ST060.welder at joint 23 of DRN-P3-000001".
func (f Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", f.Name, f.Target)
	clause := func(given bool, format string, args ...any) {
		if given {
			fmt.Fprintf(&b, " "+format, args...)
		}
	}
	clause(f.Index > 0, "at %s %d", f.Noun, f.Index)
	clause(f.Part != "", "of %s", f.Part)
	clause(f.After > 0, "after %s", f.After)
	clause(f.For > 0, "for %s", f.For)
	clause(f.Times > 0, "times %d", f.Times)
	clause(f.By > 0, "by %s", strconv.FormatFloat(f.By, 'g', -1, 64))
	return b.String()
}

// MarshalText is String.
func (f Fault) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is ParseFault.
func (f *Fault) UnmarshalText(text []byte) (err error) {
	*f, err = ParseFault(string(text))
	return err
}

// Bounds of a fault.
const (
	maxFaultText = 200
	maxFaultTime = 24 * time.Hour
	maxTimes     = 10000
	maxBy        = 1e9 // a clock may be thirty years wrong
)

// ParseFault reads
//
//	NAME TARGET [at joint|slot|module|screw|step N] [of PART] [after TIME] [for TIME] [times N] [by X]
//
// with the clauses in any order. The error says which word is wrong and what may stand there.
func ParseFault(text string) (Fault, error) {
	if len(text) > maxFaultText {
		return Fault{}, fmt.Errorf("a fault has at most %d characters, this one has %d", maxFaultText, len(text))
	}
	words := strings.Fields(text)
	if len(words) < 2 {
		return Fault{}, errors.New("a fault is a name and where: electrode-stuck ST060.welder at joint 23; names are listed by linectl fault names")
	}
	f := Fault{Name: FaultName(words[0]), Target: words[1]}
	seen := map[string]bool{}
	for words = words[2:]; len(words) > 0; {
		clause := words[0]
		if seen[clause] {
			return Fault{}, fmt.Errorf("%q stands twice", clause)
		}
		seen[clause] = true
		n, err := f.clause(words)
		if err != nil {
			return Fault{}, err
		}
		words = words[n:]
	}
	return f, f.check()
}

// clause reads the clause at the beginning of the words and returns how many it took.
func (f *Fault) clause(words []string) (took int, err error) {
	at := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	took = 2
	switch words[0] {
	case "at":
		took = 3
		f.Noun = at(1)
		if !nouns[f.Noun] {
			return 0, fmt.Errorf("at %q: want joint, slot, module, screw or step, and its number", f.Noun)
		}
		f.Index, err = count("at "+f.Noun, at(2), 1<<15)
	case "of":
		if f.Part = at(1); f.Part == "" || len(f.Part) > 32 {
			err = fmt.Errorf("of %q: want the id of a pack or the code of a cell", f.Part)
		}
	case "after":
		f.After, err = span("after", at(1))
	case "for":
		f.For, err = span("for", at(1))
	case "times":
		f.Times, err = count("times", at(1), maxTimes)
	case "by":
		f.By, err = strconv.ParseFloat(at(1), 64)
		if err != nil || !(f.By > 0 && f.By <= maxBy) {
			err = fmt.Errorf("by %q: want a number above zero", at(1))
		}
	default:
		err = fmt.Errorf("%q: want at, of, after, for, times or by", words[0])
	}
	return took, err
}

var nouns = map[string]bool{line.NounJoint: true, line.NounSlot: true, line.NounModule: true, line.NounScrew: true, line.NounStep: true}

func count(what, text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s %q: want a number from 1 to %d", what, text, most)
	}
	return n, nil
}

func span(what, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > maxFaultTime {
		return 0, fmt.Errorf("%s %q: want a time like 500ms or 20s, at most %s", what, text, maxFaultTime)
	}
	return d, nil
}

// check holds the fault to the catalogue.
func (f Fault) check() error {
	k, ok := FindFault(f.Name)
	switch {
	case !ok:
		return fmt.Errorf("there is no fault %q; the names are listed by linectl fault names", f.Name)
	case k.Strikes != nil && f.For > 0:
		return fmt.Errorf("%s strikes acts and does not last: say times N instead of for", f.Name)
	case k.Strikes == nil && f.Times > 0:
		return fmt.Errorf("%s lasts: say for TIME instead of times", f.Name)
	case k.Once && f.For > 0 && k.For == 0:
		return fmt.Errorf("%s happens at once and does not last", f.Name)
	case f.By > 0 && k.Unit == "":
		return fmt.Errorf("%s is so or not: by says nothing here", f.Name)
	}
	return nil
}

// covers reports whether the fault's target is the device or its station.
func (f Fault) covers(d *device) bool {
	return f.Target == string(d.ID) || f.Target == string(d.Station)
}

// meets reports whether an act is the one that the fault waits for.
func (f Fault) meets(a *act) bool {
	task := line.Task(a.Task)
	if f.Index > 0 && (task.Noun() != f.Noun || int(a.Index) != f.Index) {
		return false
	}
	if f.Part == "" || f.Part == a.Part {
		return true
	}
	return a.part != nil && (f.Part == a.part.name || f.Part == a.part.code)
}
