package line

import "time"

// Certificate is a certificate on which the line's connections depend, as an edge has read it from its file.
type Certificate struct {
	Name  string    // short and without slashes, "pki-supervisor.crt"
	File  string    // as people look for it, "pki/supervisor.crt"
	Until time.Time // it is not taken any more from then on
}
