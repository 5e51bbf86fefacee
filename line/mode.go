package line

// ModeChanged is a change of a station's unit mode. A station comes back in its mode after a restart.
type ModeChanged struct {
	From string `json:"from"`
	To   string `json:"to"`
	By   string `json:"by"`
	Why  string `json:"why,omitempty"`
}

func (ModeChanged) fact() {}
