package virtual

import (
	"fmt"

	"linectl/plc"
	"linectl/plc/tags"
)

// spoilt reports whether a fault of the plant spoils the answer that an edge waits for, and how its driver then fails.
func (w *World) spoilt(e *edge, in *plc.Input) bool {
	if code, obeys := w.Plant.Exception(w.Now, e.id); code != 0 {
		if e.write != nil && obeys {
			w.Plant.Command(w.Now, e.id, *e.write)
		}
		err := plc.ModbusException(string(e.id), code, fmt.Errorf("read status of %s: exception %d", e.id, code))
		*in = plc.Failed{Err: err, Class: plc.Classify(err)}
		return true
	}
	if !w.Plant.Torn(w.Now, e.id) {
		return false
	}
	if e.write != nil {
		w.Plant.Command(w.Now, e.id, *e.write)
	}
	*in = plc.Failed{Err: tags.ErrTorn, Class: plc.Classify(tags.ErrTorn)}
	return true
}
