package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
)

// setMode changes the unit mode of a station, or of every station that is not in it yet. At the whole line all follow or none.
func (l *Line) setMode(now time.Time, c line.SetMode, q line.Request) (string, error) {
	mode, err := packml.ParseMode(c.Mode)
	switch {
	case err != nil:
		return "", err
	case q.By == "" || strings.TrimSpace(q.Why) == "":
		return "", errors.New("a change of mode needs who asks and why")
	}
	if c.Target != "line" {
		s, err := l.named(c.Target)
		if err != nil {
			return "", err
		}
		if err := s.SetMode(now, mode, q.By, q.Why); err != nil {
			return "", err
		}
		return fmt.Sprintf("%s is in mode %s", s.ID, mode), nil
	}
	others := slices.DeleteFunc(slices.Clone(l.stations), func(s *station) bool { return s.Mode() == mode })
	var refused []error
	for _, s := range others {
		if err := s.ModeRefusal(mode); err != nil {
			refused = append(refused, err)
		}
	}
	switch {
	case len(others) == 0:
		return "", fmt.Errorf("every station is in mode %s already", mode)
	case len(refused) > 0:
		return "", fmt.Errorf("no mode was changed: %w", errors.Join(refused...))
	}
	for _, s := range others {
		if err := s.SetMode(now, mode, q.By, q.Why); err != nil {
			return "", err // asked a moment ago: it does not come
		}
	}
	return fmt.Sprintf("%d stations are in mode %s", len(others), mode), nil
}

// modes counts the stations by their mode, in the order of the route.
func (l *Line) modes() string {
	return tally(l.stations, func(s *station) string { return s.Mode().String() })
}

// modeWords says of a station that is not in production who chose so, and why.
func (s *station) modeWords() string {
	f := s.figures.mode
	return fmt.Sprintf("in mode %s by %s since %s: %s", s.Mode(), f.By, s.figures.moded.UTC().Format("2 Jan 15:04 MST"), f.Why)
}
