package main

import (
	"fmt"
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"linectl/line"
)

// progressView shows how far the packs are.
type progressView interface {
	show(s line.Snapshot)
	close()
}

const manyPacks = 12 // above this a bar for each would run off the screen

// newProgress shows bars on a terminal and lines elsewhere.
func newProgress(out io.Writer, packs int) progressView {
	f, ok := out.(*os.File)
	if term := os.Getenv("TERM"); ok && packs <= manyPacks && term != "" && term != "dumb" {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &bars{p: mpb.New(mpb.WithOutput(out), mpb.WithWidth(32)), of: map[line.PackID]*bar{}}
		}
	}
	return &lines{out: out, said: map[line.PackID]string{}}
}

// bars is one bar a pack.
type bars struct {
	p  *mpb.Progress
	of map[line.PackID]*bar
}

type bar struct {
	*mpb.Bar
	text chan string // the latest; read by the drawing goroutine
}

func (b *bars) show(s line.Snapshot) {
	for _, p := range s.Packs {
		one := b.of[p.Pack]
		if one == nil {
			one = b.add(p.Pack)
		}
		text := where(p)
		select {
		case <-one.text:
		default:
		}
		one.text <- text
		if disposed(p) {
			one.SetTotal(1000, true)
			continue
		}
		one.SetCurrent(int64(min(p.Progress, 0.999) * 1000))
	}
}

func (b *bars) add(id line.PackID) *bar {
	one := &bar{text: make(chan string, 1)}
	last := ""
	one.Bar = b.p.AddBar(1000,
		mpb.PrependDecorators(decor.Name(string(id), decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.Any(func(decor.Statistics) string {
			select {
			case last = <-one.text:
			default:
			}
			return "  " + last
		})),
	)
	b.of[id] = one
	return one
}

func (b *bars) close() {
	for _, one := range b.of {
		if !one.Completed() {
			one.Abort(false)
		}
	}
	b.p.Wait()
}

// lines is one line at every change of place, for files and pipes.
type lines struct {
	out  io.Writer
	said map[line.PackID]string
}

func (l *lines) show(s line.Snapshot) {
	for _, p := range s.Packs {
		now := where(p)
		if l.said[p.Pack] != now {
			l.said[p.Pack] = now
			fmt.Fprintf(l.out, "%-14s %3.0f %%  %s\n", p.Pack, 100*p.Progress, now)
		}
	}
}

func (l *lines) close() {}

func disposed(p line.PackSnapshot) bool {
	return p.State == line.Released || p.State == line.Scrapped || p.State == line.Quarantined
}

// where says in a few words where a pack is and how it fares.
func where(p line.PackSnapshot) string {
	switch {
	case p.State == line.Released:
		return "released, serial " + p.Serial
	case disposed(p):
		return fmt.Sprintf("%s: %s", p.State, p.Text)
	case p.At == "":
		return "waits for its cells"
	case p.State == line.InRework:
		return fmt.Sprintf("at %s, rework", p.At)
	}
	return "at " + string(p.At)
}
