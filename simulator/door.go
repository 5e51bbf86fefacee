package simulator

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"linectl/line"
)

// maxFaultBody bounds what is read of a request to the plant.
const maxFaultBody = 4 << 10

// Handler is the plant's own way in, for people who commission: faults go in by name. It belongs on a socket that only the
// owner of the plant can open; the supervisor neither knows it nor can tell that it is there.
//
//	GET    /v1/faults          every fault, in the order of injection
//	POST   /v1/faults          {"fault":"electrode-stuck ST060.welder at joint 23"} → the fault with its id
//	DELETE /v1/faults/{which}  an id, a name or all → {"cleared":n}
//	POST   /v1/carries         {"pack":"EV-P1-000001","to":"ST900"}: a person carries a pack out of quarantine
func (f *Faces) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/faults", func(w http.ResponseWriter, _ *http.Request) {
		tell(w, http.StatusOK, f.plant.Faults(time.Now()))
	})
	mux.HandleFunc("POST /v1/faults", func(w http.ResponseWriter, r *http.Request) {
		state, err := f.inject(r.Body)
		if err != nil {
			tell(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		tell(w, http.StatusOK, state)
	})
	mux.HandleFunc("DELETE /v1/faults/{which}", func(w http.ResponseWriter, r *http.Request) {
		n := f.plant.Clear(time.Now(), r.PathValue("which"))
		f.look()
		tell(w, http.StatusOK, map[string]int{"cleared": n})
	})
	mux.HandleFunc("POST /v1/carries", func(w http.ResponseWriter, r *http.Request) {
		if err := f.carry(r.Body); err != nil {
			tell(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		tell(w, http.StatusOK, struct{}{})
	})
	return mux
}

func (f *Faces) inject(body io.Reader) (FaultState, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxFaultBody+1))
	if err != nil {
		return FaultState{}, err
	}
	if len(data) > maxFaultBody {
		return FaultState{}, errors.New("the request is too long")
	}
	var ask struct {
		Fault Fault `json:"fault"`
	}
	if err := json.Unmarshal(data, &ask); err != nil {
		return FaultState{}, err
	}
	state, err := f.plant.Inject(time.Now(), ask.Fault)
	f.look()
	f.log.Info("fault injected", "id", state.ID, "fault", ask.Fault.String(), "err", err)
	return state, err
}

func tell(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked is gone
}

// errNotHeard is what a face answers when nobody listens any more: the wire was cut meanwhile.
var errNotHeard = errors.New("the wire is cut")

// heard waits out what lies between a device and the wire: answers that come late, and a wire that is cut. It returns
// errNotHeard when the wire was cut, for what was said meanwhile is lost.
func (f *Faces) heard(id line.DeviceID) error {
	if late := f.plant.Late(id); late > 0 {
		f.pause(late)
	}
	var err error
	for f.plant.Cut(time.Now(), id) {
		err = errNotHeard
		if !f.pause(cutPause) {
			return err
		}
	}
	return err
}

// cutPause is between two looks at a wire that is cut.
const cutPause = 10 * time.Millisecond

// pause waits, but not longer than the faces are there. It reports whether they are.
func (f *Faces) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-f.done:
		return false
	}
}

func (f *Faces) carry(body io.Reader) error {
	var ask struct {
		Pack line.PackID    `json:"pack"`
		To   line.StationID `json:"to"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxFaultBody)).Decode(&ask); err != nil {
		return err
	}
	err := f.plant.Carry(time.Now(), ask.Pack, ask.To)
	f.look()
	f.log.Info("pack carried", "pack", ask.Pack, "to", ask.To, "err", err)
	return err
}
