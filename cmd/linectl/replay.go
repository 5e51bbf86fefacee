package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/supervisor"
	"linectl/traceability"
)

func newReplay() *cobra.Command {
	r := &replayer{}
	var data, config, until string
	var asJSON bool
	c := &cobra.Command{
		Use: "replay --config line.yaml", Short: "Replays the records through the line and says whether it decides the same again; exits 1 if not", Args: cobra.NoArgs,
		Long: `Replays the records, entry by entry, through a line that has seen nothing, beside a running supervisor or without one. Every entry that
the line had to decide is decided again from the entries before it: the next act and its parameters, the verdict of every measured
value, which cells match, where a part goes, how a pack ends. What devices told and people asked for is taken as it stands. At the
end the line's state is compared with the store's tables, which other code has made of the same journal. No device and no order is
touched, and nothing is written.

--until shows the line as it was after an entry, or at a time, and what happened around it. --station and --pack keep to one station or
pack: its state, questions and alarms, and the entries about it. Orders and holds are of the whole line and stay.`,
		Example: `  linectl replay --config line.yaml
  linectl replay --config line.yaml --until 100
  linectl replay --config line.yaml --until 2026-11-23T09:12:00Z --station ST060 --around 20
  linectl replay --config line.yaml --until 100 --pack EV-P1-000001 --json`,
	}
	c.Flags().StringVar(&config, "config", "", "line.yaml of these records")
	c.Flags().StringVar(&data, "data", defaultData, "data directory with the records")
	c.Flags().StringVar(&until, "until", "", "stop after this entry of the journal, or at this time, for example 2026-11-23T09:12:00Z")
	c.Flags().IntVar(&r.around, "around", 10, "with --until: show so many entries before and after")
	c.Flags().StringVar(&r.station, "station", "", "with --until: show this station only")
	c.Flags().StringVar(&r.pack, "pack", "", "with --until: show this pack only")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if config == "" {
			return usagef("replay wants --config line.yaml: which stations the line has stands there and not in the records")
		}
		if err := r.until(until); err != nil {
			return err
		}
		files, err := loadLine(config)
		if err != nil {
			return err
		}
		reader, err := traceability.OpenReader(data)
		if err != nil {
			return err
		}
		defer reader.Close()
		result, err := r.run(c.Context(), reader, supervisorConfig(files))
		if err != nil {
			return fmt.Errorf("%s: %w", data, err)
		}
		if asJSON {
			err = printJSON(c, result)
		} else {
			err = writeReplay(c.OutOrStdout(), result)
		}
		if err == nil && !result.Agrees {
			err = errors.New("the records do not explain themselves; see the first contradiction, and linectl trace verify")
		}
		return err
	}
	return c
}

// replayer is one replay: where it stops, and what of the journal around that it shows.
type replayer struct {
	seq           uint64    // stop after this entry; 0 = no such end
	time          time.Time // stop before the first entry later than this; zero = no such end
	around        int
	station, pack string
}

// replayed is what came of it.
type replayed struct {
	Agrees         bool                       `json:"agrees"`
	Entries        uint64                     `json:"entries"` // that were followed
	From           time.Time                  `json:"from,omitzero"`
	To             time.Time                  `json:"to,omitzero"`
	Decided        map[string]int             `json:"decided"` // entries that the line decides the same again, by kind
	Told           map[string]int             `json:"told"`    // entries that tell what came from outside, by kind
	Contradicted   int                        `json:"contradicted"`
	Contradictions []supervisor.Contradiction `json:"contradictions"` // the first of them
	Broken         string                     `json:"broken,omitempty"`
	Tables         []string                   `json:"tables"`            // what the store's tables say otherwise
	Skipped        string                     `json:"skipped,omitempty"` // why the tables were not compared
	State          *line.Snapshot             `json:"state,omitempty"`   // with --until
	Around         []toldEntry                `json:"around,omitempty"`  // with --until
}

// toldEntry is an entry of the journal in plain words.
type toldEntry struct {
	Seq     uint64         `json:"seq"`
	At      time.Time      `json:"at"`
	Station line.StationID `json:"station,omitempty"`
	Pack    line.PackID    `json:"pack,omitempty"`
	Kind    string         `json:"kind"`
	Text    string         `json:"text"`
	After   bool           `json:"after,omitempty"` // it comes after the state that is shown
}

// until reads where to stop.
func (r *replayer) until(text string) (err error) {
	if r.around < 0 || r.around > 10000 {
		return usagef("--around %d: want a number from 0 to 10000", r.around)
	}
	if text == "" {
		if r.station != "" || r.pack != "" {
			return usagef("--station and --pack choose what is shown around --until")
		}
		return nil
	}
	if r.seq, err = strconv.ParseUint(text, 10, 63); err == nil && r.seq > 0 {
		return nil
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00"} {
		if r.time, err = time.Parse(form, text); err == nil {
			return nil
		}
	}
	return usagef("--until %q is neither the number of an entry, from 1, nor a time of the form 2026-11-23T09:12:00Z", text)
}

// run follows the journal. An error means that it could not be read; what it says is in the result.
func (r *replayer) run(ctx context.Context, reader *traceability.Reader, cfg supervisor.Config) (*replayed, error) {
	if err := r.known(ctx, reader, cfg); err != nil {
		return nil, err
	}
	replay, err := supervisor.NewReplay(cfg)
	if err != nil {
		return nil, err
	}
	out := &replayed{Contradictions: []supervisor.Contradiction{}, Tables: []string{}}
	last, after := []toldEntry{}, 0
	err = reader.Replay(ctx, 1, func(e line.Entry) error {
		if r.ends(e) {
			if out.Entries == 0 {
				return fmt.Errorf("the journal begins at %s, and --until %s is before that", e.At.UTC().Format(time.RFC3339Nano), r.time.UTC().Format(time.RFC3339Nano))
			}
			if after == r.around || out.Broken != "" {
				return errEnough
			}
			if r.shows(e) {
				after++
				out.Around = append(out.Around, inWords(e, true))
			}
			return nil
		}
		if err := replay.Follow(e); err != nil {
			out.Broken = err.Error()
			return errEnough
		}
		if out.Entries++; out.Entries == 1 {
			out.From = e.At
		}
		out.To = e.At
		if r.shows(e) {
			if len(last) >= max(r.around, 1) {
				last = slices.Delete(last, 0, 1)
			}
			last = append(last, inWords(e, false))
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if r.seq > out.Entries && out.Broken == "" {
		return nil, fmt.Errorf("the journal has %d entries and no entry %d", out.Entries, r.seq)
	}
	if r.stops() {
		out.State, out.Around = new(r.kept(replay.Snapshot())), append(last, out.Around...)
		out.Skipped = "they are of the end of the journal, and the replay stops before"
	} else if out.Broken == "" {
		replay.End()
		if err := out.compare(ctx, reader, replay.Snapshot()); err != nil {
			return nil, err
		}
	}
	out.Decided, out.Told, out.Contradicted, out.Contradictions = replay.Decided, replay.Told, replay.Contradicted, append(out.Contradictions, replay.Contradictions...)
	out.Agrees = out.Contradicted == 0 && out.Broken == "" && len(out.Tables) == 0
	return out, nil
}

func (r *replayer) stops() bool { return r.seq > 0 || !r.time.IsZero() }

// ends reports whether the entry comes after what is followed.
func (r *replayer) ends(e line.Entry) bool {
	return r.seq > 0 && e.Seq > r.seq || !r.time.IsZero() && e.At.After(r.time)
}

func (r *replayer) shows(e line.Entry) bool {
	return r.stops() && (r.station == "" || string(e.Station) == r.station) && (r.pack == "" || string(e.Pack) == r.pack)
}

// writeReplay shows what came of it to people.
func writeReplay(out io.Writer, r *replayed) error {
	if r.State != nil {
		fmt.Fprintf(out, "The line after entry %d, as its records tell it; what only its devices know is not among them.\n\n", r.Entries)
		if err := writeStatus(out, *r.State); err != nil {
			return err
		}
		if err := writeAround(out, r.Around); err != nil {
			return err
		}
	}
	for _, d := range r.Contradictions {
		fmt.Fprintf(out, "entry %d, %s, %s%s %s: %s\n", d.Seq, stamp(d.At), d.Kind, at(" at ", string(d.Station)), d.Pack, d.Text)
	}
	if n := r.Contradicted - len(r.Contradictions); n > 0 {
		fmt.Fprintf(out, "and %d more contradictions; one wrong entry makes others\n", n)
	}
	if r.Broken != "" {
		fmt.Fprintln(out, r.Broken)
	}
	for _, t := range r.Tables {
		fmt.Fprintln(out, "the store's tables: "+t)
	}
	fmt.Fprintf(out, "%d entries from %s to %s: %d decided the same again, %d told from outside, %d contradictions\n",
		r.Entries, stamp(r.From), stamp(r.To), sum(r.Decided), sum(r.Told), r.Contradicted)
	switch {
	case r.Skipped != "":
		fmt.Fprintf(out, "the store's tables were not compared: %s\n", r.Skipped)
	case r.Broken == "" && len(r.Tables) == 0:
		fmt.Fprintln(out, "the store's tables say the same of every order and pack")
	}
	verdict := "the replay agrees"
	if !r.Agrees {
		verdict = "the replay does not agree"
	}
	_, err := fmt.Fprintln(out, verdict)
	return err
}

func writeAround(out io.Writer, list []toldEntry) error {
	if len(list) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nENTRY\tUTC\tSTATION\tPACK\tWHAT HAPPENED")
	for i, e := range list {
		if e.After && (i == 0 || !list[i-1].After) {
			fmt.Fprintln(w, "\t\t\t\t──── the state above; what follows came later ────")
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", e.Seq, e.At.UTC().Format("15:04:05.000"), dash(string(e.Station)), dash(string(e.Pack)), e.Text)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

func at(before, place string) string {
	if place == "" {
		return ""
	}
	return before + place
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// inWords says an entry in plain words, on one line.
func inWords(e line.Entry, after bool) toldEntry {
	return toldEntry{
		Seq: e.Seq, At: e.At, Station: e.Station, Pack: e.Pack, Kind: line.FactName(e.Fact), After: after,
		Text: strings.ReplaceAll(factWords(e.Fact), "\n", "; "),
	}
}
