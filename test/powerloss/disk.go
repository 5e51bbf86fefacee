package powerloss

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Disk is what would be left of files if the power went now.
type Disk struct {
	// Deaf makes the disk say of files with this in their path that they are synced, and not do it.
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
	folder  bool
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
	case Create, Folder:
		if n := d.name(e.Path); n.now == 0 {
			n.folder = e.Kind == Folder
			n.add(number, &content{})
		}
	case Link: // two names for one content
		from := d.name(e.From)
		d.name(e.Path).add(number, from.files[from.now])
	case Remove:
		d.name(e.Path).turn(number, 0)
	case Write, Truncate:
		n := d.name(e.Path)
		if f := n.files[n.now]; f != nil {
			if e.Offset < 0 {
				e.Offset = f.length()
			}
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

func (n *name) add(number int, f *content) {
	n.last++
	n.files[n.last] = f
	n.turn(number, n.last)
}

// survives says what the name stands for after a cut: what was synced, or something that was done since.
func (n *name) survives(chance *rand.Rand) *content {
	generation := n.durable
	if got := chance.IntN(len(n.pending) + 1); got > 0 {
		generation = n.pending[got-1].to
	}
	return n.files[generation]
}

// length is the length of the file with all that was done to it.
func (f *content) length() int64 {
	n := int64(len(f.durable))
	for _, c := range f.pending {
		if n = max(n, c.offset+int64(len(c.data))); c.data == nil {
			n = c.offset
		}
	}
	return n
}

func (n *name) turn(number, to int) {
	n.now = to
	n.pending = append(n.pending, renaming{number, to})
}

// sync makes durable what had ended before the call began: the content of a file, or the names in a directory.
func (d *Disk) sync(e Event) {
	for path, n := range d.names {
		if d.Deaf != "" && strings.Contains(path, d.Deaf) {
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
	folders, err := d.cutFolders(from, dir, chance)
	if err != nil {
		return err
	}
	for path, n := range d.names {
		folder, there := folders[filepath.Dir(path)]
		if !there || n.folder || strings.HasSuffix(path, "-shm") { // shared memory is made anew
			continue
		}
		f := n.survives(chance)
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
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(path)), left.durable, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// cutFolders makes the directories that are left and returns them by what they stand for.
func (d *Disk) cutFolders(from, dir string, chance *rand.Rand) (map[string]string, error) {
	left := map[string]string{from: dir}
	for _, path := range slices.Sorted(maps.Keys(d.names)) { // a directory comes before what is in it
		above, there := left[filepath.Dir(path)]
		if !d.names[path].folder || !there || d.names[path].survives(chance) == nil {
			continue
		}
		left[path] = filepath.Join(above, filepath.Base(path))
		if err := os.Mkdir(left[path], 0o700); err != nil {
			return nil, err
		}
	}
	return left, nil
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
