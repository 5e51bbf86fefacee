// Package deps keeps go.mod whole while the rooms are being built.
package deps

import (
	_ "github.com/awcullen/opcua/server"
	_ "github.com/cockroachdb/datadriven"
	_ "github.com/goburrow/modbus"
	_ "github.com/goccy/go-yaml"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/gopcua/opcua"
	_ "github.com/looplab/fsm"
	_ "github.com/mattn/go-sqlite3"
	_ "github.com/pressly/goose/v3"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/simonvetter/modbus"
	_ "github.com/spf13/cobra"
	_ "github.com/vbauerster/mpb/v8"
	_ "go.uber.org/goleak"
	_ "pgregory.net/rapid"
)
