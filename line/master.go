package line

// MasterAsked is a person's wish that a station measures its reference part before it takes another one.
type MasterAsked struct {
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
}

func (MasterAsked) fact() {}
