package plc

import (
	"errors"
	"fmt"

	"linectl/plc/tags"
)

// Class says what a failed I/O allows to conclude.
type Class uint8

// The classes. Unknown is the zero value: whoever does not know must not claim that nothing happened.
const (
	Unknown       Class = iota // it may have been carried out; the connection is closed
	Passing                    // it may have been carried out; the connection is good and a read may follow
	Configuration              // not carried out, and trying again will not help
)

func (c Class) String() string {
	switch c {
	case Unknown:
		return "unknown"
	case Passing:
		return "passing"
	case Configuration:
		return "configuration"
	default:
		return fmt.Sprintf("class %d", uint8(c))
	}
}

// ConfigurationError says that the device at this address is not what the configuration says: wrong tags, types, word order,
// namespace, login or address. Trying again does not help; a person must change something.
type ConfigurationError struct {
	Address string // where, for example 127.0.0.1:1502 unit 1
	Err     error  // what was found
	Remedy  string // what to do
}

func (e *ConfigurationError) Error() string {
	return fmt.Sprintf("device at %s is not as configured: %v; %s", e.Address, e.Err, e.Remedy)
}

// Unwrap returns what was found.
func (e *ConfigurationError) Unwrap() error { return e.Err }

// PassingError says that a request failed while the connection is known to be good, for example "device busy".
type PassingError struct {
	Err   error
	Words string // what is wrong and what to do, for people at the line; empty where Err says all there is to say
}

func (e *PassingError) Error() string { return e.Err.Error() }

// Unwrap returns what failed.
func (e *PassingError) Unwrap() error { return e.Err }

// Classify returns what an error of a Dialer or Conn allows to conclude.
func Classify(err error) Class {
	if _, ok := errors.AsType[*ConfigurationError](err); ok || errors.Is(err, tags.ErrMagic) {
		return Configuration
	}
	if _, ok := errors.AsType[*PassingError](err); ok || errors.Is(err, tags.ErrTorn) || errors.Is(err, tags.ErrTornWaveform) {
		return Passing
	}
	return Unknown
}
