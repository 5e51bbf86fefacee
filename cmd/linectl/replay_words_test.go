package main

import (
	"strings"
	"testing"

	"linectl/line"
)

// Every kind of entry that is about a part, a station or an alarm is said in words: a reader of a replay reads no JSON.
func TestFactsHaveWords(t *testing.T) {
	for name, want := range map[string]string{
		"line-started": "the supervisor starts", "recipe-pinned": "is pinned", "order-added": "order", "pack-started": "begins",
		"cell-received": "received", "cell-graded": "measured", "set-reserved": "are reserved", "intent": "is asked for", "act-done": "is",
		"act-refused": "refuses", "act-quarantined": "nobody can say", "state-changed": "→", "part-arrived": "arrives", "step-done": "step",
		"part-moved": "goes to", "rework-decided": "orders a rework", "pack-disposed": "the pack is", "hold-set": "holds", "hold-released": "lets",
		"alarm-raised": "ALARM", "alarm-cleared": "is gone", "alarm-acknowledged": "has seen", "alarm-confirmed": "confirms",
		"alarm-commented": "notes", "alarm-shelved": "shelves", "alarm-unshelved": "is unshelved", "alarm-suppressed": "means nothing",
		"alarm-unsuppressed": "means something", "alarm-reset": "is reset", "alarm-repeated": "is told again", "alarm-out-of-service": "out of service",
		"command-applied": "asks", "material-loaded": "loads lot", "tool-serviced": "declares the service", "master-checked": "the reference part",
		"mode-changed": "sets mode", "master-asked": "is asked for",
		"quarantine-inspected": "has inspected", "quarantine-proposed": "proposes", "quarantine-refused": "refuses", "quarantine-decided": "confirms what",
	} {
		f, err := line.DecodeFact(name, []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if got := factWords(f); !strings.Contains(got, want) || strings.HasPrefix(got, name+" {") {
			t.Errorf("%s is told as %q, want %q in it", name, got, want)
		}
	}
	f, err := line.DecodeFact("user-added", []byte(`{"user":"amna"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := factWords(f); !strings.HasPrefix(got, "user-added {") || !strings.Contains(got, "amna") {
		t.Errorf("what has no words is told as %q", got)
	}
}
