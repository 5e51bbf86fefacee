package plc

import "fmt"

// ModbusException returns what a device's exception to a request allows to conclude. It has refused exceptions 1 to 3 for ever: they
// are a mistake of the configuration (ConfigurationError). Of all others nobody knows whether it has obeyed before it said so
// (PassingError). What was asked, where, and the library's own words stand in err.
func ModbusException(address string, code byte, err error) error {
	if code >= 1 && code <= 3 {
		return &ConfigurationError{Address: address, Err: err, Remedy: "correct unit, command_base, status_base, waveform_base or address of this device in line.yaml"}
	}
	why := "it answers every request with a failure of its own (Modbus exception %d); look at the controller"
	switch code {
	case 5, 6:
		why = "it answers that it is busy with something else (Modbus exception %d); look at the controller"
	case 10, 11:
		why = "its gateway answers that it cannot reach it (Modbus exception %d); look at the gateway and at the cable behind it"
	}
	return &PassingError{Err: err, Words: fmt.Sprintf(why, code)}
}
