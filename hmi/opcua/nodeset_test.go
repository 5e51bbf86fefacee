package opcua_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
	"github.com/google/go-cmp/cmp"

	"linectl/hmi/opcua"
)

func TestNodeSetIsWellFormed(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := opcua.WriteNodeSet(&out, newPlant().now); err != nil {
		t.Fatal(err)
	}
	ids, parents := map[string]bool{}, map[string]string{}
	d := xml.NewDecoder(strings.NewReader(out.String()))
	var node string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			if a.Name.Local == "NodeId" {
				node = a.Value
				if ids[node] {
					t.Errorf("%s stands there twice", node)
				}
				ids[node] = true
			}
			if a.Name.Local == "IsForward" {
				var target string
				if err := d.DecodeElement(&target, &start); err != nil {
					t.Fatal(err)
				}
				parents[node] = target
			}
		}
	}
	if !ids["ns=1;s=ST060.ReasonText"] || len(ids) < 100 {
		t.Errorf("%d nodes, without the reason of ST060", len(ids))
	}
	for node, parent := range parents {
		if strings.HasPrefix(parent, "ns=") && !ids[parent] {
			t.Errorf("%s hangs from %s, which is not there", node, parent)
		}
	}
}

// export writes the address space of the test's line into a file.
func export(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "line.xml")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(opcua.WriteNodeSet(f, newPlant().now), f.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

// The library reads back what it would have shown: every node, with its unit.
func TestTheLibraryTakesTheNodeSet(t *testing.T) {
	t.Parallel()
	who, dir := clientIdentity(t), t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(who.Key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	s, err := server.New(ua.ApplicationDescription{ApplicationURI: who.URI}, write("c.pem", "CERTIFICATE", who.Certificate), write("c.key", "PRIVATE KEY", key), "opc.tcp://localhost:1")
	if err != nil {
		t.Fatal(err)
	}
	m := s.NamespaceManager()
	if err := m.LoadNodeSetFromFile(export(t)); err != nil {
		t.Fatal(err)
	}
	own, packml := m.Add(opcua.LineSpace), m.Add("http://opcfoundation.org/UA/PackML/")
	for _, name := range []string{"Line.State", "ST060.ReasonText", "ST060.gap-filler.Remaining", "ST060.PackML.ExecuteState.CurrentState", "JobOrders.JobOrderList"} {
		if _, ok := m.FindVariable(ua.NewNodeIDString(own, name)); !ok {
			t.Errorf("%s is not there", name)
		}
	}
	if unit, ok := m.FindVariable(ua.NewNodeIDString(own, "ST060.gap-filler.Remaining.EngineeringUnits")); !ok || unit.Value().Value.(ua.EUInformation).DisplayName.Text != "g" {
		t.Errorf("the unit is %+v", unit)
	}
	if held, ok := m.FindObject(ua.NewNodeIDNumeric(packml, 34)); !ok || held.BrowseName().Name != "Held" {
		t.Errorf("the state is %+v", held)
	}
	if _, ok := m.FindMethod(ua.NewNodeIDString(own, "ST060.Start")); !ok {
		t.Error("the method is not there")
	}
}

// And so does a client's library of other people, on top of the standard's nodes alone.
func TestAStrangerTakesTheNodeSet(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := nodeScript(ctx, t, "nodeset.cjs", export(t))
	var seen map[string]any
	if err := json.Unmarshal([]byte(out), &seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := map[string]any{
		"spaces": []any{"urn:linectl:line", "http://opcfoundation.org/UA/PackML/"}, "reason": "ReasonText", "range": []any{0.0, 100.0}, "unit": "%",
		"machine": "PackMLExecuteStateMachineType", "held": "StateType", "subtype": "FiniteStateMachineType",
		"arguments": []any{"Item", "Lot", "Quantity", "Expiry", "RequestId", "Why"}, "fields": []any{"ID", "Name", "Unit", "Count", "AccCount"},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}
