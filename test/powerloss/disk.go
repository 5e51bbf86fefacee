package powerloss

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Disk is what would be left of files if the power went now.
type Disk struct {
	// Deaf makes the disk say of files with this ending that they are synced, and not do it.
	Deaf string

	names map[string]*name
	ended int
}

// name is an entry of a directory. It stands for the file of one of its generations, the first of which is 1, or for none.
type name struct {
	durable int
	pending []renaming // in their order: a directory keeps it
	now     int
	last    int
	files   map[int]*content
}

type renaming struct{ number, to int }

// content is what of a file is surely on the disk, and what may be.
type content struct {
	durable []byte
	pending []change
}

// change is one write that may or may not have reached the disk. No data is a new length.
type change struct {
	number int
	offset int64
	data   []byte
}

// Do follows one event.
func (d *Disk) Do(e Event) {
	number := d.ended
	d.ended++
	switch e.Kind {
	case Create:
		if n := d.name(e.Path); n.now == 0 {
			n.last++
			n.files[n.last] = &content{}
			n.turn(number, n.last)
		}
	case Remove:
		d.name(e.Path).turn(number, 0)
	case Write, Truncate:
		n := d.name(e.Path)
		if f := n.files[n.now]; f != nil {
			f.pending = append(f.pending, change{number, e.Offset, e.Data})
		}
	case Sync:
		d.sync(e)
	case Acknowledge:
	}
}

func (d *Disk) name(path string) *name {
	if d.names == nil {
		d.names = map[string]*name{}
	}
	if d.names[path] == nil {
		d.names[path] = &name{files: map[int]*content{}}
	}
	return d.names[path]
}

func (n *name) turn(number, to int) {
	n.now = to
	n.pending = append(n.pending, renaming{number, to})
}

// sync makes durable what had ended before the call began: the content of a file, or the names in a directory.
func (d *Disk) sync(e Event) {
	for path, n := range d.names {
		if d.Deaf != "" && strings.HasSuffix(path, d.Deaf) {
			continue
		}
		if f := n.files[n.now]; f != nil && path == e.Path {
			var left []change
			for _, c := range f.pending {
				if c.number < e.Began {
					f.apply(c)
				} else {
					left = append(left, c)
				}
			}
			f.pending = left
		}
		if filepath.Dir(path) == e.Path {
			for len(n.pending) > 0 && n.pending[0].number < e.Began {
				n.durable, n.pending = n.pending[0].to, n.pending[1:]
			}
		}
	}
}

func (f *content) apply(c change) {
	if c.data == nil {
		f.durable = resized(f.durable, c.offset)
		return
	}
	f.durable = resized(f.durable, max(int64(len(f.durable)), c.offset+int64(len(c.data))))
	copy(f.durable[c.offset:], c.data)
}

func resized(b []byte, n int64) []byte {
	if n <= int64(len(b)) {
		return b[:n]
	}
	return append(b, make([]byte, n-int64(len(b)))...)
}

// Cut writes into dir, which stands for the directory from, what the disk has after the power went. Of what was not synced
// each piece of a sector reached it or not, as chance says.
func (d *Disk) Cut(from, dir string, sector int64, chance *rand.Rand) error {
	for path, n := range d.names {
		if filepath.Dir(path) != from || strings.HasSuffix(path, "-shm") { // shared memory is made anew
			continue
		}
		generation := n.durable
		if got := chance.IntN(len(n.pending) + 1); got > 0 {
			generation = n.pending[got-1].to
		}
		f := n.files[generation]
		if f == nil {
			continue
		}
		left := &content{durable: append([]byte(nil), f.durable...)}
		some := chance.Float64() // how much the disk got done of this file
		for _, c := range f.pending {
			for _, piece := range c.pieces(sector) {
				if chance.Float64() < some {
					left.apply(piece)
				}
			}
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), left.durable, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// pieces cuts a write at the borders of sectors. A new length is there or not.
func (c change) pieces(sector int64) []change {
	if c.data == nil {
		return []change{c}
	}
	var all []change
	for at := int64(0); at < int64(len(c.data)); {
		end := min((c.offset+at)/sector*sector+sector-c.offset, int64(len(c.data)))
		all = append(all, change{offset: c.offset + at, data: c.data[at:end]})
		at = end
	}
	return all
}
