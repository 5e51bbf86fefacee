package opcua_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"linectl/internal/testnet"
	"linectl/line"
)

const interop = "../../test/interop"

// stranger runs one of our scripts with node-opcua, a client by other people in another language, and returns what it saw: the
// JSON behind SEEN. Without node or the library the test is skipped.
func stranger(ctx context.Context, t *testing.T, b *bench, script string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(b.client.Key)
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
	return nodeScript(ctx, t, append([]string{
		script, "opc.tcp://" + b.address, write("hmi.pem", "CERTIFICATE", b.client.Certificate), write("hmi.key", "PRIVATE KEY", key), filepath.Join(dir, "node"),
	}, args...)...)
}

// nodeScript runs one of our scripts with node, and returns the JSON behind SEEN.
func nodeScript(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: node is not installed")
	}
	if _, err := os.Stat(filepath.Join(interop, "node_modules", "node-opcua")); err != nil {
		t.Skip("skipped: run npm install in test/interop first")
	}
	script := exec.CommandContext(ctx, program, args...) //nolint:gosec // our own script
	script.Dir = interop
	out, err := script.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, text, _ := strings.Cut(string(out), "SEEN ")
	return text
}

// TestAStrangersClient lets node-opcua do what an operator does.
func TestAStrangersClient(t *testing.T) {
	p := newPlant()
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	eventually(t, "the line is shown", good(t, b.mustDial(t, login{}), "ST060.State"))
	for _, policy := range []string{"Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"} {
		t.Run(policy, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			text := stranger(ctx, t, b, "operator.cjs", policy)
			var seen map[string]any
			if err := json.Unmarshal([]byte(text), &seen); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			want := map[string]any{
				"wrongPassword": "refused", "browsed": []any{"ReasonText", "ST060"}, "packml": "Held", "state": 11.0, "reason": "ST060.welder holds by itself",
				"unit": "%", "reset": []any{"Good", true, "8 stations follow"}, "arguments": []any{"RequestId", "Why"}, "watched": 3.0,
				"alarm": []any{"ST060/held", false, true}, "acknowledged": "Good",
			}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Error(diff)
			}
		})
	}
	asked := p.requests()
	if len(asked) == 0 { // with a client, each part above would have failed already
		t.Skip("no stranger's client is installed: every part was skipped")
	}
	if last := asked[len(asked)-1]; last.Command != (line.AcknowledgeAlarm{Alarm: "ST060/held", Occurrence: 1}) || last.Why != "seen" {
		t.Errorf("the line was asked %+v", last)
	}
}
