package archtest

// room is what a package of this module may use. Test files are free to use other rooms.
type room struct {
	rooms     []string // packages of this module; "*" means all
	libraries []string // modules of third parties
	pure      bool     // decides only: no goroutine, except in a file named below
}

// map of the house: the arrows of docs/architecture.md. A package that is not here fails the test, so a new room is a decision
// and not an accident.
var house = map[string]room{
	"line":     {pure: true},
	"packml":   {libraries: []string{"github.com/looplab/fsm"}, pure: true},
	"recipes":  {rooms: []string{"line"}, libraries: []string{"github.com/goccy/go-yaml"}, pure: true},
	"stations": {rooms: []string{"recipes", "packml", "line"}, pure: true},
	"alarms":   {rooms: []string{"line"}, pure: true},
	"supervisor": {
		rooms: []string{"stations", "recipes", "alarms", "packml", "line"}, pure: true,
	},

	"plc/tags":   {rooms: []string{"line"}, pure: true},
	"plc":        {rooms: []string{"plc/tags", "line"}, pure: true},
	"plc/model":  {pure: true},
	"plc/opcua":  {rooms: []string{"plc", "plc/tags", "line", "uaguard"}, libraries: []string{"github.com/gopcua/opcua"}},
	"uaguard":    {libraries: []string{"github.com/gopcua/opcua"}},
	"plc/modbus": {rooms: []string{"plc", "plc/tags", "line"}, libraries: []string{"github.com/goburrow/modbus"}},

	"traceability": {
		rooms:     []string{"line"},
		libraries: []string{"github.com/mattn/go-sqlite3", "github.com/pressly/goose/v3"},
	},
	"accounts": {rooms: []string{"line"}, libraries: []string{"golang.org/x/crypto"}},
	"control":  {rooms: []string{"accounts", "packml", "line"}},

	"hmi/web":   {rooms: []string{"packml", "line", "uaguard"}, libraries: []string{"github.com/gopcua/opcua"}},
	"hmi/opcua": {rooms: []string{"packml", "line"}, libraries: []string{"github.com/awcullen/opcua"}},

	"simulator": {
		rooms:     []string{"plc/tags", "packml", "line"},
		libraries: []string{"github.com/awcullen/opcua", "github.com/simonvetter/modbus"},
		pure:      true,
	},
	"virtual": {
		rooms: []string{"supervisor", "stations", "recipes", "packml", "line", "plc", "plc/tags", "simulator"},
		pure:  true,
	},

	"scenario": {
		rooms: []string{
			"virtual", "supervisor", "alarms", "recipes", "packml", "line", "simulator", "checker",
		},
		libraries: []string{"github.com/goccy/go-yaml"}, pure: true,
	},

	"hmi/load": {rooms: []string{"uaguard"}, libraries: []string{"github.com/gopcua/opcua"}},

	"checker":             {pure: true},
	"checker/recordstore": {rooms: []string{"checker"}, libraries: []string{"github.com/mattn/go-sqlite3"}},
	"cmd/linecheck":       {rooms: []string{"checker", "checker/recordstore"}},

	"examples": {},
	"cmd/linectl": {
		rooms:     []string{"*"},
		libraries: []string{"github.com/spf13/cobra", "github.com/vbauerster/mpb/v8", "github.com/goccy/go-yaml"},
	},

	"test/bench":     {},
	"test/browser":   {},
	"test/nemesis":   {},
	"test/powerloss": {},
	"test/resources": {rooms: []string{"checker"}},
	"test/campaign": {
		rooms: []string{
			"virtual", "supervisor", "stations", "recipes", "packml", "line", "plc", "plc/tags", "simulator", "checker", "examples",
		},
		pure: true,
	},
	"test/campaign/hunt": {rooms: []string{"test/campaign"}},
	"test/strangers":     {},

	"internal/process":   {},
	"internal/testnet":   {rooms: []string{"internal/process"}},
	"internal/testbuild": {},
	"internal/archtest":  {},
	"internal/cover":     {},
	"internal/tally":     {},
}

// withGoroutine names the files of pure packages that may start goroutines: the interpreters of the line and of a handshake,
// and the faces of the virtual devices.
var withGoroutine = []string{"supervisor/loop.go", "plc/device.go", "simulator/face.go", "simulator/opcua.go"}

// The sizes, in lines.
const (
	maxFile     = 500
	maxFunction = 70
	maxLoop     = 100 // supervisor/loop.go: an interpreter that grows has begun to decide
)
