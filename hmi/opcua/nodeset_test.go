package opcua_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

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
