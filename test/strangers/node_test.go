package strangers

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestNodeOPCUAWorksTheLine lets a client by other people, in another language, do what an operator does, at the line that the demo
// shows: plant, supervisor and gateway as processes of their own. First it builds a pack.
func TestNodeOPCUAWorksTheLine(t *testing.T) {
	nodeProgram(t)
	s := newShop(t)
	s.open(t)
	t.Run("a pack from the order to Complete", func(t *testing.T) {
		check(t, s.node(t, "build.cjs", script{Most: 3 * time.Minute}), map[string]any{
			"operatorOrders": "BadUserAccessDenied", "leaderOrders": []any{"Good", true}, "startWhileStopped": []any{"Uncertain", false, true},
			"product": true, "standardStart": "Good", "states": true, "notGood": 0,
		})
	})
	t.Run("the standard's names", func(t *testing.T) {
		seen := s.node(t, "standard.cjs", script{})
		check(t, seen, map[string]any{
			"base": "Cleared", "start": text, "starved": truth, "unitMode": number, "serial": "linectl/reference/assembly/L1", "item": text, "mode": "Processing",
			"orders": true, "unit": "%", "range": []any{0, 100}, "simulated": true,
			"stations": "ST010 ST020 ST040 ST060 ST070 ST100 ST120 ST130 ST140 ST900",
		})
	})
	t.Run("alarms", func(t *testing.T) {
		check(t, s.node(t, "alarms.cjs", script{}), map[string]any{
			"came": []any{true, false, true}, "refresh": []any{"Good", false}, "shelve": "Good", "unshelve": "Good", "comment": "Good", "acknowledge": "Good",
			"again": "BadConditionBranchAlreadyAcked", "unknown": "BadEventIdUnknown", "colleague": []any{true, true}, "over": []any{true, true}, "refreshes": 1,
		})
	})
	t.Run("histories", func(t *testing.T) {
		check(t, s.node(t, "history.cjs", script{}), map[string]any{
			"states": true, "ordered": true, "used": true, "count": true, "maximum": true, "events": true,
		})
	})
	for _, policy := range []string{"Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"} {
		for _, mode := range []string{"Sign", "SignAndEncrypt"} {
			t.Run(policy+" "+mode, func(t *testing.T) {
				check(t, s.node(t, "access.cjs", script{Policy: policy, Mode: mode}), map[string]any{
					"state": "Good", "wrongPassword": "BadUserAccessDenied", "anonymous": "refused", "viewerSees": "Good", "viewerStarts": "BadUserAccessDenied", "viewerWrites": "refused",
				})
			})
		}
	}
	t.Run("a certificate that nobody knows", func(t *testing.T) {
		seen := s.node(t, "stranger.cjs", script{Credentials: &s.unknown})
		if seen["outcome"] == "let in" {
			t.Fatal("a stranger is let in")
		}
		list := linectl(t, "cert", "list", "--data", s.records)
		m := regexp.MustCompile(`(?m)^.*\b([0-9a-f]{12,})\b.*stranger.*$`).FindStringSubmatch(list)
		if m == nil || !strings.Contains(m[0], "rejected") {
			t.Fatalf("after a stranger came: %s", list)
		}
		linectl(t, "cert", "trust", m[1], "--data", s.records)
		if seen := s.node(t, "stranger.cjs", script{Credentials: &s.unknown}); seen["outcome"] != "let in" {
			t.Errorf("once trusted: %v", seen["outcome"])
		}
		linectl(t, "cert", "reject", filepath.Base(m[1]), "--data", s.records)
		if seen := s.node(t, "stranger.cjs", script{Credentials: &s.unknown}); seen["outcome"] == "let in" {
			t.Error("a rejected stranger is let in")
		}
	})
}

// text and number judge what changes from run to run by its kind.
func text(v any) bool   { return fmt.Sprint(v) != "" && v != nil }
func number(v any) bool { _, ok := v.(float64); return ok }
func truth(v any) bool  { _, ok := v.(bool); return ok }
