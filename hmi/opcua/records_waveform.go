package opcua

import (
	"context"
	"time"

	"linectl/line"
)

// WaveformRecords answers from the records how a weld ran.
type WaveformRecords interface {
	// Waveform returns the waveform with a hash beside the reference band of its pack's recipe. The error is one for people.
	Waveform(ctx context.Context, hash string) (*Waveform, error)
}

// Waveform is a waveform beside its reference bands. The bands are for looking at: no verdict follows from them.
type Waveform struct {
	Interval       time.Duration // between two samples
	Channels       []line.Compared
	OutsidePercent float64 // of all samples that have a band; NaN if none has
}

// readWaveform is the method that shows a weld. Its arrays hold channel after channel; as all channels have the same number of
// samples, the i-th channel begins at i times the number of samples through the number of channels.
func readWaveform(r WaveformRecords) Node {
	return Method{
		Browse: Browse{
			ID: Own("Line.ReadWaveform"), Parent: Own("Line"), Name: "ReadWaveform",
			Help: "The waveform of a weld beside the reference band of its recipe. The band judges nothing.",
		},
		Roles: line.Roles, Reads: true,
		In: []Argument{{"Hash", String, "SHA-256 of the waveform, as the dossier names it: joints, welds, waveform."}},
		Out: []Argument{
			{"Channels", Strings, "Their names."},
			{"Units", Strings, "Their units."},
			{"IntervalUs", Double, "Time between two samples, µs."},
			{"Samples", Doubles, "All of the first channel, then all of the second …; each has the same number."},
			{"Low", Doubles, "The band's lower edge at each sample; NaN where there is none."},
			{"High", Doubles, "Its upper edge."},
			{"OutsidePercent", Double, "Of the samples that have a band, how many lie outside; NaN if none has."},
			{"Text", Text, "Why there is no answer, and what to do."},
		},
		Call: func(ctx context.Context, _ Caller, args []any) ([]any, Status) {
			ctx, cancel := context.WithTimeout(ctx, recordTimeout)
			defer cancel()
			w, err := r.Waveform(ctx, args[0].(string))
			if err != nil {
				return []any{[]string{}, []string{}, 0.0, []float64{}, []float64{}, []float64{}, 0.0, err.Error()}, Refused
			}
			return w.outputs(), Done
		},
	}
}

func (w *Waveform) outputs() []any {
	names, units := []string{}, []string{}
	samples, low, high := []float64{}, []float64{}, []float64{}
	for _, c := range w.Channels {
		names, units = append(names, c.Name), append(units, c.Unit)
		for _, v := range c.Samples {
			samples = append(samples, float64(v))
		}
		low, high = append(low, c.Low...), append(high, c.High...)
	}
	return []any{names, units, float64(w.Interval) / float64(time.Microsecond), samples, low, high, w.OutsidePercent, ""}
}
