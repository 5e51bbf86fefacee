package opcua

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheLibraryIsAsWeKnowIt reads the library's source: the linker finds the functions behind its exported names by their
// names alone, and does not say when their arguments, or the fields that we read, have become others.
func TestTheLibraryIsAsWeKnowIt(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/awcullen/opcua").Output()
	if err != nil {
		t.Fatal(err)
	}
	functions, fields := map[string]string{}, map[string]string{}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "server", "*.go"))
	files = append(files, filepath.Join(strings.TrimSpace(string(out)), "ua", "binary_decoder.go"))
	if err != nil || len(files) < 10 {
		t.Fatalf("no source of the library: %v", err)
	}
	for _, name := range files {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		text := func(n ast.Node) string {
			var b bytes.Buffer
			if err := printer.Fprint(&b, set, n); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				receiver := ""
				if n.Recv != nil {
					receiver = text(n.Recv.List[0].Type) + "."
				}
				functions[receiver+n.Name.Name] = text(n.Type)
				return false
			case *ast.ValueSpec:
				if n.Type != nil {
					fields[n.Names[0].Name] = text(n.Type)
				}
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok {
					for _, field := range s.Fields.List {
						for _, name := range field.Names {
							fields[n.Name.Name+"."+name.Name] = text(field.Type)
						}
					}
				}
				return false
			}
			return true
		})
	}
	for name, want := range map[string]string{
		"newServerSecureChannel":           "func(srv *Server, conn net.Conn, trace bool) *serverSecureChannel",
		"*serverSecureChannel.Open":        "func() error",
		"*serverSecureChannel.Abort":       "func(reason ua.StatusCode, message string) error",
		"*serverSecureChannel.readRequest": "func() (ua.ServiceRequest, uint32, error)",
		"*serverSecureChannel.Write":       "func(res ua.ServiceResponse, id uint32) error",
		"*serverSecureChannel.ChannelID":   "func() uint32",
		"*Server.handleRequest":            "func(ch *serverSecureChannel, req ua.ServiceRequest, requestid uint32) error",
	} {
		got := functions[name]
		if i := strings.Index(got, "("); i >= 0 {
			got = "func" + got[i:]
		}
		if got != want {
			t.Errorf("%s is %q, we link %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"Server.state": "ua.ServerState", "SessionManager.sessionsByToken": "map[ua.NodeID]*Session",
		"SubscriptionManager.subscriptionsByID": "map[uint32]*Subscription", "Subscription.session": "*Session", "Session.endpointURL": "string",
		"typeToDecoderMap": "sync.Map", "BinaryDecoder.r": "io.Reader", "BinaryDecoder.ec": "EncodingContext",
	} {
		if fields[name] != want {
			t.Errorf("%s is %q, we read %q", name, fields[name], want)
		}
	}
}
